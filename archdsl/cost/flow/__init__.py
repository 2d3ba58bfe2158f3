"""Products that are summed without a contraction's name, found by following the data."""

from __future__ import annotations

from archdsl.cost.flow.walk import Flow

__all__ = ["Flow"]
