"""The rates at which blocks are left out in training, as a recipe has them."""

from __future__ import annotations

from torch import nn

from archdsl.nn.block import DropPath


def set_drop_path(model: nn.Module, peak: float) -> None:
    """Give the blocks of a model the rates of another peak, in place.

    They rise from 0 at the first block to the peak at the last, as G. Huang et al. (ECCV 2016)
    have it; those of a spec in which every block has the same rate, above 0, are the same again.
    """
    drops = [module for module in model.modules() if isinstance(module, DropPath)]
    rates = {drop.rate for drop in drops}
    even = len(rates) == 1 and len(drops) > 1 and rates != {0.0}
    for index, drop in enumerate(drops):
        drop.rate = peak if even else peak * index / max(1, len(drops) - 1)
