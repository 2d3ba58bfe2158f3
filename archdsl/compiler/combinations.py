"""Every combination of answers that a layer depends on, visited once before anything runs.

A space has no invalid members: one illegal combination, such as heads that do not divide a
width, is an error that names the answers. A layer depends on few of a space's decisions, so
this is quick where the space itself could never be enumerated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from archdsl.compiler.lower import Lowering
from archdsl.compiler.network import Layer
from archdsl.compiler.own_layers import own_layers
from archdsl.compiler.pieces import Piece, pieces
from archdsl.errors import SpecError
from archdsl.language.decisions import Holes
from archdsl.language.document import Document
from archdsl.language.holes import Answer, Hole

T = TypeVar("T")

LIMIT = 50_000
"""More combinations than this in one layer are refused: nobody could read them either."""


def every_record(
    run: Callable[[Callable[[str, Hole], Answer]], T],
) -> Iterator[tuple[dict[str, Answer], T]]:
    """Run something that asks, once for every way to answer it, in the order of the answers.

    Yields (record of answers, result). The questions may depend on earlier answers.
    """
    asking = _Replay([])
    while True:
        yield asking.record, run(asking)
        following = asking.following()
        if following is None:
            return
        asking = _Replay(following)


class _Replay:
    """Answers the first questions as told and the rest with their first answer."""

    def __init__(self, told: list[int]) -> None:
        self.told = told
        self.record: dict[str, Answer] = {}
        self.given: list[int] = []
        self.counts: list[int] = []

    def __call__(self, address: str, hole: Hole) -> Answer:
        index = len(self.given)
        answers = hole.answers
        self.given.append(self.told[index] if index < len(self.told) else 0)
        self.counts.append(len(answers))
        self.record[address] = answers[self.given[index]]
        return self.record[address]

    def following(self) -> list[int] | None:
        """The answers that come next: the last question that has another answer takes it."""
        for index in reversed(range(len(self.given))):
            if self.given[index] + 1 < self.counts[index]:
                return [*self.given[:index], self.given[index] + 1]
        return None


def check_combinations(document: Document, holes: Holes) -> tuple[Layer, ...]:
    """Lower every layer of a document under every combination of its answers.

    Gives the distinct layers that have a component of the user's own, which remain to be run.
    Raises SpecError for the first that does not fit, naming the answers.
    """
    found: dict[Layer, None] = {}
    for piece in pieces(document):

        def run(ask: Callable[[str, Hole], Answer], piece: Piece = piece) -> Iterable[Layer | None]:
            return piece.layers(Lowering(document, holes, ask))

        for count, (_, layers) in enumerate(every_record(run)):
            found |= own_layers(layers)
            if count >= LIMIT:
                raise SpecError(
                    f"more than {LIMIT} combinations of answers meet in one layer",
                    address=piece.address,
                    mark=piece.mark,
                    cure="give it fewer nested choices",
                )
    return tuple(found)
