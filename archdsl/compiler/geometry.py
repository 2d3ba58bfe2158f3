"""Widths, sizes and reductions: the map that each stage of a document works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from archdsl.compiler.entry_parts import VAST, EntryParts, Part, least_size
from archdsl.compiler.network import Shape
from archdsl.components.options import written
from archdsl.components.statics import Size
from archdsl.errors import SpecError
from archdsl.language import positions, typed
from archdsl.language.holes import Answer
from archdsl.language.nodes import Node
from archdsl.language.resolve import Resolver


class MapState(NamedTuple):
    """The map that a stage works on.

    dim, size: its shape; vast: what is left of a map without borders, from which reductions come
    """

    dim: int
    size: Size
    vast: Size


@dataclass(frozen=True, slots=True)
class Width:
    """A stage's dim, and what an error says about where it comes from."""

    stage: int
    dim: int
    node: Node
    address: str
    source: tuple[str, ...]
    """`params.width = 48`, ..."""

    def subject(self) -> str:
        """`$width * 5 is 240`, or `dim is 240`."""
        found = typed.expression(self.node)
        return f"{found.text if found else 'dim'} is {self.dim}"


def answered(noted: Mapping[str, Answer]) -> tuple[str, ...]:
    """`params.width = 48`, ..., for answers by address."""
    return tuple(f"{address} = {written(answer)}" for address, answer in noted.items())


class Geometry:
    """The maps of a document's stages. What one is asked for is asked for once, and no more.

    input: (C, H, W) of an image
    class_token: the first stage's map is a sequence with a class token before it
    told: the maps of stages that are known, for which nothing is asked
    """

    def __init__(
        self,
        resolver: Resolver,
        parts: EntryParts,
        input: Shape,
        class_token: bool,
        told: Mapping[int, MapState],
    ) -> None:
        self.input, self.class_token, self.stages = input, class_token, resolver.document.stages
        self._resolver, self._parts = resolver, parts
        self._widths: dict[int, Width] = {}
        self._sizes: dict[int, Size] = {}
        self._vast: dict[int, Size] = {}
        for index, state in told.items():
            scope = self.stages[index]
            node, address = scope.plain["dim"], f"{scope.address}.dim"
            self._widths[index] = Width(index, state.dim, node, address, ())
            self._sizes[index] = state.size
            self._vast[index] = state.vast

    def width(self, index: int) -> Width:
        """The dim of a stage."""
        if index not in self._widths:
            self._widths[index] = self._resolver.remembered(
                ("width", index), lambda: self._width(index)
            )
        return self._widths[index]

    def _width(self, index: int) -> Width:
        scope, resolver = self.stages[index], self._resolver
        address = f"{scope.address}.dim"
        with resolver.noting() as noted:
            filled = resolver.fill(scope.plain["dim"])
            dim = resolver.value(filled, positions.DIM, address)
            source = (*resolver.used(filled), *answered(noted))
        return Width(index, dim, filled, address, tuple(dict.fromkeys(source)))

    def size(self, index: int) -> Size:
        """Height and width of a stage's map; (1 + H·W, 1) with a class token.

        Widths are not asked for: a size depends on kernels and strides alone.
        """
        if index not in self._sizes:
            self._sizes[index] = self._resolver.remembered(
                ("size", index), lambda: self._size(index)
            )
        return self._sizes[index]

    def _size(self, index: int) -> Size:
        size = self.input[1:] if index == 0 else self.size(index - 1)
        for part in self._parts.of(index):
            size = self.size_after(part, size)
        if index == 0 and self.class_token:
            size = (1 + size[0] * size[1], 1)
        return size

    def vast(self, index: int) -> Size:
        """What a stage's layers and those before it leave of a map without borders."""
        if index not in self._vast:
            self._vast[index] = self._resolver.remembered(
                ("vast", index), lambda: self._vast_size(index)
            )
        return self._vast[index]

    def _vast_size(self, index: int) -> Size:
        size = (VAST, VAST) if index == 0 else self.vast(index - 1)
        for part in self._parts.of(index):
            size = self.size_after(part, size)
        return size

    def reduction(self, index: int) -> int:
        """Input positions per position of a stage's map, along a side: the product of strides.

        Exact where a map's own sides are rounded: it is what is left of a side without borders.
        """
        return max(1, round(VAST / self.vast(index)[0]))

    def shape(self, index: int) -> Shape:
        """The shape of a stage's map."""
        return (self.width(index).dim, *self.size(index))

    def state(self, index: int) -> MapState:
        """The map of a stage, with all that can be told of it."""
        return MapState(self.width(index).dim, self.size(index), self.vast(index))

    def size_after(self, part: Part, size: Size) -> Size:
        """The size of a map after a part. Raises SpecError where nothing is left of it."""
        after = part.out_size(size)
        if min(after) < 1:
            height, width = least_size(self._parts.decided(), self.input[1:])
            raise SpecError(
                f"nothing is left of a map of {size[0]}x{size[1]}",
                address=part.address,
                mark=part.node.mark,
                cure=f"choose an input of {height}x{width} or more, or smaller strides and kernels",
            )
        return after
