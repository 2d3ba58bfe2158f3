"""The comments of a text, and the entries of its tree that they stand at.

They are looked for when they are asked for: who only loads a spec pays nothing for them. What
keeps them is the mark of a key or an item, which says where in which text it stands; so they are
found for the nodes of a parent as well, and for those that a patch has handed on.

    # before
    stages:  # inside: behind the key, before what is in it
      - dim: 8  # behind
        depth: [  # (no list belongs here)
          1  # behind
          # after: on a line of its own, and nothing of the list follows
        ]
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from archdsl.language.nodes import Mapping, Mark, Node, Sequence, SourceText
from archdsl.language.yaml import events

LineColumn: TypeAlias = tuple[int, int]
"""Line and column, from 0."""


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment, from its # to the end of the line."""

    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Around:
    """The comments at an entry, a key with its value or an item of a list, each sort in order.

    before: on lines of their own above it, or behind its dash
    inside: behind the key, or the bracket that opens it
    behind: on the line on which it ends
    after: on lines of their own below it, where nothing follows that they could stand before
    """

    before: tuple[Comment, ...] = ()
    inside: tuple[Comment, ...] = ()
    behind: tuple[Comment, ...] = ()
    after: tuple[Comment, ...] = ()


class Comments:
    """The comments at the entries of trees, text by text as they are asked for."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[SourceText, dict[tuple[bool, LineColumn], Around]]] = {}

    def of_key(self, mapping: Mapping, key: str) -> Around:
        """Those at a key and its value."""
        return self._at(True, mapping.marks.get(key))

    def of_item(self, sequence: Sequence, index: int) -> Around:
        """Those at an item of a list."""
        return self._at(False, sequence.items[index].mark)

    def in_order(self, node: Node) -> Iterator[Comment]:
        """All at the entries of a tree, in the order of its text."""
        entries: list[tuple[Around, Node]] = []
        if isinstance(node, Mapping):
            entries = [(self.of_key(node, key), value) for key, value in node.items.items()]
        elif isinstance(node, Sequence):
            entries = [(self.of_item(node, k), item) for k, item in enumerate(node.items)]
        for around, value in entries:
            yield from (*around.before, *around.inside)
            yield from self.in_order(value)
            yield from (*around.behind, *around.after)

    def _at(self, is_key: bool, mark: Mark | None) -> Around:
        if mark is None:
            return Around()
        source = mark.source
        if id(source) not in self._found:
            self._found[id(source)] = source, _Reading(source).around()
        return self._found[id(source)][1].get((is_key, (mark.line - 1, mark.column - 1)), Around())


@dataclass(slots=True)
class _Entry:
    """A key with its value, or an item; `end` is where its last character has been."""

    is_key: bool
    start: LineColumn
    in_flow: bool
    end: LineColumn = (0, 0)
    sorts: dict[str, list[Comment]] = field(default_factory=dict)


class _Reading:
    """One pass over the events of a text: its entries, and where scalars and brackets stand."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.entries: list[_Entry] = []
        self.scalars: list[tuple[LineColumn, LineColumn]] = []
        self.closed: list[LineColumn] = []
        """Where a bracket of flow style closes."""
        self._open: list[tuple[bool, bool, list[_Entry]]] = []
        self._last: LineColumn = (0, 0)
        for event in events("\n".join((*source.lines, "")), source):
            self._see(event)

    def around(self) -> dict[tuple[bool, LineColumn], Around]:
        """The comments at every entry that has some."""
        if self.entries:
            starts = [entry.start for entry in self.entries]
            ended = sorted(self.entries, key=lambda entry: (entry.end, entry.start))
            ends = [entry.end for entry in ended]
            for comment in self._comments():
                place = comment.mark.line - 1, comment.mark.column - 1
                began = bisect_right(starts, place)
                over = bisect_right(ends, place)
                self._attach(comment, place, began, ended[over - 1] if over else None)
        return {
            (entry.is_key, entry.start): Around(**{k: tuple(v) for k, v in entry.sorts.items()})
            for entry in self.entries
            if entry.sorts
        }

    def _attach(self, comment: Comment, place: LineColumn, began: int, over: _Entry | None) -> None:
        """began: how many entries begin before it; over: the last one that ends before it"""
        following = self.entries[began] if began < len(self.entries) else None
        latest = self.entries[began - 1] if began else None
        left = self.source.lines[place[0]][: place[1]].split()
        alone, behind_dash = not left, left[-1:] == ["-"]
        first = behind_dash or (alone and following and not self._is_last(place, following))
        if following is not None and first:
            entry, sort = following, "before"
        elif over is not None and (latest is None or over.end > latest.start):
            entry, sort = over, "after" if alone else "behind"
        elif latest is not None:
            entry, sort = latest, "inside"
        else:
            assert following is not None, "a text has entries"
            entry, sort = following, "before"
        entry.sorts.setdefault(sort, []).append(comment)

    def _is_last(self, place: LineColumn, following: _Entry) -> bool:
        """Whether what a comment stands in ends before the entry that follows it."""
        closing = bisect_right(self.closed, place)
        if closing < len(self.closed) and self.closed[closing] < following.start:
            return True
        return not following.in_flow and place[1] > following.start[1]

    def _see(self, event: Any) -> None:
        match event:
            case yaml.ScalarEvent():
                self._begin(event)
                self.scalars.append((_start(event), _end(event)))
                self._done(_end(event))
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._begin(event)
                is_list = isinstance(event, yaml.SequenceStartEvent)
                self._open.append((is_list, bool(event.flow_style), []))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                _, in_flow, _ = self._open.pop()
                if in_flow:
                    self.closed.append(_start(event))
                self._done(_end(event) if in_flow else self._last)

    def _begin(self, event: Any) -> None:
        """A key, or an item, begins an entry; the value of a key belongs to the key's."""
        if self._open:
            is_list, in_flow, waiting = self._open[-1]
            if is_list or not waiting:
                entry = _Entry(not is_list, _start(event), in_flow)
                self.entries.append(entry)
                waiting.append(entry)
                if not is_list:
                    waiting.append(entry)  # it is done when its value is, too

    def _done(self, end: LineColumn) -> None:
        self._last = end
        if self._open:
            waiting = self._open[-1][2]
            waiting.pop().end = end

    def _comments(self) -> Iterator[Comment]:
        """Whatever begins with # outside of scalars."""
        spans = iter((*self.scalars, ((len(self.source.lines), 0),) * 2))
        start, end = next(spans)
        for number, line in enumerate(self.source.lines):
            at = 0
            while (at := line.find("#", at)) >= 0:
                while end <= (number, at):
                    start, end = next(spans)
                if (number, at) < start or self._in_header(line, number, at, start):
                    mark = Mark(self.source, number + 1, at + 1, len(line) - at)
                    yield Comment(line[at:].rstrip(), mark)
                    break
                at = end[1] if end[0] == number else len(line)

    def _in_header(self, line: str, number: int, at: int, start: LineColumn) -> bool:
        """Whether it stands behind the | or > that begins a block of text."""
        return (
            start[0] == number
            and line[start[1]] in "|>"
            and not line[start[1] : at].strip("|>+-0123456789 \t")
        )


def _start(event: Any) -> LineColumn:
    return event.start_mark.line, event.start_mark.column


def _end(event: Any) -> LineColumn:
    return event.end_mark.line, event.end_mark.column
