"""The pieces of a document that are lowered by themselves, each once.

Between them they have every layer of the network, those of a run's blocks in its first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from archdsl.compiler.blocks import MIXERS, NORM, BlockPlace, depth, drop_paths, first_blocks
from archdsl.compiler.lower import Lowering
from archdsl.compiler.network import Layer
from archdsl.language import positions
from archdsl.language.document import Document, Scope
from archdsl.language.holes import Choice, is_hole, read_hole
from archdsl.language.nodes import Mapping, Mark, Node, Scalar


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece: where it is written, and how its layers, if it is any, are made.

    stage: the stage on whose map it works; None for what works on none
    nodes: what it asks besides
    """

    address: str
    mark: Mark | None
    layers: Callable[[Lowering], Iterable[Layer | None]]
    stage: int | None
    nodes: tuple[Node, ...]


def pieces(document: Document) -> Iterator[Piece]:
    """Every piece of a document, in the order of the forward pass within a stage."""
    for index, stage in enumerate(document.stages):
        mark, address = stage.mark, stage.address
        before = (document.stages[index - 1].plain["dim"],) if index else ()
        entry = f"{address}.downsample" if index else "stem"
        yield Piece(entry, mark, partial(_entry, index), index, before)
        for key in positions.at("stage", "layer"):
            node = document.stage_value(stage, key)
            if node is not None:
                beside = partial(_beside, index, key)
                yield Piece(f"{address}.{key}", mark, beside, index, (node,))
        yield from _depths(index, stage)
        yield from _of_blocks(document, index, stage)
    last, head = len(document.stages) - 1, document.top.get("head")
    yield Piece("head", document.marks.get("head"), _head, last, () if head is None else (head,))
    rate = document.top.get("drop_path")
    if rate is not None:
        yield Piece("drop_path", document.marks.get("drop_path"), _first_rate, None, (rate,))


def _depths(index: int, stage: Scope) -> Iterator[Piece]:
    """The depths of a stage, each alone; all together only where all of them may be 0."""
    address, mark, runs = f"{stage.address}.depth", stage.mark, stage.runs
    if runs is not None:
        for run in runs:
            node = run.plain["depth"]
            yield Piece(f"{run.address}.depth", run.mark, partial(_depth, run), None, (node,))
    nodes = [scope.plain["depth"] for scope in runs or (stage,)]
    if runs is None or all(map(_may_be_zero, nodes)):
        yield Piece(address, mark, partial(_places, index), None, tuple(nodes))


def _may_be_zero(node: Node) -> bool:
    """Whether a depth may be 0, as far as it can be seen where it is written."""
    if isinstance(node, Mapping) and is_hole(node):
        hole = read_hole(node)
        if isinstance(hole, Choice):
            return any(_may_be_zero(option.node) for option in hole.options)
        return hole.low <= 0
    return not (isinstance(node, Scalar) and isinstance(node.value, int) and node.value > 0)


def _of_blocks(document: Document, index: int, stage: Scope) -> Iterator[Piece]:
    """The keys of a stage's blocks; what several runs inherit unchanged in the first of them."""
    inherited = {key: document.stage_value(stage, key) for key in positions.at("stage", "block")}
    seen: set[str] = set()
    for at in first_blocks(index, stage):
        for key, outer in inherited.items():
            node = outer if at.run is None else at.run.apply(key, outer)
            if node is None or (node is outer and key in seen):
                continue
            if node is outer:
                seen.add(key)
            works = key in (NORM, *MIXERS)
            of = partial(_block_layers if works else _number, at, key)
            yield Piece(at.written(key), stage.mark, of, index if works else None, (node,))


def _entry(index: int, lowering: Lowering) -> Iterable[Layer | None]:
    return lowering.entry.of(index)


def _beside(index: int, key: str, lowering: Lowering) -> Iterable[Layer | None]:
    return (lowering.beside.of(index, key),)


def _depth(run: Scope, lowering: Lowering) -> Iterable[Layer | None]:
    depth(lowering.resolver, run)
    return ()


def _places(index: int, lowering: Lowering) -> Iterable[Layer | None]:
    lowering.blocks.places(index)
    return ()


def _block_layers(at: BlockPlace, key: str, lowering: Lowering) -> Iterable[Layer | None]:
    return lowering.blocks.layers(at, key)


def _number(at: BlockPlace, key: str, lowering: Lowering) -> Iterable[Layer | None]:
    lowering.blocks.number(at, key)
    return ()


def _head(lowering: Lowering) -> Iterable[Layer | None]:
    return (lowering.beside.head(),)


def _first_rate(lowering: Lowering) -> Iterable[Layer | None]:
    next(drop_paths(lowering.resolver, 2))
    return ()
