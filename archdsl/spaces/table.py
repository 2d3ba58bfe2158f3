"""The cost table of a space: each distinct layer measured once, by the part that it stands in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from archdsl.amounts import Amounts, kinds
from archdsl.compiler.geometry import MapState
from archdsl.compiler.network import Layer
from archdsl.progress import Progress, unwatched
from archdsl.spaces.parts import BlockParts, Layers, Parts
from archdsl.spaces.rows import PartRows, mapped


@dataclass(frozen=True, slots=True)
class Arrival:
    """What leads into a stage: the map that comes of it, and what it costs."""

    state: MapState
    amounts: Amounts


class Table:
    """Every part of a space with what its rows cost; see `Parts` for their names.

    blocks: what a token and a channel mixer cost, None where there is none and so no branch,
        and what a norm and scales add to each branch
    layers: how many distinct layers were measured; kinds: the kinds of cost that there were

    Raises CountError, with the component's name, for a layer whose cost is not known exactly or
    depends on anything but its options and shapes.
    """

    def __init__(self, parts: Parts, progress: Progress = unwatched) -> None:
        self.document, self.states = parts.document, parts.states
        self.rate, self.depths = parts.rate, parts.depths
        self.kinds = kinds()
        self.layers = _measure(parts.measured(), progress)
        self.stem = mapped(parts.stem, _arrival)
        self.entries = {key: mapped(part, _arrival) for key, part in parts.entries.items()}
        self.blocks = {
            key: BlockParts(
                tuple(mapped(part, _branch) for part in block.mixers),
                tuple(map(_priced, block.frame)),
            )
            for key, block in parts.blocks.items()
        }
        self.sides = {key: tuple(map(_priced, its)) for key, its in parts.sides.items()}
        self.heads = {state: _priced(part) for state, part in parts.heads.items()}

    def parts(self) -> list[PartRows[Any]]:
        """Every part."""
        found: list[PartRows[Any]] = [self.rate, self.stem]
        found.extend(self.depths.values())
        found.extend(self.entries.values())
        for block in self.blocks.values():
            found.extend((*block.mixers, *block.frame))
        for sides in self.sides.values():
            found.extend(sides)
        return [*found, *self.heads.values()]


def _measure(parts: Iterable[PartRows[Layers]], progress: Progress) -> int:
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


def _priced(part: PartRows[Layers]) -> PartRows[Amounts]:
    return mapped(part, lambda made: made.amounts)


def _branch(made: Layers) -> Amounts | None:
    return made.amounts if made.layers else None


def _arrival(made: Layers) -> Arrival:
    return Arrival(made.leads_to, made.amounts)
