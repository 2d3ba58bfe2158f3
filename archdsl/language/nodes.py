"""The tree that a spec is read into: plain values that remember where they were written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"


@dataclass(frozen=True, slots=True)
class SourceText:
    """A text that was read: `name` as errors print it, and its lines."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text. `line` and `column` count from 1; `width` is what the carets cover."""

    source: SourceText
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def snippet(self) -> list[str]:
        """The line in question and a line of carets under the place."""
        if not 1 <= self.line <= len(self.source.lines):
            return []
        text = self.source.lines[self.line - 1].replace("\t", " ")
        width = max(1, min(self.width, len(text) - self.column + 1))
        text, before = _window(text, self.column - 1)
        width = max(1, min(width, len(text) - before))
        number = f"{self.line:>5}"
        return [
            f"{number} | {text}".rstrip(),
            f"{' ' * len(number)} | {' ' * before}{'^' * width}",
        ]


_SHOWN = 120


def _window(text: str, at: int) -> tuple[str, int]:
    """A long line cut to the part around character `at`, and where that character then is."""
    if len(text) <= _SHOWN:
        return text, at
    start = max(0, min(at - _SHOWN // 2, len(text) - _SHOWN))
    end = start + _SHOWN
    left, right = "…" if start else "", "…" if end < len(text) else ""
    return f"{left}{text[start:end]}{right}", at - start + len(left)


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A single value. `text` is the scalar as it was written, `quoted` whether in quotes.

    `value` is None only for the word `none`: absence is a value of the language.
    """

    value: bool | int | float | str | None
    text: str
    quoted: bool = False
    mark: Mark | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list, in order."""

    items: tuple[Node, ...]
    mark: Mark | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """Keys and values, in the order in which they were written."""

    items: dict[str, Node]
    marks: dict[str, Mark] = field(default_factory=dict)
    """Where each key stands."""
    mark: Mark | None = None

    def __contains__(self, key: str) -> bool:
        return key in self.items

    def __iter__(self) -> Iterator[str]:
        return iter(self.items)

    def get(self, key: str) -> Node | None:
        """The value of `key`, or None."""
        return self.items.get(key)

    def replaced(self, key: str, value: Node, mark: Mark | None = None) -> Mapping:
        """A copy with `key` set to `value`; the other values are the same objects."""
        marks = dict(self.marks)
        if mark is not None:
            marks[key] = mark
        return Mapping({**self.items, key: value}, marks, self.mark)

    def without(self, *keys: str) -> Mapping:
        """A copy without `keys`."""
        return Mapping(
            {key: value for key, value in self.items.items() if key not in keys},
            {key: mark for key, mark in self.marks.items() if key not in keys},
            self.mark,
        )


Node: TypeAlias = Scalar | Sequence | Mapping


def plain(node: Node) -> Plain:
    """The node as Python values: dict, list, str, int, float, bool, and None for `none`."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(value) for key, value in node.items.items()}
