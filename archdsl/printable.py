"""Text that others wrote, made safe to look at.

A name, a path or an exception may hold what a terminal obeys, what turns the writing around, or
what cannot be encoded. Whatever does not print as itself is shown escaped, as Python writes it.
"""

from __future__ import annotations

import re

_KEPT = "\n\t"


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


def _shown(each: str) -> str:
    return each if each in _KEPT else _escaped(each)


def _escaped(each: str) -> str:
    return each if each.isprintable() else each.encode("unicode_escape").decode("ascii")


def _in_json(found: re.Match[str]) -> str:
    if found[0].isprintable():
        return found[0]
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
