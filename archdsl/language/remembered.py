"""What follows from answers, kept for when the same questions have the same answers again.

A layer is checked under every combination of its answers, and most of what it is made of
follows from a few of them. What was made is kept under the questions that it asked, in a tree:
a question, a branch for each answer, and there the next question or what was made. To look it up
asks the questions again, so that whoever answers them sees no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from archdsl.language.holes import Answer, Hole

Question: TypeAlias = "tuple[str, Hole]"
"""An address, and what is asked there."""


@dataclass(slots=True)
class _Branch:
    question: Question | None = None
    after: dict[tuple[type, Answer], _Branch] = field(default_factory=dict)
    made: tuple[Any] | None = None


class Remembered:
    """What was made of one document.

    steps: of arithmetic that were taken for it
    """

    def __init__(self) -> None:
        self._roots: dict[Hashable, _Branch] = {}
        self.steps = 0

    def find(self, key: Hashable, answer: Callable[[str, Hole], Answer]) -> tuple[Any] | None:
        """What was made under a key for the answers that `answer` gives; None if nothing was."""
        branch = self._roots.get(key)
        while branch is not None and branch.made is None:
            if branch.question is None:
                return None
            given = answer(*branch.question)
            branch = branch.after.get((type(given), given))
        return None if branch is None else branch.made

    def keep(self, key: Hashable, asked: Iterable[tuple[Question, Answer]], made: Any) -> None:
        """Keep what was made under a key for these answers, in the order of the questions."""
        branch = self._roots.setdefault(key, _Branch())
        for branch.question, given in asked:
            branch = branch.after.setdefault((type(given), given), _Branch())
        branch.made = (made,)
