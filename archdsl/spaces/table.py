"""The cost table of a space: each distinct layer measured once, by the part that it stands in.

The parts follow from walking the maps that a stage can be reached with, stage by stage, so that
the table of a space of any size has as many rows as its positions have answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from archdsl.amounts import Amounts
from archdsl.lower import BlockPlace
from archdsl.network import Layer, Shape
from archdsl.spaces.reach import Record, Ways
from archdsl.spaces.rows import Part, Placed, Reader, Row, State, amounts
from archdsl.spec.decisions import Holes, Place
from archdsl.spec.document import Document, Scope

if TYPE_CHECKING:
    from archdsl.cost.table import LayerCost

T = TypeVar("T")
Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total)."""

MIXERS = ("token_mixer", "channel_mixer")
FRAME = ("norm", "layer_scale", "res_scale")
"""The block keys that every branch of a block has, if it has a mixer."""


def no_progress(done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What leads into a stage: the map that comes of it, and what it costs."""

    state: State
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class BlockParts:
    """The parts of a block on one map.

    mixers: what a token and a channel mixer cost, None where there is none and so no branch
    frame: what a norm and scales add to each branch
    """

    mixers: tuple[Part[Amounts | None], ...]
    frame: tuple[Part[Amounts], ...]


@dataclass(frozen=True, slots=True)
class _Layers:
    """A row before it is measured: its layers, and what is learned beside them."""

    layers: tuple[Layer, ...]
    beside: tuple[LayerCost, ...] = ()
    state: State | None = None

    def price(self) -> Amounts:
        """What it costs."""
        from archdsl.cost.table import layer_cost

        return amounts((*map(layer_cost, self.layers), *self.beside))


class Table:
    """Every part of a space with what its rows cost.

    stem: into the first stage; entries: (stage, map before it) -> into that stage
    depths: (stage, run) -> depths; blocks: (stage, run, map) -> the parts of a block
    sides: (stage, map) -> positions and norms of the stage itself; heads: by map
    rate: drop_path, which costs nothing and is a decision all the same
    layers: how many distinct layers were measured

    Raises CountError, with the component's name, for a layer whose cost is not known exactly or
    hangs on anything but its options and shapes.
    """

    def __init__(self, document: Document, holes: Holes, progress: Progress = no_progress) -> None:
        self.document = document
        self._read = Reader(document, holes)
        count = len(document.stages)
        self.rate = self._read.part(("drop_path",), lambda placed: next(placed.drop_path(2)))
        self.depths = {
            (index, number): self._depth(scope)
            for index, stage in enumerate(document.stages)
            for number, scope in enumerate(stage.runs or [stage])
        }
        stem = self._read.part(("stem", "stages.0.dim"), _stem)
        entries: dict[tuple[int, State], Part[_Layers]] = {}
        states = [self._reached(0, [(Ways(), stem)])]
        for index in range(1, count):
            own = (f"stages.{index}.dim", f"stages.{index}.downsample")
            leading = []
            for state in states[-1]:
                part = self._read.part(own, _entry(index), index - 1, state)
                entries[index, state] = part
                leading.append((self._read.ways[index - 1, state], part))
            states.append(self._reached(index, leading))
        blocks = {
            (index, number, state): self._block(index, stage, number, state)
            for index, stage in enumerate(document.stages)
            for number in range(len(stage.runs or [stage]))
            for state in states[index]
        }
        sides = {
            (index, state): self._sides(index, state)
            for index in range(count)
            for state in states[index]
        }
        heads = {state: self._read.part(("head",), _head, count - 1, state) for state in states[-1]}
        every: list[Part[_Layers]] = [stem, *entries.values(), *heads.values()]
        for parts in (*blocks.values(), *sides.values()):
            every.extend(parts)
        self.layers = _measure(every, progress)
        self.states = states
        self.stem = _arrivals(stem)
        self.entries = {key: _arrivals(part) for key, part in entries.items()}
        self.blocks = {
            key: BlockParts(tuple(map(_branch, parts[:2])), tuple(map(_priced, parts[2:])))
            for key, parts in blocks.items()
        }
        self.sides = {key: tuple(map(_priced, parts)) for key, parts in sides.items()}
        self.heads = {state: _priced(part) for state, part in heads.items()}

    def parts(self) -> list[Part[Any]]:
        """Every part."""
        found: list[Part[Any]] = [self.rate, self.stem]
        found.extend(self.depths.values())
        found.extend(self.entries.values())
        for block in self.blocks.values():
            found.extend((*block.mixers, *block.frame))
        for sides in self.sides.values():
            found.extend(sides)
        return [*found, *self.heads.values()]

    def _reached(
        self, index: int, leading: Iterable[tuple[Ways, Part[_Layers]]]
    ) -> tuple[State, ...]:
        """The maps that a stage can have, with the ways to them put on record.

        leading: what leads into the stage, and the ways to the map that it starts from
        """
        found: dict[State, list[Record]] = {}
        for ways, part in leading:
            for row in part.rows:
                assert row.value.state is not None, "what leads into a stage leads to a map"
                found.setdefault(row.value.state, []).extend(ways.extended(row.shared))
        for state, records in found.items():
            self._read.ways[index, state] = Ways(records)
        return tuple(found)

    def _depth(self, scope: Scope) -> Part[int]:
        return self._read.part((f"{scope.address}.depth",), lambda placed: placed.depth(scope))

    def _block(
        self, index: int, stage: Scope, number: int, state: State
    ) -> tuple[Part[_Layers], ...]:
        run = None if stage.runs is None else stage.runs[number]
        own = [f"stages.{index}.blocks.0."]
        if run is not None:
            own.append(f"{run.address}.blocks.0.")
        at = BlockPlace(stage, run, Place(index, 0, None if run is None else number, 0))
        last = max(0, max(row.value for row in self.depths[index, number].rows) - 1)

        def read(value: Callable[[Placed], _Layers]) -> Part[_Layers]:
            return self._read.part(tuple(own), value, index, state)

        def layers(key: str) -> Callable[[Placed], _Layers]:
            address = f"{stage.address}.blocks.0.{key}"
            return lambda placed: _Layers(_everywhere(placed.mixers(at, key, address), last))

        def vector(key: str) -> Callable[[Placed], _Layers]:
            return lambda placed: _vector(placed.block_number(at, key), (state.dim, *state.size))

        mixers = (read(layers(key)) for key in MIXERS)
        return (*mixers, read(layers("norm")), *(read(vector(key)) for key in FRAME[1:]))

    def _sides(self, index: int, state: State) -> tuple[Part[_Layers], ...]:
        def read(key: str, value: Callable[[Placed], Layer | None]) -> Part[_Layers]:
            own = (f"stages.{index}.{key}",)
            return self._read.part(own, lambda placed: _only(value(placed)), index, state)

        return (
            read("pos_embed", lambda placed: placed.pos_embed(index)),
            read("out_norm", lambda placed: placed.out_norm(index)),
        )


def _stem(placed: Placed) -> _Layers:
    from archdsl.cost.table import class_token_cost

    layers, state = placed.entry(0), placed.state(0)
    before = layers[-1].out_shape if layers else placed.input
    after = (state.dim, *state.size)
    token = (class_token_cost(before, after),) if placed.class_token else ()
    return _Layers(layers, token, state)


def _entry(index: int) -> Callable[[Placed], _Layers]:
    return lambda placed: _Layers(placed.entry(index), (), placed.state(index))


def _head(placed: Placed) -> _Layers:
    return _only(placed.head())


def _only(layer: Layer | None) -> _Layers:
    return _Layers(() if layer is None else (layer,))


def _vector(initial: float | None, shape: Shape) -> _Layers:
    from archdsl.cost.table import vector_cost

    return _Layers((), () if initial is None else (vector_cost(shape),))


def _everywhere(layers: tuple[Layer, ...], last: int) -> tuple[Layer, ...]:
    """Layers that are told their block's index, as the last block has them.

    Measuring them refuses a cost that is another one there than in the first block.
    """

    def there(layer: Layer) -> Layer:
        context = ((name, last if name == "depth_index" else v) for name, v in layer.context)
        return replace(layer, context=tuple(context))

    return tuple(map(there, layers))


def _measure(parts: Iterable[Part[_Layers]], progress: Progress) -> int:
    """Measure each distinct layer, so that pricing a row is looking up."""
    from archdsl.cost.table import layer_cost

    distinct: dict[object, Layer] = {}
    for part in parts:
        for row in part.rows:
            for layer in row.value.layers:
                key = (layer.component, layer.context, layer.in_shape, layer.out_shape)
                distinct.setdefault(key, layer)
    for done, layer in enumerate(distinct.values(), start=1):
        layer_cost(layer)
        progress(done, len(distinct))
    return len(distinct)


def _mapped(part: Part[_Layers], value: Callable[[_Layers], T]) -> Part[T]:
    return Part(Row(row.shared, row.own, value(row.value)) for row in part.rows)


def _priced(part: Part[_Layers]) -> Part[Amounts]:
    return _mapped(part, _Layers.price)


def _branch(part: Part[_Layers]) -> Part[Amounts | None]:
    return _mapped(part, lambda made: made.price() if made.layers else None)


def _arrivals(part: Part[_Layers]) -> Part[Arrival]:
    def value(made: _Layers) -> Arrival:
        assert made.state is not None, "what leads into a stage leads to a map"
        return Arrival(made.state, made.price())

    return _mapped(part, value)
