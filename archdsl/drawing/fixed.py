"""The plan of a network, with its costs beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from archdsl.amounts import bounded, kind
from archdsl.compiler.network import Block, Branch, Layer, Network, Stage
from archdsl.compiler.outline import alike, ends
from archdsl.compiler.spec_text import component_text, shape_text
from archdsl.cost import Cost, by_place
from archdsl.drawing.folding import folded
from archdsl.drawing.kinds import Mixer
from archdsl.drawing.plan import BlockCell, CellGroup, LayerCell, MixerPlace, Plan, PlanRow
from archdsl.units import counted


def plan(network: Network, cost: Cost | None, notes: tuple[str, ...] = ()) -> Plan:
    """What a picture of a network says. cost: None where it is not known"""
    by_row = None if cost is None else _by_row(cost)
    rows = [_stem(network), *map(_stage, network.stages)]
    if network.head is not None:
        classes = counted(network.classes, "class", "classes")
        shape = network.head.in_shape
        rows.append(PlanRow("head", shape, (classes,), None, before=(_layer_cell(network.head),)))
    return Plan(
        network.name,
        ends(network),
        tuple(_with_amounts(row, by_row) for row in rows),
        None if cost is None else {name: cost[name] for name in bounded()},
        notes,
    )


def _with_amounts(row: PlanRow, by_row: Mapping[str, dict[str, int]] | None) -> PlanRow:
    """A row with what it costs, where that is known."""
    if by_row is None:
        return row
    nothing = dict.fromkeys(bounded(), 0)
    return replace(row, amounts=by_row.get(row.address, nothing))


def _layer_cell(layer: Layer) -> LayerCell:
    """A layer that is no block's."""
    options = dict(layer.component.options)
    kernel, before, after = options.get("kernel"), layer.in_shape, layer.out_shape
    words = [f"{kernel}×{kernel}"] if isinstance(kernel, int) else []
    if layer.address != "head" and after[1] < before[1]:
        words.append(f"÷{round(before[1] / after[1])}")
    return LayerCell(layer.component.type, " ".join(words), after)


def _block_parts(branches: Iterable[Branch]) -> tuple[MixerPlace, ...]:
    """The mixers of a block, in order."""
    return tuple(
        MixerPlace((Mixer(mixer.component.type, (mixer.component,)),))
        for branch in branches
        for mixer in branch.mixers
    )


def _norm_words(branches: Iterable[Branch]) -> str:
    """The norms of a block: one word where they are one."""
    said = (component_text(one.norm.component) if one.norm else "none" for one in branches)
    return ", ".join(dict.fromkeys(said))


def _stem(network: Network) -> PlanRow:
    cells = [_layer_cell(layer) for layer in network.stem]
    shape = network.stages[0].shape
    if network.class_token:
        cells.append(LayerCell("class_token", "", shape))
    return PlanRow("stem", shape, (shape_text(shape),), None, before=tuple(cells))


def _stage(stage: Stage) -> PlanRow:
    keys = [alike(block) for block in stage.blocks]
    first: dict[object, Block] = {}
    for key, block in zip(keys, stage.blocks, strict=True):
        first.setdefault(key, block)
    groups = [
        CellGroup(tuple(_cell(first[key], many) for key, many in one.items), one.times)
        for one in folded(keys)
    ]
    words = (shape_text(stage.shape), counted(len(stage.blocks), "block"))
    before = [*stage.downsample, *([] if stage.pos_embed is None else [stage.pos_embed])]
    after = [] if stage.out_norm is None else [stage.out_norm]
    return PlanRow(
        stage.address, stage.shape, words, None, tuple(map(_layer_cell, before)), tuple(groups),
        tuple(map(_layer_cell, after)),
    )  # fmt: skip


def _cell(block: Block, many: int) -> BlockCell:
    return BlockCell(_block_parts(block.branches), _norm_words(block.branches), many, many)


def _by_row(cost: Cost) -> dict[str, dict[str, int]]:
    """What stem, stages and head cost, by name of the cost; a class token is the stem's."""
    found: dict[str, list[dict[str, int]]] = {}
    for place, amounts in by_place(cost.by_address):
        found.setdefault("stem" if place == "class_token" else place, []).append(amounts)
    return {
        place: {name: kind(name).all([one[name] for one in amounts]) for name in bounded()}
        for place, amounts in found.items()
    }
