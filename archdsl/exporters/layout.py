"""Lay out one logical line of Python as `ruff format` would.

A line that does not fit is opened at one bracket: its contents go on a line of their own if
they fit, else each on its own line with a comma after it. A comma after the last one, where
the source has it, asks for that form.
"""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field

WIDTH = 100
INDENT = 4
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_BREAKS = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_STRING_START = getattr(tokenize, "FSTRING_START", None)  # since Python 3.12
_STRING_END = getattr(tokenize, "FSTRING_END", None)


@dataclass(slots=True)
class Group:
    """Brackets and what they hold.

    comma: there is a comma after the last item
    lone: that comma makes a tuple of one
    loop: a comprehension; its items are the result and each `for` and `if`
    """

    opening: str
    items: list[list[CodeItem]] = field(default_factory=list)
    comma: bool = False
    lone: bool = False
    loop: bool = False

    @property
    def exploded(self) -> bool:
        """Whether the source asks for one item per line."""
        return self.comma and not self.lone


@dataclass(slots=True)
class CodeItem:
    """A token, or brackets; `space` says whether a space stands before it."""

    space: bool
    body: str | Group


def arrange(text: str, indent: int = 0) -> list[str]:
    """One logical line of code as the lines that it takes, indented by `indent` spaces.

    `text` may stand on several lines, the first without its indentation. It is returned as it
    is where it holds a comment or a string of several lines: those stay where they were put.
    """
    tokens = list(_tokens(text))
    if any(kind == tokenize.COMMENT or "\n" in word for kind, word, _ in tokens):
        return (" " * indent + text).split("\n")
    parts, _ = _parse(tokens, 0)
    return _lines(parts, indent, "")


def _tokens(text: str) -> Iterator[tuple[int, str, bool]]:
    """(type, text, whether a space stands before it), f-strings as one token."""
    rows = text.split("\n")
    end = (1, 0)
    before = ""
    started: tuple[int, int] | None = None
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in _BREAKS:
            continue
        start, word = token.start, token.string
        if token.type == _STRING_START:
            started = start if depth == 0 else started
            depth += 1
        if depth:
            depth -= token.type == _STRING_END
            if depth or started is None:
                continue
            start, word = started, _between(rows, started, token.end)
        if start[0] == end[0]:
            space = start[1] > end[1]
        else:
            space = before not in _CLOSING and word not in (*_CLOSING.values(), ".", ",")
        yield token.type, word, space and bool(before)
        end, before = token.end, word


def _between(rows: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return rows[start[0] - 1][start[1] : end[1]]
    middle = rows[start[0] : end[0] - 1]
    return "\n".join([rows[start[0] - 1][start[1] :], *middle, rows[end[0] - 1][: end[1]]])


def _parse(tokens: list[tuple[int, str, bool]], at: int) -> tuple[list[CodeItem], int]:
    """The parts from token `at` to the end of the line or the bracket that closes them."""
    parts: list[CodeItem] = []
    while at < len(tokens) and tokens[at][1] not in _CLOSING.values():
        _, word, space = tokens[at]
        if word in _CLOSING:
            group, at = _parse_group(tokens, at, called=bool(parts) and _callable(parts[-1]))
            parts.append(CodeItem(space, group))
        else:
            parts.append(CodeItem(space, word))
        at += 1
    return parts, at


def _parse_group(tokens: list[tuple[int, str, bool]], at: int, called: bool) -> tuple[Group, int]:
    group = Group(tokens[at][1])
    inner, end = _parse(tokens, at + 1)
    item: list[CodeItem] = []
    lambdas = 0
    for part in inner:
        word = part.body
        lambdas += (word == "lambda") - (word == ":" and lambdas > 0)
        if word == "," and not lambdas and not group.loop:  # not `for index, rate in ...`
            group.items.append(item)
            item = []
            continue
        if word in ("for", "async") or (group.loop and word == "if"):
            if not (word == "for" and item and item[-1].body == "async"):
                group.items.append(item)
                item = []
            group.loop = True
        item.append(part)
    if item:
        group.items.append(item)
    group.comma = bool(inner) and inner[-1].body == ","
    group.lone = group.comma and group.opening == "(" and len(group.items) == 1 and not called
    return group, end


def _callable(part: CodeItem) -> bool:
    if isinstance(part.body, Group):
        return True
    return part.body.isidentifier() and not keyword.iskeyword(part.body)


def _flat(parts: list[CodeItem]) -> str:
    """Parts on one line, whatever they ask for."""
    text = ""
    for index, part in enumerate(parts):
        text += " " if part.space and index else ""
        text += part.body if isinstance(part.body, str) else _flat_group(part.body)
    return text


def _flat_group(group: Group) -> str:
    comma = "," if group.lone else ""
    return group.opening + _row(group) + comma + _CLOSING[group.opening]


def _row(group: Group) -> str:
    return (" " if group.loop else ", ").join(_flat(item) for item in group.items)


def _exploded(parts: list[CodeItem]) -> bool:
    groups = [part.body for part in parts if isinstance(part.body, Group)]
    return any(g.exploded or any(map(_exploded, g.items)) for g in groups)


def _lines(parts: list[CodeItem], indent: int, after: str) -> list[str]:
    line = " " * indent + _flat(parts) + after
    if len(line) <= WIDTH and not _exploded(parts):
        return [line]
    place = _opened(parts)
    if place is None:
        return [line]
    group = parts[place].body
    assert isinstance(group, Group)
    head = " " * indent + _flat([*parts[:place], CodeItem(parts[place].space, group.opening)])
    tail = " " * indent + _CLOSING[group.opening] + _tail(parts[place + 1 :]) + after
    row = " " * (indent + INDENT) + _row(group)
    asked = group.exploded or any(map(_exploded, group.items))
    if len(row) <= WIDTH and not asked and not group.lone:
        return [head, row, tail]
    comma = "" if group.loop else ","
    body = [line for item in group.items for line in _lines(item, indent + INDENT, comma)]
    return [head, *body, tail]


def _tail(parts: list[CodeItem]) -> str:
    text = _flat(parts)
    return f" {text}" if parts and parts[0].space else text


def _opened(parts: list[CodeItem]) -> int | None:
    """The brackets at which a line is opened: a definition's first, else the last.

    Of `call(...)[0]` those are the call's: nothing is gained by opening the others.
    """
    places = [
        place
        for place, part in enumerate(parts)
        if isinstance(part.body, Group) and part.body.items
    ]
    if not places:
        return None
    defines = any(part.body in ("def", "class") for part in parts[:2])
    if defines:
        return places[0]
    last = parts[places[-1]].body
    assert isinstance(last, Group)
    trifle = last.opening == "[" and len(last.items) == 1 and len(last.items[0]) == 1
    if trifle and len(places) > 1 and places[-2] == places[-1] - 1 and not parts[places[-1]].space:
        return places[-2]
    return places[-1]
