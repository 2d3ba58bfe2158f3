"""What a network costs, as exact integers, known before it is trained."""

from __future__ import annotations

from archdsl.cost.operators import macs
from archdsl.cost.table import (
    Cost,
    LayerCost,
    Misshapen,
    by_place,
    count,
    count_or_reason,
    layer_cost,
)

__all__ = [
    "Cost",
    "LayerCost",
    "Misshapen",
    "by_place",
    "count",
    "count_or_reason",
    "layer_cost",
    "macs",
]
