"""The plan of a space: its default member, and at each place all that may stand there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from archdsl.compiler.blocks import MIXERS, NORM, BlockPlace, depth, first_blocks
from archdsl.compiler.combinations import Ask, every_record
from archdsl.compiler.lower import Lowering
from archdsl.compiler.network import Layer
from archdsl.components.component import Component
from archdsl.drawing.kinds import OR, Mixer, value_words
from archdsl.drawing.plan import BlockCell, CellGroup, MixerPlace, Plan, PlanRow
from archdsl.language import positions
from archdsl.language.decisions import Holes
from archdsl.language.document import Document, Scope
from archdsl.language.holes import Answer
from archdsl.language.remembered import Remembered
from archdsl.language.write import inline
from archdsl.units import plural

T = TypeVar("T")

_LISTED = 3  # numbers; of more than these the first and the last are said
_SEEN = {*MIXERS, NORM, "dim", "depth"}
"""What a picture shows in its blocks."""


def opened(plan: Plan, document: Document, holes: Holes) -> Plan:
    """The plan of a space's default member, with what the space leaves open in its stages."""
    look = _EveryAnswer(document, holes)
    rows = list(plan.rows)
    for at, row in enumerate(rows):
        for index, stage in enumerate(document.stages):
            if row.address == stage.address:
                rows[at] = look.stage(index, stage, row)
    others = look.others()
    found = replace(plan, rows=tuple(rows))
    notes = [f"also open: {', '.join(others)}"] if others else []
    if len(found.norms) == 1 and OR in (norm := next(iter(found.norms))):
        notes.append(f"norm of the blocks: {norm}")
    return replace(found, notes=(*plan.notes, *notes))


class _EveryAnswer:
    """Looks at a document under every combination of answers that a place depends on."""

    def __init__(self, document: Document, holes: Holes) -> None:
        self._document, self._holes = document, holes
        self._kept = Remembered()

    def stage(self, index: int, scope: Scope, row: PlanRow) -> PlanRow:
        """A stage's row with what is left open in it."""
        shapes = self._all(lambda lowering: lowering.geometry.shape(index))
        cells = [self._cell(at) for at in first_blocks(index, scope)]
        dims = sorted({shape[0] for shape in shapes})
        if any(cell.is_open for cell in cells):
            groups = tuple(CellGroup((cell,)) for cell in cells)
            least, most = sum(cell.least for cell in cells), sum(cell.most for cell in cells)
            depth = f"{max(least, 1)}–{most}" if least != most else f"{most}"
            blocks = f"{depth} {plural(most, 'block')}"
        else:
            groups, blocks = row.groups, row.words[-1]
        sizes = " | ".join(dict.fromkeys(f"{shape[1]}×{shape[2]}" for shape in shapes))
        return replace(
            row, groups=groups, dims=(dims[0], dims[-1]) if len(dims) > 1 else None,
            words=(f"{_numbers(dims)}×{sizes}", blocks),
        )  # fmt: skip

    def others(self) -> list[str]:
        """What is left open elsewhere, with its answers."""
        return [
            f"{home.scope}.{home.path}".lstrip(".")
            + f" {OR.join(map(inline, self._holes.by_node[node].answers))}"
            for node, home in self._holes.homes.items()
            if home.path.partition(".")[0] not in _SEEN
        ]

    def _cell(self, at: BlockPlace) -> BlockCell:
        scope = at.run or at.stage
        type_ = positions.DEPTH if at.run is None else positions.RUN_DEPTH
        depths = self._all(lambda lowering: depth(lowering.resolver, scope, type_))
        norms = self._all(
            lambda lowering: next(
                (layer.component for layer in lowering.blocks.layers(at, NORM)), None
            )
        )
        parts = tuple(part for key in MIXERS for part in self._parts(at, key))
        return BlockCell(parts, value_words(norms), min(depths), max(depths))

    def _parts(self, at: BlockPlace, key: str) -> Iterator[MixerPlace]:
        """The mixers of a branch: for each place in it what may stand there."""
        found: list[tuple[str, tuple[Layer, ...]]] = []
        for record, layers in every_record(lambda ask: self._lowering(ask).blocks.layers(at, key)):
            found.append((_label(record, key), layers))
        for place in range(max(len(layers) for _, layers in found)):
            yield MixerPlace(
                _mixers(
                    (label, layers[place].component if place < len(layers) else None)
                    for label, layers in found
                )
            )

    def _all(self, look: Callable[[Lowering], T]) -> list[T]:
        """What is seen under all answers, each once."""
        seen = every_record(lambda ask: look(self._lowering(ask)))
        return list(dict.fromkeys(found for _, found in seen))

    def _lowering(self, ask: Ask) -> Lowering:
        return Lowering(self._document, self._holes, ask, kept=self._kept)


def _label(record: dict[str, Answer], key: str) -> str:
    """Which option of a mixer's own choice this is, if it is left open."""
    return next((str(answer) for a, answer in record.items() if a.endswith(f".{key}")), "")


def _mixers(found: Iterable[tuple[str, Component | None]]) -> tuple[Mixer, ...]:
    """What may stand at a place: by type, and by option where several are of one type."""
    labels: dict[str, set[str]] = {}
    typed = [(label, one, one.type if one else "none") for label, one in found]
    for label, _, type_ in typed:
        labels.setdefault(type_, set()).add(label)
    grouped: dict[tuple[str, str], dict[Component, None]] = {}
    for label, one, type_ in typed:
        name = label if label and len(labels[type_]) > 1 else type_
        grouped.setdefault((name, type_), {}).update({} if one is None else {one: None})
    return tuple(Mixer(name, tuple(components)) for (name, _), components in grouped.items())


def _numbers(found: list[int]) -> str:
    """Numbers that may be chosen: all of a few, the first and the last of many."""
    if len(found) <= _LISTED:
        return "|".join(map(str, found))
    return f"{found[0]}–{found[-1]}"
