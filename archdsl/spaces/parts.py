"""The parts of a space, read from its document: what stands in each position, not yet measured.

They follow from walking the maps that a stage can be reached with, stage by stage, so that a
space of any size has as many rows as its positions have answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from archdsl.amounts import Amounts, of_layer, total
from archdsl.compiler.blocks import MIXERS, NORM, SCALES, depth, drop_paths, first_blocks
from archdsl.compiler.geometry import MapState
from archdsl.compiler.lower import Lowering
from archdsl.compiler.network import Layer, Shape
from archdsl.language import positions
from archdsl.language.decisions import Holes
from archdsl.language.document import Document, Scope
from archdsl.spaces.reach import Record, Records
from archdsl.spaces.rows import PartReader, PartRows

if TYPE_CHECKING:
    from archdsl.cost.table import LayerCost

M = TypeVar("M")
F = TypeVar("F")


class Layers:
    """The layers of a row, and what is learned beside them.

    state: the map that they lead to, of what leads into a stage
    """

    __slots__ = ("amounts", "beside", "layers", "state")

    amounts: Amounts
    """What they cost, measured when it is first asked for, which may raise CountError."""

    def __init__(
        self,
        layers: tuple[Layer, ...],
        beside: tuple[LayerCost, ...] = (),
        state: MapState | None = None,
    ) -> None:
        self.layers = layers
        self.beside = beside
        self.state = state

    def __getattr__(self, name: str) -> Amounts:
        # asked only for a slot that is empty: looking up a full one is to cost nothing
        if name != "amounts":
            raise AttributeError(name)
        from archdsl.cost.table import layer_cost

        found = [of_layer(layer_cost(layer), layer.address) for layer in self.layers]
        self.amounts = total((*found, *map(of_layer, self.beside)))
        return self.amounts

    @property
    def leads_to(self) -> MapState:
        """The map that they lead to, of what leads into a stage."""
        assert self.state is not None, "what leads into a stage leads to a map"
        return self.state


@dataclass(frozen=True, slots=True)
class BlockParts(Generic[M, F]):
    """The parts of a block on one map.

    mixers: token and channel mixer, M for what is made of each
    frame: norm and scales, which each branch has; F likewise
    """

    mixers: tuple[PartRows[M], ...]
    frame: tuple[PartRows[F], ...]


class Parts:
    """Every part of a space.

    stem: into the first stage; entries: (stage, map before it) -> into that stage
    states: the maps that each stage can have
    depths: (stage, run) -> depths; blocks: (stage, run, map) -> the parts of a block
    sides: (stage, map) -> positions and norms of the stage itself; heads: by map
    rate: drop_path, which costs nothing and is a decision all the same
    """

    def __init__(self, document: Document, holes: Holes) -> None:
        self.document = document
        self._read = PartReader(document, holes)
        count = len(document.stages)
        self.rate = self._read.part(
            ("drop_path",), lambda lowering: next(drop_paths(lowering.resolver, 2))
        )
        self.depths = {
            (index, number): self._depth(scope)
            for index, stage in enumerate(document.stages)
            for number, scope in enumerate(stage.runs or [stage])
        }
        self.stem = self._read.part(("stem", "stages.0.dim"), _stem)
        self.entries: dict[tuple[int, MapState], PartRows[Layers]] = {}
        self.states = [self._reached(0, [(Records(), self.stem)])]
        for index in range(1, count):
            own = (f"stages.{index}.dim", f"stages.{index}.downsample")
            leading = []
            for state in self.states[-1]:
                part = self._read.part(own, _entry(index), index - 1, state)
                self.entries[index, state] = part
                leading.append((self._read.leading[index - 1, state], part))
            self.states.append(self._reached(index, leading))
        self.blocks = {
            (index, number, state): self._block(index, stage, number, state)
            for index, stage in enumerate(document.stages)
            for number in range(len(stage.runs or [stage]))
            for state in self.states[index]
        }
        self.sides = {
            (index, state): self._sides(index, state)
            for index in range(count)
            for state in self.states[index]
        }
        self.heads = {
            state: self._read.part(("head",), _head, count - 1, state) for state in self.states[-1]
        }

    def measured(self) -> Iterator[PartRows[Layers]]:
        """The parts that have layers."""
        yield self.stem
        yield from self.entries.values()
        yield from self.heads.values()
        for block in self.blocks.values():
            yield from (*block.mixers, *block.frame)
        for sides in self.sides.values():
            yield from sides

    def _reached(
        self, index: int, leading: Iterable[tuple[Records, PartRows[Layers]]]
    ) -> tuple[MapState, ...]:
        """The maps that a stage can have, with the records that lead to them kept.

        leading: what leads into the stage, and the records of the map that it starts from
        """
        found: dict[MapState, list[Record]] = {}
        for known, part in leading:
            for row in part.rows:
                found.setdefault(row.value.leads_to, []).extend(known.extended(row.shared))
        for state, records in found.items():
            self._read.leading[index, state] = Records(records)
        return tuple(found)

    def _depth(self, scope: Scope) -> PartRows[int]:
        own = (f"{scope.address}.depth",)
        return self._read.part(own, lambda lowering: depth(lowering.resolver, scope))

    def _block(
        self, index: int, stage: Scope, number: int, state: MapState
    ) -> BlockParts[Layers, Layers]:
        at = list(first_blocks(index, stage))[number]
        own = [f"stages.{index}.blocks.0."]
        if at.run is not None:
            own.append(f"{at.run.address}.blocks.0.")
        last = max(0, max(row.value for row in self.depths[index, number].rows) - 1)

        def read(value: Callable[[Lowering], Layers]) -> PartRows[Layers]:
            return self._read.part(tuple(own), value, index, state)

        def layers(key: str) -> Callable[[Lowering], Layers]:
            return lambda lowering: Layers(_everywhere(lowering.blocks.layers(at, key), last))

        def vector(key: str) -> Callable[[Lowering], Layers]:
            shape = (state.dim, *state.size)
            return lambda lowering: _vector(lowering.blocks.number(at, key), shape)

        return BlockParts(
            tuple(read(layers(key)) for key in MIXERS),
            (read(layers(NORM)), *(read(vector(key)) for key in SCALES)),
        )

    def _sides(self, index: int, state: MapState) -> tuple[PartRows[Layers], ...]:
        def read(key: str) -> PartRows[Layers]:
            own = (f"stages.{index}.{key}",)
            return self._read.part(
                own, lambda lowering: _only(lowering.beside.of(index, key)), index, state
            )

        return tuple(map(read, positions.at("stage", "layer")))


def _stem(lowering: Lowering) -> Layers:
    from archdsl.cost.table import class_token_cost

    layers, state = lowering.entry.of(0), lowering.geometry.state(0)
    before = layers[-1].out_shape if layers else lowering.input
    after = (state.dim, *state.size)
    token = (class_token_cost(before, after),) if lowering.class_token else ()
    return Layers(layers, token, state)


def _entry(index: int) -> Callable[[Lowering], Layers]:
    return lambda lowering: Layers(lowering.entry.of(index), (), lowering.geometry.state(index))


def _head(lowering: Lowering) -> Layers:
    return _only(lowering.beside.head())


def _only(layer: Layer | None) -> Layers:
    return Layers(() if layer is None else (layer,))


def _vector(initial: float | None, shape: Shape) -> Layers:
    from archdsl.cost.table import vector_cost

    return Layers((), () if initial is None else (vector_cost(shape),))


def _everywhere(layers: tuple[Layer, ...], last: int) -> tuple[Layer, ...]:
    """Layers that are told their block's index, as the last block has them.

    Measuring them refuses a cost that is another one there than in the first block.
    """

    def there(layer: Layer) -> Layer:
        context = ((name, last if name == "depth_index" else v) for name, v in layer.context)
        return replace(layer, context=tuple(context))

    return tuple(map(there, layers))
