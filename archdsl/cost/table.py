"""The cost of a network: every layer measured once, alone, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING, TypeAlias

from archdsl.amounts import bounded, kind, named, of_layer, total
from archdsl.compiler.network import Layer, Network, Shape
from archdsl.components.component import Component
from archdsl.cost.operators import registered_rules
from archdsl.cost.origin import modules_of, origin
from archdsl.cost.store import Stored, store, stored
from archdsl.errors import CountError
from archdsl.printable import shown

if TYPE_CHECKING:
    from torch import nn

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total)."""


def no_progress(done: int, total: int) -> None:
    """Progress that nobody watches."""


REMEMBERED = 1 << 16
"""Layers whose cost is kept; a row is under a kilobyte."""


@dataclass(frozen=True, slots=True)
class LayerCost:
    """What one layer costs at batch 1.

    macs: multiply-accumulates of its contractions, deployed
    params: parameters of the deployed form, frozen ones included; train_params: before folding
    in_shape, out_shape: (C, H, W)
    """

    macs: int
    params: int
    train_params: int
    in_shape: Shape
    out_shape: Shape

    @property
    def activations(self) -> int:
        """Elements that go in and come out."""
        return prod(self.in_shape) + prod(self.out_shape)


Rows: TypeAlias = dict[str, LayerCost]
"""Address -> what the module there costs."""


