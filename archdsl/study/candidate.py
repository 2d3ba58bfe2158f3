"""What `evaluate` is handed: an architecture that fits the budget, not yet built."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.study.trial import Metrics

if TYPE_CHECKING:
    from torch import nn

    from archdsl.compiler.specification import Spec
    from archdsl.cost import Cost

WEIGHTS = "weights.safetensors"
"""What a candidate's weights are called in its folder."""

OnReport = Callable[[int, Metrics], None]


class Candidate:
    """One architecture on trial.

    spec, decisions, cost: the architecture, the answers that made it, what it costs
    number: of the trial; seed: for all that is random in judging it, the same for every trial,
        so that two architectures differ in nothing else
    folder: a folder of its own while the trial lasts. A `weights.safetensors` left there is
        kept for as long as the trial is among the best
    metric: what a bare number that is reported or returned is called
    """

    def __init__(
        self,
        spec: Spec,
        cost: Cost,
        number: int,
        seed: int,
        folder: Path,
        *,
        metric: str,
        on_report: OnReport,
    ) -> None:
        self.spec = spec
        self.decisions: dict[str, Any] = dict(spec.decisions)
        self.cost = cost
        self.number = number
        self.seed = seed
        self.folder = folder
        self.epochs: list[dict[str, float]] = []
        self.metric = metric
        self._on_report = on_report

    def build(self) -> nn.Module:
        """The architecture as a module with fresh weights, drawn from torch's generator."""
        from archdsl.compiler.builder import build

        return build(self.spec.network())

    def report(self, step: int, value: float | Mapping[str, float]) -> None:
        """Record how it stands after an epoch, or at whatever `step` counts.

        value: the first objective, or metrics by name
        Raises ValueError for a step that does not come after the one before.
        """
        if self.epochs and step <= self.epochs[-1]["step"]:
            last = self.epochs[-1]["step"]
            raise ValueError(f"report() was called with step {step} after step {last}")
        metrics = as_metrics(value, self.metric)
        self.epochs.append({"step": step, **metrics})
        self._on_report(step, metrics)

    def should_stop(self) -> bool:
        """Whether the search has given up on it; it never does without a pruner."""
        return False


def as_metrics(value: object, name: str) -> Metrics:
    """What was returned or reported as metrics by name; a bare number is the metric `name`.

    Raises TypeError for anything that is neither.
    """
    if isinstance(value, Mapping):
        return {str(key): _number(item, str(key)) for key, item in value.items()}
    return {name: _number(value, name)}


def _number(value: object, name: str) -> float:
    try:
        if value is not None and not isinstance(value, str):
            return float(value)  # type: ignore[arg-type]  # an int, a tensor or array of one
    except (TypeError, ValueError):
        pass
    raise TypeError(
        f"{name} is {value!r}; evaluate returns a number, or a mapping of names to numbers"
    )


def not_finite(values: Mapping[str, float]) -> str | None:
    """`accuracy is nan`, for the first value that is not finite."""
    return next((f"{k} is {v}" for k, v in values.items() if not math.isfinite(v)), None)
