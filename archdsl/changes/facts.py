"""A network as facts by address, in an order that any two networks have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from archdsl.compiler.blocks import NORM, SCALES
from archdsl.compiler.network import Block, Layer, Network, Stage
from archdsl.compiler.outline import branch_words
from archdsl.components.options import OptionValue

Key: TypeAlias = tuple[int, ...]
"""Where a fact stands among all: the part of the network, the stage, the block, ..."""

_WHOLE, _STEM, _STAGES, _HEAD = range(4)
_DIM, _DEPTH, _MAP, _DOWNSAMPLE, _POS_EMBED, BLOCKS, _OUT_NORM = range(7)


@dataclass(frozen=True, slots=True)
class Fact:
    """What stands at an address: a component, a number, a text."""

    address: str
    value: OptionValue


def facts(network: Network) -> dict[Key, Fact]:
    """Every fact of a network, but for those of its blocks."""
    return dict(_facts(network))


def block_facts(block: Block) -> dict[Key, Fact]:
    """Every fact of a block, with addresses that begin in it."""
    return dict(_of_block(block))


def block_words(block: Block) -> str:
    """A block on one line."""
    return "; ".join(map(branch_words, block.branches))


def place_of_blocks(stage: int) -> Key:
    """Where the blocks of a stage stand."""
    return _STAGES, stage, BLOCKS


def _facts(network: Network) -> Iterator[tuple[Key, Fact]]:
    rates = [branch.drop_path for block in network.blocks() for branch in block.branches]
    yield (_WHOLE, 0), Fact("input", "×".join(map(str, network.input)))
    yield (_WHOLE, 1), Fact("classes", network.classes)
    yield (_WHOLE, 2), Fact("class_token", network.class_token)
    if rates:
        # The last block's rate is the peak whatever the depth; the first tells the schedule.
        said = f"{rates[0]:.4g} to {rates[-1]:.4g}"
        yield (_WHOLE, 3), Fact("drop_path", said)
    for number, layer in enumerate(network.stem):
        yield (_STEM, number), _layer(layer)
    for index, stage in enumerate(network.stages):
        for key, fact in _stage(stage):
            yield (_STAGES, index, *key), fact
    if network.head is not None:
        yield (_HEAD,), _layer(network.head)


def _stage(stage: Stage) -> Iterator[tuple[Key, Fact]]:
    _, height, width = stage.shape
    yield (_DIM,), Fact(f"{stage.address}.dim", stage.dim)
    yield (_DEPTH,), Fact(f"{stage.address}.depth", len(stage.blocks))
    yield (_MAP,), Fact(f"{stage.address} map", f"{height}×{width}")
    for number, layer in enumerate(stage.downsample):
        yield (_DOWNSAMPLE, number), _layer(layer)
    for rank, beside in ((_POS_EMBED, stage.pos_embed), (_OUT_NORM, stage.out_norm)):
        if beside is not None:
            yield (rank,), _layer(beside)


def _of_block(block: Block) -> Iterator[tuple[Key, Fact]]:
    for branch in block.branches:
        if branch.norm is not None:
            yield (branch.index, 0), Fact(f"{NORM}{branch.index}", branch.norm.component)
        mixers = tuple(mixer.component for mixer in branch.mixers)
        yield (
            (branch.index, 1),
            Fact(f"{branch.role}_mixer", mixers if len(mixers) > 1 else mixers[0]),
        )
        for rank, name in enumerate(SCALES, start=2):
            scale = getattr(branch, name)
            if scale is not None:
                yield (branch.index, rank), Fact(f"{name}{branch.index}", scale)


def _layer(layer: Layer) -> Fact:
    return Fact(layer.address, layer.component)
