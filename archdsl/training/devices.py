"""Several devices of one machine: a process for each, and what they agree on."""

from __future__ import annotations

import os
from typing import Any

import torch

from archdsl.errors import SearchError
from archdsl.spelling import did_you_mean


def is_first_process() -> bool:
    """Whether this is the process that writes and tells, of all that train together."""
    return int(os.environ.get("LOCAL_RANK", "0")) == 0


def spread(devices: int, strategy: str | None, batch: int, parts: int) -> dict[str, Any]:
    """What Lightning's trainer is told of its devices.

    batch: images of a step, on all devices together; parts: that a batch is taken in
    Raises SearchError.
    """
    if devices < 1:
        raise SearchError(f"--devices is {devices}.  write how many, as in  --devices 2")
    if devices == 1 and strategy is None:
        return {}
    usable = ("ddp", "ddp_find_unused_parameters_true")
    strategy = "ddp" if strategy is None else strategy
    if strategy not in usable:
        hint = did_you_mean(strategy, usable, after="  ")
        raise SearchError(
            f"--strategy is '{strategy}'.  {hint}a backbone fits on one device, and each of "
            f"several has a copy of it and a part of the batch:  {' or '.join(usable)}"
        )
    if torch.cuda.is_available() and devices > (there := torch.cuda.device_count()):
        raise SearchError(f"--devices is {devices}, and this machine has {there}")
    if parts > 1:
        raise SearchError(
            f"train.accumulate is {parts}, and a batch is taken in parts on one device alone.  "
            "write  --set train.accumulate=1,  and a batch that fits"
        )
    if batch % devices:
        raise SearchError(
            f"train.batch is {batch}, and {devices} devices take equal parts of it.  write  "
            f"--set train.batch={max(1, batch // devices) * devices}"
        )
    return {"devices": devices, "strategy": strategy}
