"""Every combination of answers that a layer depends on, visited once before anything runs.

A space has no invalid members: one illegal combination, such as heads that do not divide a
width, is an error that names the answers. A layer depends on few of a space's decisions, so
this is quick where the space itself could never be enumerated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias, TypeVar

from archdsl.compiler.at_least import AtLeast
from archdsl.compiler.lower import Lowering
from archdsl.compiler.network import Layer
from archdsl.compiler.own_layers import own_layers
from archdsl.compiler.pieces import Piece, pieces
from archdsl.errors import SpecError
from archdsl.language.decisions import Holes
from archdsl.language.document import Document
from archdsl.language.holes import Answer, Hole
from archdsl.language.remembered import Remembered

T = TypeVar("T")

Ask: TypeAlias = Callable[[str, Hole], Answer]

LIMIT = 6_000
"""Layers that are looked at in one spec, each under every combination of its answers.

The largest shipped space, meta_mixer, has 1,342 and loads in 0.21 s of CPU. Specs that come near
the limit are held to 2 s by tests/fuzz/test_large.py, which says what may be raised.
"""

MOST_STEPS = 300_000
"""Numbers, params and operators of the expressions that are computed for them.

A chain of long expressions just below it loads in 1.1 s of CPU.
"""

VAST = 10**12
"""Beyond this many combinations a number tells nobody more."""


def every_record(
    run: Callable[[Ask], T],
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
    Raises SpecError for the first that does not fit, naming the answers, and before a layer with
    which there would be too many combinations.
    """
    found: dict[Layer, None] = {}
    least, kept, looked_at = AtLeast(document, holes), Remembered(), 0
    for piece in pieces(document):
        before, here = looked_at, least.of(piece.stage, piece.nodes)
        if looked_at + here > LIMIT:
            raise _too_many(piece, here, before)

        def run(ask: Ask, piece: Piece = piece) -> tuple[Layer | None, ...]:
            return _layers(piece, document, holes, ask, kept)

        for _, layers in every_record(run):
            found |= own_layers(layers)
            looked_at += max(1, len(layers))
            if looked_at > LIMIT:
                raise _too_many(piece, here, before)
            if kept.steps > MOST_STEPS:
                raise _too_much_arithmetic(piece)
    return tuple(found)


def _layers(
    piece: Piece, document: Document, holes: Holes, ask: Ask, kept: Remembered
) -> tuple[Layer | None, ...]:
    """The layers of a piece. Raises SpecError, with all the answers that led there."""
    answers: dict[str, Answer] = {}

    def noted(address: str, hole: Hole) -> Answer:
        answers[address] = ask(address, hole)
        return answers[address]

    try:
        return tuple(piece.layers(Lowering(document, holes, noted, kept=kept)))
    except SpecError:
        # words say which answers led there, and what was kept knows those of another way there
        piece.layers(Lowering(document, holes, lambda address, hole: answers[address]))
        raise


def _too_many(piece: Piece, here: int, before: int) -> SpecError:
    if here == 1:
        problem = f"this spec has more than {LIMIT:,} layers to look at"
        cure = "write a depth for runs that are alike, and fewer layers one after another"
    else:
        many = f"at least {here:,}" if here <= VAST else f"more than {VAST:,}"
        problem = (
            f"{many} combinations of answers meet here, after {before:,} layers; a spec "
            f"has at most {LIMIT:,} layers, each counted once for every combination of its answers"
        )
        cure = "write fewer options, larger steps, or fewer choices that meet"
    return SpecError(problem, address=piece.address, mark=piece.mark, cure=cure)


def _too_much_arithmetic(piece: Piece) -> SpecError:
    return SpecError(
        f"the expressions of this spec take more than {MOST_STEPS:,} steps of arithmetic, over "
        "all combinations of answers",
        address=piece.address,
        mark=piece.mark,
        cure="write shorter expressions, or ranges of fewer numbers",
    )
