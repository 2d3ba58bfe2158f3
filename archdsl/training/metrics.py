"""Metrics by name, as objectives name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from archdsl.errors import SearchError
from archdsl.spelling import did_you_mean

Metrics: TypeAlias = dict[str, float]

LOGGED = ("accuracy", "macro_accuracy", "loss", "train_loss")
"""What the training that archdsl brings logs in every epoch."""


def metric(metrics: Mapping[str, float], name: str) -> float:
    """The metric that an objective names. Raises SearchError, naming those that there are."""
    if name in metrics:
        return metrics[name]
    hint = did_you_mean(name, metrics, after="  ")
    known = " ".join(sorted(metrics)) or "none"
    raise SearchError(f"no metric is called '{name}'.  {hint}the proxy logs: {known}")
