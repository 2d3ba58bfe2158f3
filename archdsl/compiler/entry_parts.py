"""What stems and downsamples are made of, before it is known what they work on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from archdsl.components.component import Component
from archdsl.components.statics import Size, size_after
from archdsl.language import positions, typed
from archdsl.language.decisions import Place
from archdsl.language.nodes import Node, Sequence
from archdsl.language.resolve import Resolver

VAST = 1 << 24
"""A side so large that the borders of a map make no difference."""


@dataclass(frozen=True, slots=True)
class Part:
    """One layer of a stem or a downsample. dim: the width that it names for itself, if any."""

    component: Component
    node: Node
    address: str
    dim: int | None

    def out_size(self, size: Size) -> Size:
        """Height and width of the map after it; below 1 where nothing is left."""
        return size_after(self.component, size)


class EntryParts:
    """The parts that lead into each stage, read once each."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._known: dict[int, tuple[Part, ...]] = {}

    def of(self, index: int) -> tuple[Part, ...]:
        """The parts of the stem, for stage 0, or of a stage's downsample."""
        if index not in self._known:
            self._known[index] = self._resolver.remembered(
                ("parts", index), lambda: self._read(index)
            )
        return self._known[index]

    def _read(self, index: int) -> tuple[Part, ...]:
        document = self._resolver.document
        if index == 0:
            node, address, place = document.top["stem"], "stem", Place()
        else:
            scope = document.stages[index]
            found = document.stage_value(scope, "downsample")
            if found is None:
                return ()
            node, address, place = found, f"{scope.address}.downsample", Place(stage=index)
        filled = self._spelled_out(self._resolver.fill(node, place), address)
        if typed.is_none(filled):
            return ()
        if isinstance(filled, Sequence):
            return tuple(
                self._part(item, f"{address}.{number}") for number, item in enumerate(filled.items)
            )
        return (self._part(filled, address),)

    def decided(self) -> list[Part]:
        """The parts of all stages; where nothing is decided yet, the defaults stand."""
        resolver = self._resolver
        default = EntryParts(Resolver(resolver.document, resolver.holes))
        stages = range(len(resolver.document.stages))
        return [part for i in stages for part in self._known.get(i) or default.of(i)]

    def _part(self, node: Node, address: str) -> Part:
        node = self._spelled_out(node, address)
        made = self._resolver.component(node, "layer", address)
        own = typed.component(node, "layer").dim
        dim = None if own is None else self._resolver.value(own, positions.DIM, f"{address}.dim")
        return Part(made, node, address, dim)

    def _spelled_out(self, node: Node, address: str) -> Node:
        """The node behind `$name`, or the node itself."""
        found = typed.expression(node)
        if found is None or found.alone is None:
            return node
        return self._spelled_out(self._resolver.param(found.alone), address)


def least_size(parts: Iterable[Part], size: Size) -> Size:
    """The smallest map, no smaller than `size`, of which parts one after another leave any."""
    parts, (height, width) = list(parts), size
    return (
        bisect_left(range(VAST), True, height, key=lambda side: _left(parts, (side, VAST))),
        bisect_left(range(VAST), True, width, key=lambda side: _left(parts, (VAST, side))),
    )


def _left(parts: Iterable[Part], size: Size) -> bool:
    """Whether something is left of a map after parts, one after another."""
    for part in parts:
        size = part.out_size(size)
        if min(size) < 1:
            return False
    return True
