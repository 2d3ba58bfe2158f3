"""The pieces of a document that are lowered by themselves, each once.

Between them they have every layer of the network, those of a run's blocks in its first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from archdsl.compiler.blocks import MIXERS, NORM, BlockPlace, drop_paths, first_blocks
from archdsl.compiler.lower import Lowering
from archdsl.compiler.network import Layer
from archdsl.language import positions
from archdsl.language.document import Document
from archdsl.language.nodes import Mark


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece: where it is written, and how its layers, if it is any, are made."""

    address: str
    mark: Mark | None
    layers: Callable[[Lowering], Iterable[Layer | None]]


def pieces(document: Document) -> Iterator[Piece]:
    """Every piece of a document, in the order of the forward pass within a stage."""
    for index, stage in enumerate(document.stages):
        mark, address = stage.mark, stage.address
        yield Piece(f"{address}.downsample" if index else "stem", mark, partial(_entry, index))
        for key in positions.at("stage", "layer"):
            yield Piece(f"{address}.{key}", mark, partial(_beside, index, key))
        yield Piece(f"{address}.depth", mark, partial(_depth, index))
        for at in first_blocks(index, stage):
            for key in positions.at("stage", "block"):
                of = _block_layers if key in (NORM, *MIXERS) else _number
                yield Piece(at.written(key), mark, partial(of, at, key))
    yield Piece("head", document.marks.get("head"), _head)
    yield Piece("drop_path", document.marks.get("drop_path"), _first_rate)


def _entry(index: int, lowering: Lowering) -> Iterable[Layer | None]:
    return lowering.entry.of(index)


def _beside(index: int, key: str, lowering: Lowering) -> Iterable[Layer | None]:
    return (lowering.beside.of(index, key),)


def _depth(index: int, lowering: Lowering) -> Iterable[Layer | None]:
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
