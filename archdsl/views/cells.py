"""Text of others in the cells of a .csv file."""

from __future__ import annotations

_BEGINS = ("=", "+", "-", "@", "\t", "\r")
"""How what begins that a spreadsheet carries out."""


def cell(text: str) -> str:
    """A text that a spreadsheet shows and does not carry out; commas and lines are csv's to quote.

    >>> cell("=1+1"), cell("rose")
    ("'=1+1", 'rose')
    """
    return f"'{text}" if text.startswith(_BEGINS) else text
