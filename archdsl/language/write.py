"""The canonical writer: a tree as the YAML that its author would have written.

Top-level keys stand in groups; `block`, `params`, `stages` and `search` open up over lines;
components stay on one line where they fit. What is written reads back as the same tree.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as MappingOf
from functools import lru_cache
from typing import Any

from archdsl.errors import SpecError
from archdsl.language import positions
from archdsl.language.nodes import Mapping, Scalar, Sequence
from archdsl.language.scalars import MAX_DIGITS, ScalarError, value_of
from archdsl.printable import shown

WIDTH = 100

_AT_START = frozenset("-?:,[]{}#&*!|>'\"%@`=<")
_BESIDE_COLON_OR_HASH = re.compile(r":(?:\s|$)|\s#|^---|^\.\.\.")
_IN_FLOW = frozenset(",[]{}?")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def write(tree: Any) -> str:
    """A spec's tree as canonical YAML, with a newline at its end.

    tree: a Mapping node, or a dict; values are nodes or plain values in any mixture
    Raises SpecError for what no spec can hold: infinities, other objects, keys that are no text.
    """
    lines: list[str] = []
    before: object = None
    known = positions.at("top")
    for key, value in _items(tree):
        group = "patches" if "." in key else known[key].group if key in known else "others"
        if lines and group != before:
            lines.append("")
        before = group
        lines += _entry(key, value, indent=0, opened=key in known and known[key].opened)
    return "\n".join(lines or ["{}"]) + "\n"


def inline(value: Any) -> str:
    """A value, node or plain, on one line in flow style."""
    if (items := _mapping(value)) is not None:
        return "{" + ", ".join(f"{_text(k, True)}: {inline(v)}" for k, v in items) + "}"
    if (members := _sequence(value)) is not None:
        return "[" + ", ".join(inline(member) for member in members) + "]"
    return _scalar(value, flow=True)


def _entry(key: str, value: Any, indent: int, opened: bool = False) -> list[str]:
    """`key: value`, on one line or with the value on the lines below."""
    head = " " * indent + _text(key, False) + ":"
    if not _is_collection(value):
        return [f"{head} {_scalar(value, flow=False)}"]
    if not opened or not _count(value):
        line = f"{head} {inline(value)}"
        if not _count(value) or (len(line) <= WIDTH and not _wants_lines(value)):
            return [line]
    return [head, *_block(value, indent + 2)]


def _block(value: Any, indent: int) -> Iterator[str]:
    """A collection that is not empty, over lines."""
    if (items := _mapping(value)) is not None:
        for key, inner in items:
            yield from _entry(key, inner, indent)
        return
    for member in _sequence(value) or ():
        yield from _member(member, indent)


def _member(value: Any, indent: int) -> Iterator[str]:
    dash = " " * indent + "- "
    if not _is_collection(value):
        yield dash + _scalar(value, flow=False)
        return
    line = dash + inline(value)
    if not _count(value) or (len(line) <= WIDTH and not _wants_lines(value)):
        yield line
        return
    lines = _block(value, indent + 2)
    yield dash + next(lines)[indent + 2 :]
    yield from lines


def _wants_lines(value: Any) -> bool:
    """Whether a list of mappings is in it: alternatives and stages read best one to a line."""
    if (items := _mapping(value)) is not None:
        return any(_wants_lines(inner) for _, inner in items)
    members = _sequence(value)
    if members is None:
        return False
    return any(_mapping(member) is not None or _wants_lines(member) for member in members)


def _is_collection(value: Any) -> bool:
    return isinstance(value, (Mapping, Sequence, MappingOf, list, tuple))


def _count(value: Any) -> int:
    return len(value.items) if isinstance(value, (Mapping, Sequence)) else len(value)


def _mapping(value: Any) -> Iterable[tuple[str, Any]] | None:
    return _items(value) if isinstance(value, (Mapping, MappingOf)) else None


def _sequence(value: Any) -> tuple[Any, ...] | list[Any] | None:
    if isinstance(value, Sequence):
        return value.items
    return value if isinstance(value, (list, tuple)) else None


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    items = value.items if isinstance(value, Mapping) else value
    for key in items:
        if not isinstance(key, str) or not key or "\n" in key:
            raise SpecError(f"a key of a spec is a word, not {shown(key)}")
    return items.items()


def _scalar(value: Any, flow: bool) -> str:
    text = ""
    if isinstance(value, Scalar):
        text, value = ("" if value.quoted else value.text), value.value
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value, flow)
    if isinstance(value, (int, float)):
        return text if _reads_as(text, value) else _number(value)
    raise SpecError(
        f"a spec cannot hold {shown(value)}",
        cure="values are numbers, words, none, lists and mappings",
    )


def _number(value: int | float) -> str:
    if isinstance(value, int) and abs(value) < 10**MAX_DIGITS // 10:
        return int.__repr__(value)
    if isinstance(value, int) or not math.isfinite(value):
        raise SpecError(
            "a spec cannot hold infinities, nan or integers of a hundred digits",
            cure="write a finite number",
        )
    return re.sub(r"e([-+])0*", _exponent, float.__repr__(value))


def _exponent(found: re.Match[str]) -> str:
    return "e-" if found[1] == "-" else "e"


def _text(text: str, flow: bool) -> str:
    """A text without quotes where it reads as itself, else in double quotes."""
    if _is_plain(text, flow):
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


@lru_cache(maxsize=4096)
def _is_plain(text: str, flow: bool) -> bool:
    if not text.isprintable() or text != text.strip() or not text or text[0] in _AT_START:
        return False
    if _BESIDE_COLON_OR_HASH.search(text) or (flow and not _IN_FLOW.isdisjoint(text)):
        return False
    return _reads_as(text, text)


def _reads_as(text: str, value: bool | int | float | str) -> bool:
    """Whether the unquoted text means the value, with its type and its sign."""
    try:
        read = value_of(text)
    except ScalarError:
        return False
    return type(read) is type(value) and repr(read) == repr(value)


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
