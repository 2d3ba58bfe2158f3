"""A network in rows: what stands at which address, with equal blocks in a row as one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TypeAlias

from archdsl.compiler.network import Block, Branch, Layer, Network, Stage
from archdsl.compiler.spec_text import branch_text, component_text, shape_text
from archdsl.language.write import inline
from archdsl.units import plural

OutlineRow: TypeAlias = "tuple[str, str, str]"
"""Address, layer, shape after it; the second branch of a block has no address of its own."""


def outline(network: Network) -> Iterator[OutlineRow]:
    """The rows of a network, in the order of the forward pass."""
    for layer in network.stem:
        yield _row(layer)
    for stage in network.stages:
        yield from _stage(stage)
    if network.head is not None:
        yield _row(network.head)


def ends(network: Network) -> str:
    """From what to what: `3×224×224 → 1000 classes`."""
    many = network.classes
    gives = f"{many} {plural(many, 'class', 'classes')}" if many else "no classifier"
    return f"{shape_text(network.input)} → {gives}"


def alike(block: Block) -> tuple[object, ...]:
    """What makes two blocks the same to a reader; drop-path rates always differ."""
    return tuple(
        (branch.role, branch.norm and branch.norm.component,
         tuple(mixer.component for mixer in branch.mixers),
         branch.layer_scale, branch.res_scale)
        for branch in block.branches
    )  # fmt: skip


def _row(layer: Layer) -> OutlineRow:
    return layer.address, component_text(layer.component), shape_text(layer.out_shape)


def _stage(stage: Stage) -> Iterator[OutlineRow]:
    for layer in stage.downsample:
        yield _row(layer)
    if stage.pos_embed is not None:
        yield _row(stage.pos_embed)
    for _, group in itertools.groupby(stage.blocks, key=alike):
        blocks = list(group)
        first, last = blocks[0].address, blocks[-1].address.rpartition(".")[2]
        address = first if len(blocks) == 1 else f"{first}–{last}"
        for branch in blocks[0].branches:
            yield address, _branch(branch), shape_text(stage.shape)
            address = ""
    if stage.out_norm is not None:
        yield _row(stage.out_norm)


def _branch(branch: Branch) -> str:
    scales = [
        f"{name} {inline(value)}"
        for name, value in (("layer_scale", branch.layer_scale), ("res_scale", branch.res_scale))
        if value is not None
    ]
    return "  ".join([f"{branch.role}: {branch_text(branch)}", *scales])
