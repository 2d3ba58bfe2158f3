"""A space as alternatives and independent parts, before it is split by what was asked.

A `EdgeChoice` is a sum over disjoint answers, a `Both` a product of two parts that do not know
of each other; the members of the space are the paths through.

Answers that several parts share (params, holes of `block:`) are outer cases: within one of them
the parts are independent. A stage's own shared answers are cases inside the stage. The state of
the walk along the stages is the feature map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from archdsl.amounts import Amounts
from archdsl.spaces.reach import Record

MAX_CASES = 4_096
"""Combinations of shared answers that are looked at one by one. Of shipped spaces, digits has
12. Five params of five answers, 3,125, take 5 s; with a tenth four of them, 625, are not counted,
and with ten times as many, six of them take more than 15 s, instead of 7 for no count."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One alternative of a choice: answers, what they cost, and what follows.

    mask: bits of the shared answers that were asked and might not have been
    """

    own: Record
    amounts: Amounts
    mask: int = 0
    then: Node | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EdgeChoice:
    """Exactly one of the edges. inside: whether it is a part of one stage's blocks."""

    edges: tuple[Edge, ...]
    inside: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """Two independent parts."""

    one: Node
    other: Node


@dataclass(frozen=True, slots=True, eq=False)
class InBlock:
    """A part of a block, written for the first block and standing in another.

    moves: (how addresses begin there, how they begin here)
    """

    node: Node
    moves: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class StageBlocks:
    """All blocks of a stage: what is inside may be counted more finely than what is outside."""

    node: Node


Node: TypeAlias = "EdgeChoice | Both | InBlock | StageBlocks"


@dataclass(frozen=True, slots=True)
class Case:
    """One combination of shared answers.

    needed: bits of those that the rest has to ask, because they might not be asked
    """

    shared: Record
    needed: int
    node: Node


class TooManyCases(Exception):
    """The shared answers have more combinations than are looked at. cases: how many."""

    def __init__(self, cases: int) -> None:
        super().__init__(
            f"answers that several parts share have {cases:,} combinations, and at most "
            f"{MAX_CASES:,} are looked at.  ask some of them per stage or per block, or give them "
            "fewer answers"
        )
        self.cases = cases
