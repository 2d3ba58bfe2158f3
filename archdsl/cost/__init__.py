"""What a network costs, as exact integers, known before it is trained."""

from __future__ import annotations

from archdsl.cost.operators import macs
from archdsl.cost.table import Cost, LayerCost, Misshapen, count, layer_cost

__all__ = ["Cost", "LayerCost", "Misshapen", "count", "layer_cost", "macs"]
