"""Costs as people write them: 0.52G, 1.81G, 12M."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Literal

from archdsl.components.options import UNITS

Rounding = Literal["nearest", "up", "down"]

_DIGITS = 3
_MODES = {"nearest": ROUND_HALF_EVEN, "up": ROUND_CEILING, "down": ROUND_FLOOR}


def unit_of(number: int) -> str:
    """The largest unit in which a number is at least one; empty below a thousand."""
    fitting = [unit for unit, size in UNITS.items() if abs(number) >= size]
    return fitting[-1] if fitting else ""


def amount(number: int, unit: str | None = None, rounding: Rounding = "nearest") -> str:
    """A number to three significant digits, in its own unit or a given one; exact without one.

    rounding: "up" for a smallest cost and "down" for a largest, so that the figure, written as
        a budget, lets in the architecture that it describes
    """
    unit = unit_of(number) if unit is None else unit
    if unit == "":
        return str(number)
    scaled = Decimal(number) / UNITS.get(unit, 1)
    place = Decimal(1).scaleb(scaled.adjusted() - _DIGITS + 1) if scaled else Decimal(1)
    rounded = scaled.quantize(place, rounding=_MODES[rounding])
    text = f"{rounded:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + unit
