"""The rows of a cost as people read them: by stage, with equal blocks as one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.amounts import bounded, kind, named, of_layer
from archdsl.compiler.network import Block, Network, Shape, Stage
from archdsl.compiler.outline import alike

if TYPE_CHECKING:
    from archdsl.cost import Cost, LayerCost

_IN = 2


@dataclass(frozen=True, slots=True)
class CostRow:
    """A row: what a module costs, or several together.

    amounts: by name, the kinds that a budget speaks of; out: the shape after it
    """

    name: str
    indent: int
    amounts: dict[str, int]
    out: Shape


def counted_rows(network: Network, cost: Cost, *, every: bool) -> list[CostRow]:
    """The rows of a network: of a stage its sum first, then its layers and its blocks.

    every: whether each block has its own rows; else equal blocks in a row are one, which has what
        all of them cost
    """
    stages = {f"{stage.address}.": stage for stage in network.stages}
    rows: list[CostRow] = []

    def stage_of(item: tuple[str, LayerCost]) -> Stage | None:
        return next((stage for begin, stage in stages.items() if item[0].startswith(begin)), None)

    for stage, items in itertools.groupby(cost.by_address.items(), key=stage_of):
        if stage is None:
            rows += [_row(address, 0, row) for address, row in items]
        else:
            rows += _stage(stage, dict(items), every)
    return rows


def _stage(stage: Stage, items: dict[str, LayerCost], every: bool) -> list[CostRow]:
    parts = {block.address: _parts(block, items) for block in stage.blocks}
    own = [address for address in items if not address.startswith(f"{stage.address}.blocks.")]
    last = None if stage.out_norm is None else stage.out_norm.address
    inner = [
        *(_row(address, _IN, items[address]) for address in own if address != last),
        *_blocks(stage.blocks, parts, every),
        *(_row(address, _IN, items[address]) for address in own if address == last),
    ]
    whole = _together(row.amounts for row in inner if row.indent == _IN)
    return [CostRow(stage.address, 0, whole, stage.shape), *inner]


def _blocks(
    blocks: Sequence[Block], parts: dict[str, dict[str, LayerCost]], every: bool
) -> Iterator[CostRow]:
    def key(block: Block) -> object:
        if every:
            return block.address
        return alike(block), tuple(parts[block.address].values())

    for _, equal in itertools.groupby(blocks, key=key):
        group = list(equal)
        first, many = group[0], len(group)
        name = first.address
        if many > 1:
            name = f"{name}–{group[-1].address.rpartition('.')[2]}  ×{many}"
        rows = [
            _row(address.removeprefix(f"{first.address}."), 2 * _IN, row, many)
            for address, row in parts[first.address].items()
        ]
        yield CostRow(name, _IN, _together(row.amounts for row in rows), first.shape)
        yield from rows


def _parts(block: Block, items: dict[str, LayerCost]) -> dict[str, LayerCost]:
    return {a: row for a, row in items.items() if a.startswith(f"{block.address}.")}


def _row(name: str, indent: int, row: LayerCost, many: int = 1) -> CostRow:
    amounts = named(of_layer(row, name))
    return CostRow(
        name, indent, {n: kind(n).times(amounts[n], many) for n in bounded()}, row.out_shape
    )


def _together(amounts: Iterable[dict[str, int]]) -> dict[str, int]:
    """What parts cost together; nothing for a block without a part."""
    each = list(amounts)
    return {name: kind(name).all([one[name] for one in each] or [0]) for name in bounded()}
