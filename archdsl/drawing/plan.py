"""What a picture of a network says, before anything in it has a place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from archdsl.compiler.network import Shape
from archdsl.drawing.kinds import Mixer


@dataclass(frozen=True, slots=True)
class MixerPlace:
    """A place in a block at which a mixer stands: one, or any of several that are left open."""

    answers: tuple[Mixer, ...]

    @property
    def is_open(self) -> bool:
        """Whether it is left open what stands there."""
        return len(self.answers) > 1 or any(len(one.components) > 1 for one in self.answers)


@dataclass(frozen=True, slots=True)
class BlockCell:
    """Blocks of one sort in a row.

    parts: in the order of the forward pass; norm: before each of them
    least, most: how many blocks; not the same where that is left open
    """

    parts: tuple[MixerPlace, ...]
    norm: str
    least: int = 1
    most: int = 1

    @property
    def times(self) -> str:
        """How many, as `6` or `4–9`."""
        return f"{self.least}" if self.least == self.most else f"{self.least}–{self.most}"

    @property
    def is_open(self) -> bool:
        """Whether anything of it is."""
        return self.least != self.most or any(part.is_open for part in self.parts)


@dataclass(frozen=True, slots=True)
class LayerCell:
    """A layer that is no block's: of the stem, a downsample, a norm, a head.

    words: below its name, such as what it does to the map's sides
    """

    name: str
    words: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class CellGroup:
    """Cells that come one after another, all of them so many times."""

    cells: tuple[BlockCell, ...]
    times: int = 1


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What is drawn side by side: the stem, a stage, the head.

    shape: of its map; dims: where its width is left open, the smallest and the largest
    words: below its name, a line each; amounts: what it costs, if it is known
    """

    address: str
    shape: Shape
    words: tuple[str, ...]
    amounts: dict[str, int] | None
    before: tuple[LayerCell, ...] = ()
    groups: tuple[CellGroup, ...] = ()
    after: tuple[LayerCell, ...] = ()
    dims: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole picture.

    words: below its name, from what to what; totals: what all rows cost together, if it is known
    notes: what else is to be known, a line each
    """

    name: str
    words: str
    rows: tuple[PlanRow, ...]
    totals: dict[str, int] | None
    notes: tuple[str, ...] = field(default=())

    @property
    def norms(self) -> set[str]:
        """The norms of its blocks."""
        return {cell.norm for cell in self._cells()}

    def mixers(self) -> Iterator[Mixer]:
        """Every mixer, those of the first branches first: so that they have the first colours."""
        cells = list(self._cells())
        most = max((len(cell.parts) for cell in cells), default=0)
        for place in range(most):
            for cell in cells:
                for part in cell.parts[place : place + 1]:
                    yield from part.answers

    def _cells(self) -> Iterator[BlockCell]:
        for row in self.rows:
            for group in row.groups:
                yield from group.cells
