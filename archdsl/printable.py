"""Text that others wrote, so that it can be printed: no control characters, no halves of a pair."""

from __future__ import annotations

import reprlib


def printable(text: str) -> str:
    """The text with what cannot be printed escaped, as Python does; lines and tabs stay.

    A line of a length that nobody reads is cut.
    """
    if len(text) > _LONGEST_LINE:
        text = "\n".join(map(_cut, text.split("\n")))
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in "\n\t" else _escaped(character)
        for character in text
    )


def shown(value: object) -> str:
    """A value's repr on one line, shortened and escaped; its type where it has none."""
    try:
        text = " ".join(_short.repr(value).split())
    except Exception:  # whatever somebody's own __repr__ raises
        return f"<{type(value).__name__}>"
    return printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


_LONGEST = 200
_LONGEST_LINE = 2000


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 100

    def repr_int(self, x: int, level: int) -> str:
        """Python writes no integer of over 4,300 digits."""
        try:
            return super().repr_int(x, level)
        except ValueError:
            return f"<int of {x.bit_length():,} bits>"

    def repr_instance(self, x: object, level: int) -> str:
        try:
            text = repr(x)
        except Exception:
            return f"<{type(x).__name__}>"
        return text if len(text) <= self.maxother else f"{text[: self.maxother]}..."


_short = _Short()


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..."


def _escaped(character: str) -> str:
    return ascii(character)[1:-1]
