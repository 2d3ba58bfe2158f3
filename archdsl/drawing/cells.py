"""Blocks and layers as shapes, each at its own place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archdsl.drawing.kinds import NEUTRAL, Badge, Mixer
from archdsl.drawing.plan import BlockCell, CellGroup, LayerCell, MixerPlace, PlanRow
from archdsl.drawing.scale import DrawnScale
from archdsl.views.letters import text_width
from archdsl.views.shapes import Box, Ink, Shape, Words, cut, moved

LABEL = 8.5
LINE = 10.5
_TIMES = 11.0
_CODE = 8.5
_LAYER_WIDTH = 11.0
_WIDEST_LABEL = 150.0
_GAP = 10.0
_INSET = 5.0


@dataclass(frozen=True, slots=True)
class DrawnPiece:
    """Shapes that stand on a line together, from x = 0 on; the line is y = 0.

    above, below: how far they go over the line and under it
    """

    width: float
    above: float
    below: float
    shapes: tuple[Shape, ...]


def layer_piece(cell: LayerCell, scale: DrawnScale) -> DrawnPiece:
    """A layer that is no block's: a narrow bar as high as its map."""
    height = scale.height(cell.shape)
    lines = [line for line in (cell.name, cell.words) if line]
    labels, width = _labels([(line, "ink") for line in lines])
    bar = Box(0, -height, _LAYER_WIDTH, height, NEUTRAL)
    return DrawnPiece(max(width, _LAYER_WIDTH), height, LINE * len(lines) + 4, (bar, *labels))


def group_piece(
    group: CellGroup, row: PlanRow, badges: Mapping[Mixer, Badge], scale: DrawnScale, *, norms: bool
) -> DrawnPiece:
    """Blocks one after another; in a frame where they come again. norms: whether they are named"""
    pieces = [_block_piece(cell, row, badges, scale, norms=norms) for cell in group.cells]
    if group.times == 1 and len(pieces) == 1:
        return pieces[0]
    shapes: list[Shape] = []
    at = _INSET
    for piece in pieces:
        shapes += moved(piece.shapes, at, 0)
        at += piece.width + _GAP
    at += _INSET - _GAP
    above = max(piece.above for piece in pieces) + _INSET
    below = max(piece.below for piece in pieces) + 2
    frame = Box(0, -above, at, above + below, None, faint=True)
    text = f"×{group.times}"
    shapes = [frame, *shapes, Words(at + 4, -above / 2 + 4, text, _TIMES, bold=True)]
    width = at + 4 + text_width(text, _TIMES, bold=True)
    return DrawnPiece(width, above, below, tuple(shapes))


def swatch(
    badge: Badge, x: float, y: float, width: float, height: float, *, dashed: bool = False
) -> list[Shape]:
    """A mixer's colour, with its letter where there is room for it. dashed: its outline"""
    box = Box(x, y, width, height, badge.colour, striped=badge.striped, dashed=dashed)
    if text_width(badge.code, _CODE, bold=True) > width - 2 or height < _CODE + 1:
        return [box]
    middle = x + width / 2, y + height / 2 + _CODE * 0.36
    code = Words(*middle, badge.code, _CODE, "center", "dark", bold=True)
    return [box, code]


def _block_piece(
    cell: BlockCell, row: PlanRow, badges: Mapping[Mixer, Badge], scale: DrawnScale, *, norms: bool
) -> DrawnPiece:
    dim = row.shape[0] if row.dims is None else row.dims[0]
    width, height = scale.width(dim), scale.height(row.shape)
    shapes: list[Shape] = []
    each = width / max(len(cell.parts), 1)
    for place, part in enumerate(cell.parts):
        shapes += _part(part, badges, place * each, -height, each, height)
    right = width
    if row.dims is not None:  # room for what may be wider
        right = scale.width(row.dims[1])
        shapes.append(Box(width, -height, right - width, height, None, dashed=True))
    if cell.times != "1":
        text = f"×{cell.times}"
        shapes.append(Words(right + 4, -height / 2 + 4, text, _TIMES, bold=True))
        right += 4 + text_width(text, _TIMES, bold=True)
    label_width, lines = 0.0, 0
    for column in _names(cell, badges, norms=norms):
        labels, wide = _labels(column)
        shapes += moved(labels, label_width + (_GAP if label_width else 0), 0)
        label_width += wide + (_GAP if label_width else 0)
        lines = max(lines, len(column))
    return DrawnPiece(max(right, label_width), height, LINE * lines + 4, tuple(shapes))


def _part(
    part: MixerPlace, badges: Mapping[Mixer, Badge], x: float, y: float, width: float, height: float
) -> list[Shape]:
    """A mixer, or one over the other all that may stand there."""
    shapes: list[Shape] = []
    each = height / len(part.answers)
    for place, mixer in enumerate(part.answers):
        shapes += swatch(badges[mixer], x, y + place * each, width, each, dashed=part.is_open)
    return shapes


def _names(
    cell: BlockCell, badges: Mapping[Mixer, Badge], *, norms: bool
) -> list[list[tuple[str, Ink]]]:
    """What stands below a block: columns of lines, each with its ink.

    What is left open has a column for each of its places.
    """
    columns: list[list[tuple[str, Ink]]] = []
    for part in cell.parts:
        lines: list[tuple[str, Ink]] = [
            (f"{'or ' if place else ''}{badges[mixer].code} {mixer.name}", "ink")
            for place, mixer in enumerate(part.answers)
        ]
        if columns and not cell.is_open:
            columns[-1] += lines
        else:
            columns.append(lines)
    columns = columns or [[("no mixer", "quiet")]]
    if norms and cell.norm:
        columns[0].append((f"norm {cell.norm}", "quiet"))
    return columns


def _labels(lines: Sequence[tuple[str, Ink]]) -> tuple[list[Shape], float]:
    """Lines under a cell, and how wide the widest is."""
    shapes: list[Shape] = []
    widest = 0.0
    for place, (line, ink) in enumerate(lines, start=1):
        text = cut(line, _WIDEST_LABEL, LABEL)
        shapes.append(Words(0, place * LINE, text, LABEL, ink=ink))
        widest = max(widest, text_width(text, LABEL))
    return shapes, widest
