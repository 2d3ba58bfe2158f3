"""How wide a text is in DejaVu Sans, the font that pictures are laid out in.

It is wider than what browsers take for sans-serif, so that what has room here has room there.
"""

from __future__ import annotations

import unicodedata

_FIRST = " "
# Thousandths of the letters' size, from the space to the tilde: the font's own advances.
_PLAIN = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)  # fmt: skip
_BOLD = (
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696,
    696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683,
    683, 821, 837, 372, 372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771,
    724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665,
    343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
)  # fmt: skip
_OTHER = {"×": 838, "–": 500, "→": 838, "…": 1000, "÷": 838}
_WIDE, _ANY, _NONE = 1050, 850, 0


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is, in the unit of its size; at least as wide as it is drawn.

    >>> text_width("pooling", 10)
    36.84

    What stands outside of the table is taken to be as wide as the letters of its sort.
    """
    table = _BOLD if bold else _PLAIN
    return round(sum(_advance(each, table) for each in text) * size / 1000, 3)


def _advance(each: str, table: tuple[int, ...]) -> int:
    index = ord(each) - ord(_FIRST)
    if 0 <= index < len(table):
        return table[index]
    if each in _OTHER:
        return _OTHER[each]
    if unicodedata.combining(each):
        return _NONE
    return _WIDE if unicodedata.east_asian_width(each) in "WF" else _ANY
