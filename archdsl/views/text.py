"""Tables and bars as plain lines."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.printable import printable_line

_BAR = 40


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = (), gap: int = 2) -> list[str]:
    """Rows as aligned lines, never cut: a terminal wraps them and `grep` finds whole addresses.

    >>> columns([("kernel", "7"), ("ratio", "12")], right=[1])
    ['kernel   7', 'ratio   12']

    right: the columns that are flush right. Every row has as many cells as the first.
    """
    if not rows:
        return []
    shown = [[printable_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[index]) for row in shown) for index in range(len(shown[0]))]
    return [
        (" " * gap)
        .join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        .rstrip()
        for row in shown
    ]


def bars(shares: Sequence[float], width: int = _BAR) -> list[str]:
    """A bar for each share, the largest of them as wide as there is room.

    >>> bars([0.5, 0.25], width=4)
    ['████', '██']
    """
    most = max(shares)
    return ["█" * round(width * share / most) for share in shares]
