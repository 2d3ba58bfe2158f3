"""Every combination of answers that a layer depends on, visited once before anything runs.

A space has no invalid members: one illegal combination, such as heads that do not divide a
width, is an error that names the answers. A layer depends on few of a space's decisions, so
this is quick where the space itself could never be enumerated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from archdsl.errors import SpecError
from archdsl.lower import BlockPlace, Lowering
from archdsl.spec.decisions import Holes, Place
from archdsl.spec.document import BLOCK_KEYS, Document
from archdsl.spec.holes import Answer, Hole
from archdsl.spec.nodes import Mark

T = TypeVar("T")

LIMIT = 200_000
"""More combinations than this in one layer are refused: nobody could read them either."""


def every_record(
    run: Callable[[Callable[[str, Hole], Answer]], T],
) -> Iterator[tuple[dict[str, Answer], T]]:
    """Run something that asks, once for every way to answer it, in the order of the answers.

    Yields (record of answers, result). The questions may depend on earlier answers.
    """
    prefix: list[Answer] = []
    while True:
        asked: dict[str, tuple[Answer, ...]] = {}
        record: dict[str, Answer] = {}

        def ask(
            address: str,
            hole: Hole,
            asked: dict[str, tuple[Answer, ...]] = asked,
            record: dict[str, Answer] = record,
        ) -> Answer:
            index = len(record)
            asked[address] = hole.answers
            record[address] = prefix[index] if index < len(prefix) else hole.answers[0]
            return record[address]

        yield record, run(ask)
        given = list(record.values())
        options = list(asked.values())
        while given and given[-1] == options[-1][-1]:
            given.pop()
            options.pop()
        if not given:
            return
        given[-1] = options[-1][options[-1].index(given[-1]) + 1]
        prefix = given


def check_combinations(document: Document, holes: Holes) -> None:
    """Lower every layer of a document under every combination of its answers.

    Raises SpecError for the first that does not fit, naming the answers.
    """
    for visit, address, mark in _visits(document):

        def run(ask: Callable[[str, Hole], Answer], visit: _Visit = visit) -> None:
            visit(Lowering(document, holes, ask))

        for count, _ in enumerate(every_record(run)):
            if count >= LIMIT:
                raise SpecError(
                    f"more than {LIMIT} combinations of answers meet in one layer",
                    address=address,
                    mark=mark,
                    cure="give it fewer nested choices",
                )


_Visit = Callable[[Lowering], object]


def _visits(document: Document) -> Iterator[tuple[_Visit, str, Mark | None]]:
    for index, stage in enumerate(document.stages):
        mark = stage.mark
        where = f"{stage.address}.downsample" if index else "stem"
        yield lambda low, i=index: low.entry(i), where, mark
        yield lambda low, i=index: low.pos_embed(i), f"{stage.address}.pos_embed", mark
        yield lambda low, i=index: low.out_norm(i), f"{stage.address}.out_norm", mark
        yield lambda low, i=index: low.blocks(i), f"{stage.address}.depth", mark
        runs = list(enumerate(stage.runs)) if stage.runs is not None else [(None, None)]
        for number, run in runs:
            # every block of a stage (or run) asks the same questions, each for itself
            at = BlockPlace(stage, run, Place(index, 0, number, 0))
            for key in BLOCK_KEYS:
                yield (
                    lambda low, at=at, key=key: _block_key(low, at, key),
                    f"{(run or stage).address}.{key}",
                    mark,
                )
    yield lambda low: low.head(), "head", document.marks.get("head")
    yield lambda low: list(low.drop_path(2)), "drop_path", document.marks.get("drop_path")


def _block_key(lowering: Lowering, at: BlockPlace, key: str) -> object:
    if key.endswith("scale"):
        return lowering.block_number(at, key)
    return lowering.block_layer(at, key, f"{at.stage.address}.blocks.0.{key}")
