"""What is another in one spec than in the other, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archdsl.amounts import written
from archdsl.changes.costs import CostChange
from archdsl.changes.structure import Change
from archdsl.specification import Spec
from archdsl.units import change as change_words
from archdsl.units import counted

if TYPE_CHECKING:
    from archdsl.drawing.drawing import Drawing


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Changes:
    """What `diff` found.

    a, b: the specs; structure: by address, in the order of the forward pass
    decisions: of spaces; costs: of stem, stages and head, and at last the totals; none where a
        cost is not known, and `unknown` says why
    """

    a: Spec
    b: Spec
    structure: tuple[Change, ...]
    decisions: tuple[Change, ...]
    costs: tuple[CostChange, ...]
    unknown: str = ""

    @property
    def equal(self) -> bool:
        """Whether nothing differs, in structure or in what is left open."""
        return not self.structure and not self.decisions

    @property
    def total(self) -> CostChange | None:
        """The costs of both in total."""
        return self.costs[-1] if self.costs else None

    def draw(self) -> Drawing:
        """Both side by side, on one scale and with the same colours."""
        from archdsl.drawing.drawing import Drawing
        from archdsl.drawing.layout import layout
        from archdsl.drawing.planned import planned

        plans = [
            planned(spec.network(), (spec.document, spec.holes) if spec.is_space else None)
            for spec in (self.a, self.b)
        ]
        return Drawing(layout(plans), f"{self.a.name} and {self.b.name}")

    def record(self) -> dict[str, Any]:
        """What `archdsl diff --json` prints."""
        return {
            "a": self.a.name,
            "b": self.b.name,
            "equal": self.equal,
            "structure": [one.record() for one in self.structure],
            "decisions": [one.record() for one in self.decisions],
            "costs": [one.record() for one in self.costs],
            "cost_unknown": self.unknown or None,
        }

    def cost_rows(self) -> list[tuple[str, ...]]:
        """The costs in cells: place, then MACs and params as before, after, difference, percent."""
        return [
            (one.place, *(cell for name in ("macs", "params") for cell in _cells(one, name)))
            for one in self.costs
        ]

    def _repr_html_(self) -> str:
        from archdsl.views.card import CardTable, card
        from archdsl.views.rows import Column, TableRow

        columns = (Column("address"), Column(""), Column("what", wraps=True))
        rows = [
            TableRow((one.address, one.sort, one.words))
            for one in (*self.structure, *self.decisions)
        ]
        costs = [TableRow(row) for row in self.cost_rows()]
        heads = ("", "MACs", "", "", "params", "", "")
        tables = [CardTable(columns, rows, "difference")] if rows else []
        tables += [CardTable([Column(head, right=True) for head in heads], costs)] if costs else []
        return card("Changes", self._words(), tables)

    def _words(self) -> str:
        if self.equal:
            return f"{self.a.name} and {self.b.name} are equal"
        many = counted(len(self.structure) + len(self.decisions), "difference")
        return f"{self.a.name} → {self.b.name}: {many}"

    def __repr__(self) -> str:
        return f"<Changes: {self._words()}>"


def _cells(one: CostChange, name: str) -> tuple[str, str, str]:
    before, after = one.before[name], one.after[name]
    gap = after - before
    said = f"{'-' if gap < 0 else '+'}{written(name, abs(gap))}" if gap else "="
    texts = [written(name, amount) for amount in (before, after)]
    return " → ".join(texts if gap else texts[:1]), said, change_words(before, after)
