"""What a notebook shows of an object: a title, and short tables of plain rows.

The notebook's own style holds: there is no colour here that a dark theme could not bear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archdsl.units import counted
from archdsl.views.html import part
from archdsl.views.rows import Column, TableRow

MOST_ROWS = 16
"""Of a table; what does not fit on a screen is printed by the verbs."""


@dataclass(frozen=True, slots=True)
class CardTable:
    """A table of a card, of which the first rows are shown.

    thing: what a row is, for the words that say how many were left out
    """

    columns: Sequence[Column]
    rows: Sequence[TableRow]
    thing: str = "row"

    @property
    def headed(self) -> bool:
        """Whether any column has a heading."""
        return any(column.heading for column in self.columns)

    @property
    def shown(self) -> Sequence[TableRow]:
        """The rows that there is room for."""
        return self.rows[:MOST_ROWS]

    @property
    def left_out(self) -> str:
        """How many more there are, in words."""
        more = len(self.rows) - MOST_ROWS
        return counted(more, f"more {self.thing}") if more > 0 else ""


def card(
    title: str,
    words: str = "",
    tables: Sequence[CardTable] = (),
    notes: Sequence[str] = (),
    bar: tuple[int, int] | None = None,
) -> str:
    """HTML for a notebook. Whatever is in it is text, and escaped.

    words: beside the title; notes: below the tables, a paragraph each
    bar: how much is done, and of how much
    """
    shown = {"title": title, "words": words, "tables": tables, "notes": notes, "bar": bar}
    return part("card.html.jinja", shown)


def facts(pairs: Sequence[tuple[str, str]], thing: str = "row") -> CardTable:
    """A table of names and what they are."""
    return CardTable((Column(""), Column("")), [TableRow(pair) for pair in pairs], thing)
