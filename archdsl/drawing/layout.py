"""Plans as a picture of shapes: one, or two side by side on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archdsl.amounts import written
from archdsl.drawing.cells import DrawnPiece, group_piece, layer_piece
from archdsl.drawing.kinds import Badge, Mixer, badges
from archdsl.drawing.legend import inside, legend
from archdsl.drawing.plan import BlockCell, Plan, PlanRow
from archdsl.drawing.scale import WORDS, DrawnScale, scale_of
from archdsl.units import share
from archdsl.views.shapes import Box, Shape, Sketch, Stroke, Words, broken, cut, moved

_MARGIN = 18.0
_LEFT = 118.0  # where the cells of a plan begin
_CELLS = (260.0, 500.0)  # how far they go at least, and at most, unless one is wider
_MACS, _PARAMS, _BAR, _RIGHT = 68.0, 130.0, 146.0, 258.0  # right, right, left, right: after them
_BAR_WIDTH = 62.0
_BETWEEN = 11.0  # cells
_ROW_GAP = 12.0
_SMALL, _TEXT, _HEAD, _TITLE = 8.5, 9.5, 10.5, 15.0
_APART = 40.0  # two plans


def layout(plans: Sequence[Plan]) -> Sketch:
    """The picture of a plan, or of several side by side."""
    told = badges(mixer for plan in plans for mixer in plan.mixers())
    every = [row for plan in plans for row in plan.rows]
    dims = [row.dims[1] if row.dims else row.shape[0] for row in every]
    scale = scale_of(dims, [shape for row in every for shape in _shapes_of(row)])
    rows = [[_pieces(row, plan, told, scale) for row in plan.rows] for plan in plans]
    needed = max(_length(pieces) for of_plan in rows for pieces in of_plan)
    widest = max(piece.width for of_plan in rows for pieces in of_plan for piece in pieces)
    cells = min(max(needed, _CELLS[0]), max(widest, _CELLS[1]))
    wide = _LEFT + cells + _RIGHT
    shapes: list[Shape] = []
    heights = []
    for place, (plan, pieces) in enumerate(zip(plans, rows, strict=True)):
        drawn, height = _Panel(plan, pieces, cells).drawn()
        shapes += moved(drawn, _MARGIN + place * (wide + _APART), _MARGIN)
        heights.append(height)
    width = len(plans) * wide + (len(plans) - 1) * _APART
    y = _MARGIN + max(heights) + 8
    for drawn, height in (legend(told, width), inside(told, width), _how(width)):
        shapes += moved(drawn, _MARGIN, y)
        y += height + (6 if height else 0)
    title = ". ".join(map(_said, plans))
    return Sketch(round(width + 2 * _MARGIN, 1), round(y + _MARGIN - 6, 1), tuple(shapes), title)


def _pieces(
    row: PlanRow, plan: Plan, told: Mapping[Mixer, Badge], scale: DrawnScale
) -> list[DrawnPiece]:
    """What stands in a row, from left to right."""
    norms = len(plan.norms) > 1
    return [
        *(layer_piece(cell, scale) for cell in row.before),
        *(group_piece(group, row, told, scale, norms=norms) for group in row.groups),
        *(layer_piece(cell, scale) for cell in row.after),
    ]


@dataclass(frozen=True, slots=True)
class _Panel:
    """One plan: its heading, and its rows one below the other. cells: how far its cells may go"""

    plan: Plan
    pieces: Sequence[Sequence[DrawnPiece]]
    cells: float

    @property
    def _costs(self) -> float:
        return _LEFT + self.cells

    def drawn(self) -> tuple[list[Shape], float]:
        """Its shapes, and how high they are."""
        shapes, y = self._heading()
        width = self._costs + _RIGHT
        for row, pieces in zip(self.plan.rows, self.pieces, strict=True):
            shapes.append(Stroke(0, y, width, y, faint=True))
            drawn, height = self._row(row, pieces)
            shapes += moved(drawn, 0, y)
            y += height
        shapes.append(Stroke(0, y, width, y, faint=True))
        return shapes, y

    def _heading(self) -> tuple[list[Shape], float]:
        plan = self.plan
        room = self._costs
        shapes: list[Shape] = [
            Words(0, 13, cut(plan.name, room, _TITLE, bold=True), _TITLE, bold=True),
            Words(0, 28, cut(plan.words, room, _TEXT), _TEXT, ink="quiet"),
        ]
        y = 28.0
        for note in plan.notes:
            for line in broken(note, room, _TEXT):
                y += 12
                shapes.append(Words(0, y, line, _TEXT, ink="quiet"))
        if plan.totals is not None:
            shapes += self._amounts(plan.totals, 13, bold=True)
            shapes += [
                Words(self._costs + _MACS, 28, "MACs", _TEXT, "right", "quiet"),
                Words(self._costs + _PARAMS, 28, "params", _TEXT, "right", "quiet"),
                Words(self._costs + _BAR, 28, "share of MACs", _TEXT, "left", "quiet"),
            ]
        return shapes, y + 10

    def _row(self, row: PlanRow, pieces: Sequence[DrawnPiece]) -> tuple[list[Shape], float]:
        drawn, height = _flowed(pieces, self.cells)
        shapes = moved(drawn, _LEFT, _ROW_GAP)
        room = _LEFT - 8
        shapes.append(
            Words(0, _ROW_GAP + 9, cut(row.address, room, _HEAD, bold=True), _HEAD, bold=True)
        )
        for place, line in enumerate(row.words, start=1):
            text = cut(line, room, _SMALL)
            shapes.append(Words(0, _ROW_GAP + 9 + 12 * place, text, _SMALL, ink="quiet"))
        if row.amounts is not None and self.plan.totals is not None:
            shapes += self._amounts(row.amounts, _ROW_GAP + 9)
            bar = _share(row.amounts["macs"], self.plan.totals["macs"])
            shapes += moved(bar, self._costs, _ROW_GAP + 9)
        least = 9 + 12 * len(row.words) + 4
        return shapes, max(height, least) + 2 * _ROW_GAP - 4

    def _amounts(self, amounts: Mapping[str, int], y: float, *, bold: bool = False) -> list[Shape]:
        return [
            Words(self._costs + x, y, written(name, amounts[name]), _TEXT, "right", bold=bold)
            for name, x in (("macs", _MACS), ("params", _PARAMS))
        ]


def _share(macs: int, of: int) -> list[Shape]:
    return [
        Box(_BAR, -7, _BAR_WIDTH, 8, None, faint=True),
        Box(_BAR, -7, _BAR_WIDTH * (macs / of if of else 0), 8, "ink", outlined=False),
        Words(_RIGHT, 0, share(macs, of), _TEXT, "right"),
    ]


def _length(pieces: Sequence[DrawnPiece]) -> float:
    """How far pieces go on one line."""
    return sum(piece.width + _BETWEEN for piece in pieces)


def _flowed(pieces: Sequence[DrawnPiece], room: float) -> tuple[list[Shape], float]:
    """Pieces from left to right in as many lines as they need, and how high they are."""
    lines: list[list[DrawnPiece]] = [[]]
    at = 0.0
    for piece in pieces:
        if lines[-1] and at + piece.width > room:
            lines.append([])
            at = 0.0
        lines[-1].append(piece)
        at += piece.width + _BETWEEN
    shapes: list[Shape] = []
    y = 0.0
    for line in lines:
        above = max((piece.above for piece in line), default=0.0)
        at = 0.0
        for piece in line:
            shapes += moved(piece.shapes, at, y + above)
            at += piece.width + _BETWEEN
        y += above + max((piece.below for piece in line), default=0.0) + _ROW_GAP
    return shapes, max(0.0, y - _ROW_GAP)


def _how(width: float) -> tuple[list[Shape], float]:
    """How the picture is to be read."""
    lines = broken(WORDS, width, _SMALL)
    return [
        Words(0, 8 + 11 * place, line, _SMALL, ink="quiet") for place, line in enumerate(lines)
    ], 11.0 * len(lines)


def _shapes_of(row: PlanRow) -> list[tuple[int, int, int]]:
    # The head's own shape is its classes, which are no channels of a map.
    layers = [] if row.address == "head" else [cell.shape for cell in (*row.before, *row.after)]
    return [row.shape, *layers]


def _said(plan: Plan) -> str:
    """The picture in words, for who cannot see it."""
    parts = [f"{plan.name}: {plan.words}"]
    if plan.totals is not None:
        parts.append(", ".join(f"{written(n, plan.totals[n])} {n}" for n in ("macs", "params")))
    for row in plan.rows:
        cells = [_cell_said(cell) for group in row.groups for cell in group.cells]
        parts.append(" ".join([row.address, *row.words, *cells]))
    return "; ".join(parts)


def _cell_said(cell: BlockCell) -> str:
    mixers = (" or ".join(mixer.name for mixer in part.answers) for part in cell.parts)
    return f"{cell.times} of {', '.join(mixers)}"
