"""Text that others wrote, made safe to look at.

A name, a path or an exception may hold what a terminal obeys, what turns the writing around, or
what cannot be encoded. Whatever does not print as itself is shown escaped, as Python writes it.
"""

from __future__ import annotations

import re
import reprlib

_KEPT = "\n\t"
_LONGEST = 200
_LONGEST_LINE = 2000


def printable(text: str) -> str:
    r"""A text whose lines stay lines, and whose other unprintable characters are escaped.

    >>> print(printable("one\x1b[31m\ntwo\u202e"))
    one\x1b[31m
    two\u202e
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def printable_line(text: str) -> str:
    r"""A text on one line: a name cannot begin another.

    >>> print(printable_line("one\ntwo"))
    one\ntwo
    """
    return text if text.isprintable() else "".join(map(_escaped, text))


def same_width(text: str) -> str:
    """A line with a mark for each unprintable character, so that places in it stay places."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def printable_json(text: str) -> str:
    r"""JSON whose strings say the same, with the unprintable escaped as JSON writes it.

    >>> print(printable_json('["\x9b2J"]'))
    ["\u009b2J"]
    """
    return text if text.isprintable() else re.sub(r"[^\x20-\x7e\n]", _in_json, text)


def encodable(text: str, encoding: str | None) -> str:
    r"""A text with what an encoding lacks escaped.

    >>> print(encodable("→ 3", "ascii"))
    \u2192 3
    """
    encoding = encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def without_endless_lines(text: str) -> str:
    """A text in which the midst of a line of a length that nobody reads is left out."""
    if len(text) <= _LONGEST_LINE:
        return text
    return "\n".join(map(_without_midst, text.split("\n")))


def shown(value: object) -> str:
    """A value's repr on one line, shortened and escaped; its type where it has none."""
    try:
        text = " ".join(_short.repr(value).split())
    except Exception:  # whatever somebody's own __repr__ raises
        return f"<{type(value).__name__}>"
    return printable_line(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def _without_midst(line: str) -> str:
    if len(line) <= _LONGEST_LINE:
        return line
    end = _LONGEST_LINE // 4  # the reason often stands behind the name
    return f"{line[: _LONGEST_LINE - end]} ... {line[-end:]}"


def _shown(each: str) -> str:
    return each if each in _KEPT else _escaped(each)


def _escaped(each: str) -> str:
    return each if each.isprintable() else each.encode("unicode_escape").decode("ascii")


def _in_json(found: re.Match[str]) -> str:
    if found[0].isprintable():
        return found[0]
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


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
