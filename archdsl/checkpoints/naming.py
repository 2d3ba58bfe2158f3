"""A naming of a model's tensors: rules in order, read in both directions."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.checkpoints.axes import SAME, Axes
from archdsl.checkpoints.pattern import Pattern


@dataclass(frozen=True, slots=True)
class Rule:
    """Their name and ours for the same tensor, with places that stand for the same on both."""

    theirs: Pattern
    ours: Pattern
    axes: Axes = SAME


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of one published form of a model.

    label: "official", "timm", or "archdsl" for our own
    family: the table that it is from
    ignore: their names that are stored and used nowhere
    note: words for whoever imports from it; may be empty
    """

    label: str
    family: str
    rules: tuple[Rule, ...]
    ignore: tuple[Pattern, ...] = ()
    note: str = ""

    def theirs(self, name: str) -> tuple[str, Axes] | None:
        """Their name of a tensor of ours, by the first rule that knows it."""
        for rule in self.rules:
            values = rule.ours.match(name)
            filled = None if values is None else rule.theirs.fill(values)
            if filled is not None:
                return filled, rule.axes
        return None

    def ours(self, name: str) -> str | None:
        """Our name of a tensor of theirs, by the first rule that knows it."""
        for rule in self.rules:
            values = rule.theirs.match(name)
            filled = None if values is None else rule.ours.fill(values)
            if filled is not None:
                return filled
        return None

    def ignores(self, name: str) -> bool:
        """Whether their tensor of this name is used nowhere."""
        return any(pattern.match(name) is not None for pattern in self.ignore)

    @property
    def phrase(self) -> str:
        """The naming as a sentence says it: "the official naming"."""
        return "archdsl's own naming" if self.label == OWN.label else f"the {self.label} naming"


OWN = Naming("archdsl", "", (Rule(Pattern("{rest}"), Pattern("{rest}")),))
"""Our own naming: the addresses."""