class Cost:
    """What a network costs, as exact integers: `cost.macs`, or `cost["macs"]` for any kind.

    by_address: a row for each module with a cost of its own, in the order of the forward pass
    """

    __slots__ = ("_rows", "_totals")

    def __init__(
        self, totals: Mapping[str, int], rows: Mapping[str, LayerCost] | Callable[[], Rows]
    ) -> None:
        """totals: kind -> its amount; rows: by address, or what gives them if somebody asks."""
        self._totals = dict(totals)
        self._rows = rows if callable(rows) else dict(rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates, the sum over its rows."""
        return self._totals["macs"]

    @property
    def params(self) -> int:
        """Parameters of the deployed form, the sum over its rows."""
        return self._totals["params"]

    @property
    def train_params(self) -> int:
        """Parameters before folding, the sum over its rows."""
        return self._totals["train_params"]

    @property
    def activations(self) -> int:
        """The most elements that go into and come out of any one layer, at batch 1."""
        return self._totals["activations"]

    @property
    def by_address(self) -> Rows:
        """What each module costs."""
        if callable(self._rows):
            self._rows = self._rows()
        return self._rows

    def totals(self) -> dict[str, int]:
        """Every kind by name."""
        return dict(self._totals)

    def __getitem__(self, name: str) -> int:
        if not isinstance(name, str) or name not in self._totals:
            known = ", ".join(self._totals)
            raise CountError(f"no cost is called {shown(name)}.  choose from {known}")
        return self._totals[name]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cost):
            return NotImplemented
        return self._totals == other._totals and self.by_address == other.by_address

    __hash__ = None  # type: ignore[assignment]  # it holds a dict

    def __reduce__(self) -> tuple[type[Cost], tuple[dict[str, int], Rows]]:
        return Cost, (self._totals, self.by_address)

    def __repr__(self) -> str:
        return f"Cost({', '.join(f'{name}={number:_}' for name, number in self._totals.items())})"

    def _repr_html_(self) -> str:
        from archdsl.views.card import CardTable, card, facts
        from archdsl.views.rows import Column, TableRow

        tables = [facts([(name, f"{number:,}") for name, number in self._totals.items()])]
        if not callable(self._rows):  # a member's rows are measured when somebody asks for them
            names = bounded()
            columns = (Column("address"), *(Column(kind(n).heading, right=True) for n in names))
            rows = [
                TableRow((place, *(f"{amounts[name]:,}" for name in names)))
                for place, amounts in by_place(self._rows)
            ]
            tables.append(CardTable(columns, rows))
        return card("Cost", "of one image, deployed", tables)


def by_place(rows: Rows) -> Iterator[tuple[str, dict[str, int]]]:
    """What stem, class token, stages and head cost, each as one: by name of the cost."""

    def place(item: tuple[str, LayerCost]) -> str:
        first, _, rest = item[0].partition(".")
        return f"stages.{rest.partition('.')[0]}" if first == "stages" else first

    for where, items in groupby(rows.items(), key=place):
        yield where, named(total(of_layer(row, address) for address, row in items))


def count(network: Network, progress: Progress = no_progress) -> Cost:
    """The cost of a network, layer by layer; nothing larger than a layer is built.

    progress: called with the number of modules counted and the number of all layers
    Raises CountError for a layer whose cost is not known exactly, and for one that takes over two
    gigabytes of memory to be measured, before it takes them.
    """
    total_layers = sum(1 for _ in network.layers())
    rows: Rows = {}
    for address, row in _rows(network):
        rows[address] = row
        progress(min(len(rows), total_layers), total_layers)
    return Cost(named(total(of_layer(row, address) for address, row in rows.items())), rows)


def count_or_reason(network: Network) -> tuple[Cost | None, str]:
    """The cost of a network, or none and why it is not known."""
    try:
        return count(network), ""
    except CountError as error:
        return None, str(error)


class Misshapen(CountError):
    """A layer that gives another shape than the network has for it."""


def layer_cost(layer: Layer) -> LayerCost:
    """The cost of one layer: measured once for its options, context and shapes.

    Raises CountError, also where the cost depends on the layer's place in the depth.
    """
    row = _remembered(layer)
    if dict(layer.context).get("depth_index"):
        context = tuple((k, 0 if k == "depth_index" else v) for k, v in layer.context)
        if _remembered(replace(layer, context=context)) != row:
            raise CountError(
                f"{layer.address}: {layer.component.type} does not cost the same in every block, "
                "and a cost depends on options and shapes alone.  make what changes an option"
            )
    return row


def _rows(network: Network) -> Iterator[tuple[str, LayerCost]]:
    def cost(layers: Iterable[Layer | None]) -> Iterator[tuple[str, LayerCost]]:
        for layer in layers:
            if layer is not None:
                yield layer.address, layer_cost(layer)

    yield from cost(network.stem)
    if network.class_token:
        before = network.stem[-1].out_shape if network.stem else network.input
        yield "class_token", class_token_cost(before, network.stages[0].shape)
    for stage in network.stages:
        yield from cost((*stage.downsample, stage.pos_embed))
        for block in stage.blocks:
            for branch in block.branches:
                yield from cost((branch.norm, *branch.mixers))
                for name in ("layer_scale", "res_scale"):
                    if getattr(branch, name) is not None:
                        yield f"{block.address}.{name}{branch.index}", vector_cost(block.shape)
        yield from cost((stage.out_norm,))
    yield from cost((network.head,))


def vector_cost(shape: Shape) -> LayerCost:
    """A learned number for each channel, multiplied in."""
    return LayerCost(0, shape[0], shape[0], shape, shape)


def class_token_cost(before: Shape, after: Shape) -> LayerCost:
    """A learned position put before those of a map."""
    return LayerCost(0, after[0], after[0], before, after)


_known: dict[Hashable, LayerCost] = {}


def _remembered(layer: Layer) -> LayerCost:
    key = (
        layer.component, _classes(layer.component), layer.context, layer.in_shape, layer.out_shape,
        registered_rules(),
    )  # fmt: skip
    row = _known.get(key)
    if row is None:
        row = _kept(layer)
        while len(_known) >= REMEMBERED:
            del _known[next(iter(_known))]
        _known[key] = row
    return row


def _kept(layer: Layer) -> LayerCost:
    """The cost that the store has of a layer, or else a measured one."""
    rules = (getattr(rule, "__module__", None) or "" for _, rule in registered_rules())
    key = origin(layer, (*modules_of(layer.component), *rules))
    if key is None:
        return _measured(layer)
    found = stored(key)
    if found is not None and (found.in_shape, found.out_shape) == (layer.in_shape, layer.out_shape):
        return LayerCost(*found)
    row = _measured(layer)
    store(key, Stored(row.macs, row.params, row.train_params, row.in_shape, row.out_shape))
    return row


def _classes(component: Component) -> tuple[type, ...]:
    """The classes behind a component: one that is registered again is another component."""
    return (component.definition.cls, *(inner.definition.cls for inner in component.nested()))


def _measured(layer: Layer) -> LayerCost:
    from archdsl.compiler.builder import build_layer
    from archdsl.cost.measure import measure
    from archdsl.cost.steady import measure_twice

    component = layer.component

    def make() -> nn.Module:
        return build_layer(layer)

    if all(cls.__module__.startswith(("archdsl.", "torch.")) for cls in _classes(component)):
        measured = measure(make, layer.in_shape, layer.address, ours=True)
    else:
        measured = measure_twice(make, layer.in_shape, layer.address, component.type)
    out = measured.out_shape if len(measured.out_shape) == 3 else (*measured.out_shape, 1, 1)
    # logits are (classes,) of the module, (classes, 1, 1) of the network
    if out != layer.out_shape:
        raise Misshapen(
            f"{layer.address}: {layer.component.type} gives {_sides(measured.out_shape)} where "
            f"the network expects {_sides(layer.out_shape)}"
        )
    return LayerCost(
        measured.macs, measured.params, measured.train_params, layer.in_shape, layer.out_shape
    )


def _sides(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
