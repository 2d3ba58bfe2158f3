"""The one intermediate form: a network with nothing left to decide, one entry per layer.

Lowering turns a resolved tree into it; build, count, draw and export all read it, and none of
them reads YAML. An entry's address is the path of its module in the built model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archdsl.components.component import Component

Shape = tuple[int, int, int]
"""(C, H, W) of one image's feature map; after the head (classes, 1, 1)."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One module of the network and the shapes on both sides of it.

    context: the values of the positional names that its class asks for, in its order
    """

    address: str
    component: Component
    context: tuple[tuple[str, int | tuple[int, int]], ...]
    in_shape: Shape
    out_shape: Shape


@dataclass(frozen=True, slots=True)
class Branch:
    """One residual branch of a block: x = res_scale·x + drop_path(layer_scale·mixer(norm(x))).

    mixers: one, or several one after another, whose addresses then end in their numbers

    layer_scale, res_scale: the initial value of a learned vector, or None for no such vector
    role: "token" or "channel"; index: 1 or 2, the suffix of the branch's norm and scales
    """

    role: str
    index: int
    norm: Layer | None
    mixers: tuple[Layer, ...]
    layer_scale: float | None
    res_scale: float | None
    drop_path: float


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its branches in order. `address` is `stages.2.blocks.4`."""

    address: str
    shape: Shape
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: what leads into it, its blocks, and what follows them.

    reduction: input positions per position of its map, along a side
    """

    address: str
    downsample: tuple[Layer, ...]
    pos_embed: Layer | None
    blocks: tuple[Block, ...]
    out_norm: Layer | None
    dim: int
    shape: Shape
    reduction: int


@dataclass(frozen=True, slots=True)
class Network:
    """A whole architecture.

    input: (C, H, W); classes: 0 for no classifier
    class_token: maps between stem and head are (C, 1 + H·W, 1), the class token first
    """

    name: str
    input: Shape
    classes: int
    class_token: bool
    stem: tuple[Layer, ...]
    stages: tuple[Stage, ...]
    head: Layer | None

    def layers(self) -> Iterator[Layer]:
        """Every layer with a component, in the order of the forward pass."""
        yield from self.stem
        for stage in self.stages:
            yield from stage.downsample
            if stage.pos_embed is not None:
                yield stage.pos_embed
            for block in stage.blocks:
                for branch in block.branches:
                    if branch.norm is not None:
                        yield branch.norm
                    yield from branch.mixers
            if stage.out_norm is not None:
                yield stage.out_norm
        if self.head is not None:
            yield self.head

    def blocks(self) -> Iterator[Block]:
        """Every block, in the order of the forward pass."""
        for stage in self.stages:
            yield from stage.blocks


@dataclass(frozen=True, slots=True)
class SpecText:
    """The spec that a network was made of, as text without holes that stands by itself.

    imports: the entries of its `imports:`, and the folders that they are relative to
    """

    text: str
    imports: tuple[tuple[str, Path], ...]
