"""The blocks of a stage: how many there are, and the branches of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from archdsl.compiler.checks import Site
from archdsl.compiler.geometry import Geometry
from archdsl.compiler.layer_maker import LayerMaker
from archdsl.compiler.network import Block, Branch, Layer
from archdsl.components.options import OptionType
from archdsl.errors import SpecError
from archdsl.language import positions
from archdsl.language.decisions import Place
from archdsl.language.document import Scope
from archdsl.language.nodes import Mapping, Node, Sequence
from archdsl.language.resolve import Resolver

MIXERS = ("token_mixer", "channel_mixer")
"""The block keys of which each is a branch, in order."""

NORM = "norm"
SCALES = ("layer_scale", "res_scale")
"""The block keys that are a number for every branch: the start of a vector that is learned."""


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """One block of a stage: its place for the resolver and its run."""

    stage: Scope
    run: Scope | None
    place: Place

    @property
    def index(self) -> int:
        """The number of its stage."""
        assert self.place.stage is not None
        return self.place.stage

    @property
    def address(self) -> str:
        """`stages.2.blocks.4`."""
        return f"{self.stage.address}.blocks.{self.place.block}"

    def written(self, key: str) -> str:
        """Where the block's key is written, or would be: `stages.2.runs.1.norm`."""
        return f"{(self.run or self.stage).address}.{key}"


def first_blocks(index: int, stage: Scope) -> Iterator[BlockPlace]:
    """A block of every run of a stage, which stands for those that ask the same questions."""
    if stage.runs is None:
        yield BlockPlace(stage, None, Place(index, 0, None, 0))
        return
    for number, run in enumerate(stage.runs):
        yield BlockPlace(stage, run, Place(index, 0, number, 0))


def depth(resolver: Resolver, scope: Scope, type_: OptionType = positions.RUN_DEPTH) -> int:
    """The depth of a stage or a run. Raises SpecError for one that is not of its type."""
    node, address = scope.plain["depth"], f"{scope.address}.depth"
    found: int = resolver.value(resolver.fill(node), type_, address)
    return found


def drop_paths(resolver: Resolver, blocks: int) -> Iterator[float]:
    """The rate of every block: a linear ramp from 0 to the peak, or the same for all."""
    node = resolver.document.top.get("drop_path")
    rate, schedule = 0.0, "linear"
    if node is not None:
        filled = resolver.fill(node)
        parts = filled.items if isinstance(filled, Mapping) else {"rate": filled}
        rate = resolver.value(parts["rate"], positions.RATE, "drop_path.rate")
        if "schedule" in parts:
            schedule = resolver.value(parts["schedule"], positions.SCHEDULE, "drop_path.schedule")
    for index in range(blocks):
        yield rate if schedule == "constant" else rate * index / max(1, blocks - 1)


class Blocks:
    """Makes the blocks of a document."""

    def __init__(self, resolver: Resolver, geometry: Geometry, make: LayerMaker) -> None:
        self._resolver, self._geometry, self._make = resolver, geometry, make

    def places(self, index: int) -> list[BlockPlace]:
        """The blocks of a stage, runs unrolled; asks for the depth. Raises SpecError."""
        scope = self._geometry.stages[index]
        if scope.runs is None:
            count = depth(self._resolver, scope, positions.DEPTH)
            return [BlockPlace(scope, None, Place(index, k)) for k in range(count)]
        found: list[BlockPlace] = []
        for number, run in enumerate(scope.runs):
            for k in range(depth(self._resolver, run)):
                found.append(BlockPlace(scope, run, Place(index, len(found), number, k)))
        if not found:
            raise SpecError(
                "a stage needs at least one block",
                address=scope.address,
                mark=scope.mark,
                cure="give one of its runs a depth of 1 or more",
            )
        return found

    def block(self, at: BlockPlace, drop_path: float) -> Block:
        """One block with its branches. Raises SpecError."""
        # Every key is asked, whatever the others are: the size of a space is a product.
        norms = self.layers(at, NORM)
        layer_scale, res_scale = (self.number(at, key) for key in SCALES)
        branches = []
        for number, key in enumerate(MIXERS, start=1):
            mixers = self.layers(at, key)
            if mixers:
                norm = replace(norms[0], address=f"{at.address}.norm{number}") if norms else None
                role = key.removesuffix("_mixer")
                branches.append(
                    Branch(role, number, norm, mixers, layer_scale, res_scale, drop_path)
                )
        return Block(at.address, self._geometry.shape(at.index), tuple(branches))

    def layers(self, at: BlockPlace, key: str) -> tuple[Layer, ...]:
        """The layers that a norm or a mixer is, one after another; none where there is none.

        Raises SpecError.
        """
        resolver, geometry = self._resolver, self._geometry
        node = self._node(at, key)
        if node is None:
            return ()
        shape, width = geometry.shape(at.index), geometry.width(at.index)
        where, address = at.written(key), f"{at.address}.{key}"
        with resolver.noting() as noted:
            filled, made = self._value(at, key, node)
            if made is None:
                return ()
            components = made if isinstance(made, tuple) else (made,)
            layers = []
            for number, one in enumerate(components):
                site = Site(where, filled, width, noted)
                if isinstance(filled, Sequence):
                    site = Site(f"{where}.{number}", filled.items[number], width, noted)
                its = f"{address}.{number}" if len(components) > 1 else address
                layers.append(self._make(one, its, shape, shape, site, at.place.block or 0))
        return tuple(layers)

    def number(self, at: BlockPlace, key: str) -> float | None:
        """A block's layer_scale or res_scale. Raises SpecError."""
        node = self._node(at, key)
        if node is None:
            return None
        found: float | None = self._value(at, key, node)[1]
        return found

    def _node(self, at: BlockPlace, key: str) -> Node | None:
        """What is written for a block's key."""
        document = self._resolver.document
        return self._resolver.remembered(
            ("written", at.written(key)), lambda: document.block_value(at.stage, at.run, key)
        )

    def _value(self, at: BlockPlace, key: str, node: Node) -> tuple[Node, Any]:
        """A block's key with its holes answered, and its value."""
        where, resolver = at.written(key), self._resolver

        def make() -> tuple[Node, Any]:
            filled = resolver.fill(node, at.place)
            return filled, resolver.value(filled, positions.type_of("block", key), where)

        return resolver.remembered((where, at.place.block), make)
