"""What a training leaves in a file after each epoch."""

from __future__ import annotations

from pathlib import Path

from archdsl.training.metrics import Metrics


def history_of(path: Path) -> list[Metrics]:
    """The metrics of the epochs that a checkpoint has behind it; none of a torn one."""
    import torch

    try:
        known = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        return []
    states = known["callbacks"].values()
    return next((list(state["history"]) for state in states if "history" in state), [])
