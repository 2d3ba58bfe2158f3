"""The rows of a part by what it asks, one question after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from archdsl.language.holes import Answer
from archdsl.spaces.rows import PartRows

T = TypeVar("T")
Moves: TypeAlias = "Sequence[tuple[str, str]]"
"""How addresses begin there, and how they begin here."""


class DecisionTree(Generic[T]):
    """A question with a tree for each answer to it, or what all answers come to.

    address: what is asked; None where nothing is, and there is a `value`
    answers: (type, answer) -> what follows, in the order of the answers: 1 is not true
    """

    __slots__ = ("address", "answers", "value")

    def __init__(self) -> None:
        self.address: str | None = None
        self.answers: dict[tuple[type, Any], DecisionTree[T]] = {}
        self.value: T

    def row(self, decisions: Mapping[str, Answer]) -> T:
        """What a member's answers come to. Raises KeyError where they lead nowhere."""
        here = self
        while (address := here.address) is not None:
            answer = decisions[address]
            here = here.answers[answer.__class__, answer]
        return here.value

    def open(self, known: Mapping[str, Answer]) -> DecisionTree[T]:
        """The tree of what is left to ask. Raises KeyError where the answers lead nowhere."""
        here = self
        while here.address is not None and here.address in known:
            answer = known[here.address]
            here = here.answers[type(answer), answer]
        return here

    def addresses(self) -> Iterator[str]:
        """Everything that is asked on any branch, some of it more than once."""
        left: list[DecisionTree[T]] = [self]
        while left:
            here = left.pop()
            if here.address is not None:
                yield here.address
                left.extend(here.answers.values())

    def moved(self, moves: Moves) -> DecisionTree[T]:
        """The same tree, asking elsewhere."""
        made = DecisionTree[T]()
        if self.address is None:
            made.value = self.value
            return made
        made.address = moved(self.address, moves)
        made.answers = {answer: then.moved(moves) for answer, then in self.answers.items()}
        return made


def moved(address: str, moves: Moves) -> str:
    """An address as it reads elsewhere."""
    for there, here in moves:
        if address.startswith(there):
            return here + address[len(there) :]
    return address


def tree(part: PartRows[T]) -> DecisionTree[T]:
    """The rows of a part as a tree."""
    root = DecisionTree[T]()
    for row in part.rows:
        here = root
        for address, answer in row.answers:
            here.address = address
            here = here.answers.setdefault((type(answer), answer), DecisionTree())
        here.value = row.value
    return root
