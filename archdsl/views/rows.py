"""What a table is made of, however it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Tone: TypeAlias = Literal["plain", "quiet", "good", "best", "bad"]
"""What a text is to its reader; each drawing has its own colours for these."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column under its heading.

    right: flush right, as figures are; wraps: onto further lines where there is no room
    cut: takes the room that the others leave, and ends in an ellipsis where that is not enough
    """

    heading: str
    right: bool = False
    wraps: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    """As many cells as there are columns."""

    cells: tuple[str, ...]
    tone: Tone = "plain"
