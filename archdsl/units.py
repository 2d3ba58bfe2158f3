"""Figures as people write them: amounts, counts, shares, durations."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Literal

UNITS = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}

Rounding = Literal["nearest", "up", "down"]

_DIGITS = 3
_MODES = {"nearest": ROUND_HALF_EVEN, "up": ROUND_CEILING, "down": ROUND_FLOOR}


def unit_of(number: int) -> str:
    """The largest unit in which a number is at least one; empty below a thousand."""
    fitting = [unit for unit, size in UNITS.items() if abs(number) >= size]
    return fitting[-1] if fitting else ""


def amount(number: int, unit: str | None = None, rounding: Rounding = "nearest") -> str:
    """A number to three significant digits, in its own unit or a given one; exact without one.

    >>> amount(1_812_267_008)
    '1.81G'

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


def integer(number: int) -> str:
    """A number in full as long as it can be read, and in powers of ten from there.

    >>> integer(4_826_304), integer(3 * 10**20)
    ('4,826,304', '3e+20')
    """
    if number < 10**15:
        return f"{number:,}"
    digits, _, exponent = f"{Decimal(number):.4e}".partition("e")  # a float ends at 1e308
    return f"{digits.rstrip('0').rstrip('.')}e{exponent}"


def counted(number: int, one: str, many: str = "") -> str:
    """So many things, in the singular where there is one; `many` where an s is not enough.

    >>> counted(1, "trial"), counted(1200, "trial"), counted(2, "class", "classes")
    ('1 trial', '1,200 trials', '2 classes')
    """
    return f"{integer(number)} {plural(number, one, many)}"


def plural(number: int, one: str, many: str = "") -> str:
    """What so many things are called.

    >>> plural(1, "class", "classes"), plural(1000, "class", "classes")
    ('class', 'classes')
    """
    return one if number == 1 else many or f"{one}s"


def rounded(value: float) -> str:
    """A value to four figures.

    >>> rounded(0.94911), rounded(1812267.0), rounded(-2.5e40)
    ('0.9491', '1,812,267', '-2.5e+40')
    """
    return f"{value:,.0f}" if 1e6 <= abs(value) < 1e15 else f"{value:.4g}"


def figure(value: float) -> str:
    """A value among others of its kind: to four decimals, where those show it.

    >>> figure(0.5), figure(0.0), figure(1e-6), figure(2.5e40)
    ('0.5000', '0.0000', '1e-06', '2.5e+40')
    """
    shows = value == 0 or 0.01 <= abs(value) < 1e6
    return f"{value:.4f}" if shows else rounded(value)


def percent(share: float) -> str:
    """A share.

    >>> percent(0.32), percent(0.041), percent(0.0003)
    ('32 %', '4.1 %', '0.03 %')
    """
    if share in (0.0, 1.0):
        return f"{share * 100:.0f} %"
    if share < 1e-6:
        return f"{share * 100:.2g} %"
    digits = max(0, 1 - math.floor(math.log10(min(share, 1 - share) * 100)))
    text = f"{share * 100:.{min(digits, 4)}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + " %"


def share(part: int, of: int) -> str:
    """How much of something a part of it is.

    >>> share(57, 100), share(1, 9000), share(0, 9000), share(0, 0)
    ('57 %', '< 0.1 %', '0 %', '0 %')
    """
    if 0 < part * 1000 < of:
        return "< 0.1 %"
    return percent(part / of) if of else "0 %"


def change(before: int, after: int) -> str:
    """How much more or less an amount has become.

    >>> change(100, 113), change(500, 519), change(4000, 3999), change(0, 4), change(4, 4)
    ('+13 %', '+3.8 %', '-0.025 %', 'new', '')
    """
    if before == after:
        return ""
    if not before:
        return "new"
    percents = (after - before) / before * 100
    form = "+,.0f" if abs(percents) >= 10 else "+.1f" if abs(percents) >= 1 else "+.2g"
    return f"{percents:{form}} %"


def points(gap: float) -> str:
    """A difference of shares.

    >>> points(0.0231)
    '+2.3 points'
    """
    return f"{gap * 100:+.1f} points"


def duration(seconds: float) -> str:
    """A time.

    >>> duration(7), duration(200), duration(7500)
    ('7 s', '3 min 20 s', '2 h 05 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
