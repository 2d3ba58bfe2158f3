"""Tables that fit a width, and text that is broken between words.

No word is ever cut: a cell that is to be found by `grep`, an address above all, stands whole on
one line, on a line of its own and beyond the width where there is no other way.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

from archdsl.printable import printable_line
from archdsl.views.text import columns

_GAP = "  "
_NARROWEST = 14  # of a column of prose: below it, reading down is harder than reading on
_INDENT = 4


def width() -> int:
    """How wide a text is to be: `$COLUMNS`, or the terminal's width, or 80 where there is none."""
    return max(shutil.get_terminal_size().columns, 1)


def wrapped(text: str, width: int, indent: int = 0, hanging: int | None = None) -> list[str]:
    """A text as lines of at most `width`, broken between words alone.

    >>> wrapped("a longer word", 8, indent=2)
    ['  a', '  longer', '  word']

    indent: of every line; hanging: of those after the first, if not the same
    """
    return textwrap.wrap(
        printable_line(text),
        max(width, 1),
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hanging is None else hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )


def fitted(
    rows: Sequence[Sequence[str]],
    width: int,
    *,
    right: Sequence[int] = (),
    wraps: Sequence[int] = (),
    heading: bool = False,
) -> list[str]:
    """Rows as aligned lines of at most `width`, as long as no word is wider than that.

    >>> fitted([("kernel", "side of the window"), ("ratio", "of widths")], 24, wraps=[1])
    ['kernel  side of the', '        window', 'ratio   of widths']

    right: the columns that are flush right; wraps: those that may go on below, of prose
    heading: whether the first row has the headings
    Where the columns do not fit as they are, prose is wrapped; where that is not enough, what
    stands in the last column goes below the others; and in the end all cells go below the first,
    each with its heading.
    """
    shown = [[printable_line(cell) for cell in row] for row in rows]
    if not shown:
        return []
    for lay in (_side_by_side, _last_below):
        if (lines := lay(shown, width, right, wraps)) is not None:
            return lines
    return _all_below(shown, width, heading)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _side_by_side(
    rows: Sequence[Sequence[str]], width: int, right: Sequence[int], wraps: Sequence[int]
) -> list[str] | None:
    """The rows in columns, with prose in as little of its width as it takes."""
    widths = _widths(rows)
    words = [
        max(len(w) for cell in column for w in cell.split(" "))
        for column in zip(*rows, strict=True)
    ]
    least = {index: min(widths[index], max(words[index], _NARROWEST)) for index in wraps}
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while over > 0:
        able = [index for index in wraps if widths[index] > least[index]]
        if not able:
            return None
        widths[max(able, key=widths.__getitem__)] -= 1
        over -= 1
    lines = []
    for row in rows:
        cells = [
            (wrapped(cell, widths[index]) or [""]) if index in wraps else [cell]
            for index, cell in enumerate(row)
        ]
        lines += [
            [cell[step] if step < len(cell) else "" for cell in cells]
            for step in range(max(map(len, cells)))
        ]
    blank = [" " * each for each in widths]  # so that a column keeps its width
    return columns([*lines, blank], right=right)[:-1]


def _last_below(
    rows: Sequence[Sequence[str]], width: int, right: Sequence[int], wraps: Sequence[int]
) -> list[str] | None:
    """The rows in columns but for the last one, which goes below its row."""
    last = len(rows[0]) - 1
    if last < 2:
        return None
    others = [row[:last] for row in rows]
    if sum(_widths(others)) + len(_GAP) * (last - 1) > width:
        return None
    lines: list[str] = []
    for line, row in zip(columns(others, right=right), rows, strict=True):
        lines.append(line)
        if row[last]:
            lines += wrapped(row[last], width, _INDENT)
    return lines


def _all_below(rows: Sequence[Sequence[str]], width: int, heading: bool) -> list[str]:
    """Each row's first cell, and below it the others, which are not broken if they fit a line."""
    names = rows[0] if heading else [""] * len(rows[0])
    lines: list[str] = []
    indent = _INDENT
    for first, *others in rows[1:] if heading else rows:
        if first or not any(others):
            lines.append(first)
            indent = len(first) - len(first.lstrip()) + _INDENT
        line = ""
        for name, cell in zip(names[1:], others, strict=True):
            said = f"{name} {cell}" if name and cell else cell
            longer = f"{line}{_GAP}{said}" if line and said else line or said
            if indent + len(longer) > width and line:
                lines += wrapped(line, width, indent)
                longer = said
            line = longer
        lines += wrapped(line, width, indent)
    return lines
