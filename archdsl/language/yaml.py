"""The strict reader: a subset of YAML 1.2 as a tree in which every value knows its place.

PyYAML scans and parses; this module turns its events into nodes and refuses what a spec has
no use for. It reads nothing that it cannot finish quickly: sizes, depth and the number of
values are limited, and nothing in a text is ever expanded.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.error import MarkedYAMLError
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from archdsl.errors import SpecError
from archdsl.language import syntax
from archdsl.language.files import text_of
from archdsl.language.nodes import Mapping, Mark, Node, Scalar, Sequence, SourceText
from archdsl.language.opening import SPEC, FileKind
from archdsl.language.passwords import without_passwords
from archdsl.language.scalars import ScalarError, value_of

MAX_BYTES = 500_000
MAX_DEPTH = 64
MAX_VALUES = 20_000

_UNPRINTABLE = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)

_DISPUTED = re.compile(r"[\t?!]|[|>][-+0-9]*#")
"""Where PyYAML's two parsers disagree: texts with these go to the one in Python."""


def read(text: str, name: str, shown: bool = True, kind: FileKind = SPEC) -> Mapping:
    """The tree of a spec's text; `name` is what errors call it, `shown` whether they may quote it.

    kind: what the text is, where it is no spec
    A byte order mark is passed over, and a password in an address is kept aside. Raises SpecError
    for anything that is not in the language's subset of YAML.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = without_passwords(text)
    lines = text.split("\n")
    source = SourceText(name, tuple(lines if lines[-1] else lines[:-1]), shown)
    if len(text) > MAX_BYTES:
        raise SpecError(f"{name}: {kind.noun} has at most {MAX_BYTES:,} bytes")
    if found := _UNPRINTABLE.search(text):
        raise _unprintable(text, found.start(), source)
    if _agreed(text):
        # Its messages are coarser than the other one's: a text with a mistake is read again.
        with contextlib.suppress(MarkedYAMLError):
            return _Composer(text, source, kind).run(_fast_events(text))
    return _Composer(text, source, kind).run(_pure_events(text, source))


def events(text: str, source: SourceText) -> Iterator[Any]:
    """PyYAML's events of a text that has been read."""
    return _fast_events(text) if _agreed(text) else _pure_events(text, source)


def _agreed(text: str) -> bool:
    """Whether the parser in C can be used."""
    return bool(yaml.__with_libyaml__) and not _DISPUTED.search(text)


def read_file(path: Path, kind: FileKind = SPEC) -> Mapping:
    """The tree of a spec's file, or of another kind's. Raises SpecError, also for what is none."""
    return read(text_of(path, MAX_BYTES, kind.noun), str(path), kind=kind)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read. `key` is the key that waits for its value."""

    place: Any
    is_list: bool
    flow: bool
    mark: Mark
    items: list[Node] = field(default_factory=list)
    values: dict[str, Node] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    key: str | None = None


class _Composer:
    """Turns one stream of events into a tree, with a stack of its own instead of recursion."""

    def __init__(self, text: str, source: SourceText, kind: FileKind) -> None:
        self.text = text
        self.kind = kind
        self.source = source
        self.stack: list[_Open] = []
        self.root: Mapping | None = None
        self.count = 0
        self.anchor: SpecError | None = None

    def run(self, events: Iterable[Any]) -> Mapping:
        documents = 0
        for event in events:
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    self._document(event, documents)
                case yaml.AliasEvent():
                    name = str(event.anchor)
                    raise self._error(syntax.alias(name), event, len(name) + 1)
                case yaml.ScalarEvent():
                    self._enter(event)
                    self._scalar(event)
                case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                    self._enter(event)
                    self._open(event)
                case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                    self._close(event)
        if self.anchor is not None:
            raise self.anchor
        if self.root is None:
            raise self._nothing()
        return self.root

    def _document(self, event: Any, count: int) -> None:
        if self.text.startswith("%", event.start_mark.index):
            raise self._error(syntax.DIRECTIVES, event, 0, syntax.DIRECTIVES_CURE)
        if count > 1:
            what = f"{self.kind.noun} {syntax.DOCUMENTS}"
            raise self._error(what, event, 3, syntax.DOCUMENTS_CURE)

    def _enter(self, event: Any) -> None:
        """What holds for every node: limits, no tags, no anchors."""
        self.count += 1
        if self.count > MAX_VALUES:
            what = f"{self.kind.noun} has at most {MAX_VALUES:,} values"
            raise self._error(what, event, 1, "split it with  extends:")
        start = event.start_mark.index
        prefix = re.compile(r"(?:&(\S+)\s+)?(!\S*)").match(self.text, start)
        if prefix is not None:
            offset = prefix.start(2) - start
            mark = self._mark(event.start_mark.line, event.start_mark.column + offset)
            raise SpecError(
                syntax.TAGS, mark=self._wide(mark, len(prefix[2])), cure=syntax.TAGS_CURE
            )
        if event.anchor is not None and self.anchor is None:
            # An alias further on says more: it is where the name would be used.
            self.anchor = self._error(syntax.anchor(event.anchor), event, len(event.anchor) + 1)

    def _open(self, event: Any) -> None:
        is_list = isinstance(event, yaml.SequenceStartEvent)
        mark = self._mark(event.start_mark.line, event.start_mark.column)
        if self.stack and not self.stack[-1].is_list and self.stack[-1].key is None:
            what = "list" if is_list else "mapping"
            raise SpecError(
                f"a key must be a word, not a {what}",
                address=self._address(),
                mark=mark,
                cure="a param is written  $name"
                if self.text.startswith("{{", max(0, event.start_mark.index - 1))
                else "put a text that begins with [ or { in quotes",
            )
        if len(self.stack) >= MAX_DEPTH:
            raise SpecError(
                f"values are nested more than {MAX_DEPTH} deep",
                mark=mark,
                cure="give inner values a name under params:",
            )
        self.stack.append(_Open(event.start_mark, is_list, bool(event.flow_style), mark))

    def _close(self, event: Any) -> None:
        done = self.stack.pop()
        mark = done.mark
        if done.flow:
            mark = self._span(done.place, event.end_mark)
        elif done.marks:
            mark = self._wide(mark, next(iter(done.marks.values())).width)
        if done.is_list:
            self._add(Sequence(tuple(done.items), mark))
        else:
            self._add(Mapping(done.values, done.marks, mark))

    def _scalar(self, event: Any) -> None:
        quoted = event.style not in (None, "")
        text: str = event.value
        mark = self._span(event.start_mark, event.end_mark)
        if quoted and re.search("[\ud800-\udfff]", text):
            raise SpecError(
                "half of a surrogate pair is no character",
                mark=mark,
                cure="write the character itself, or \\U and eight digits",
            )
        if self.stack and not self.stack[-1].is_list and self.stack[-1].key is None:
            self._key(text, quoted, mark)
            return
        if not quoted and not text:
            raise self._empty(event)
        try:
            value = text if quoted else value_of(text)
        except ScalarError as error:
            raise SpecError(
                str(error), address=self._address(), mark=mark, cure=error.cure
            ) from None
        self._add(Scalar(value, text, quoted, mark))

    def _key(self, text: str, quoted: bool, mark: Mark) -> None:
        opened = self.stack[-1]
        address = self._address()
        if not text or "\n" in text:
            problem = "a key is missing here" if not text else "a key must be a word on one line"
            raise SpecError(problem, address=address, mark=mark, cure="write  key: value")
        if not quoted:
            if text == "<<":
                raise SpecError(
                    "YAML merge keys are not part of archdsl",
                    address=address,
                    mark=mark,
                    cure="extends: inherits a spec, $name repeats a value, "
                    "and a dotted key changes one option",
                )
            if not _is_word(text):
                raise SpecError(
                    f"a key must be a word, and {text} is none",
                    address=address,
                    mark=mark,
                    cure="values in an order are a list: write each after  '- '",
                )
        if text in opened.values:
            first = opened.marks[text].line
            lines = f"on lines {first} and {mark.line}"
            if first == mark.line:
                lines = f"both times on line {first}"
            raise SpecError(
                f"the key '{text}' is written twice, {lines}",
                address=address,
                mark=mark,
                cure="keep one of them",
            )
        opened.key = text
        opened.marks[text] = mark

    def _add(self, node: Node) -> None:
        if not self.stack:
            self._finish(node)
            return
        opened = self.stack[-1]
        if opened.is_list:
            opened.items.append(node)
        else:
            assert opened.key is not None, "a value follows its key"
            opened.values[opened.key] = node
            opened.key = None

    def _finish(self, node: Node) -> None:
        if not isinstance(node, Mapping):
            what = "a list" if isinstance(node, Sequence) else "a single value"
            raise SpecError(
                f"{self.kind.noun} is a mapping, and this is {what}",
                mark=node.mark,
                cure=f"write  key: value  lines, and begin with  {self.kind.first}",
            )
        self.root = node

    def _empty(self, event: Any) -> SpecError:
        """A value that is not there: at its key, or at the dash of its list."""
        address = self._address()
        opened = self.stack[-1] if self.stack else None
        if opened is None:
            return self._nothing()
        if opened.key is not None:
            mark, cure = opened.marks[opened.key], "if it is absent write  none"
            if ":" in opened.key:
                cure = "a space stands behind the colon:  key: value"
            return SpecError("a value is missing", address=address, mark=mark, cure=cure)
        back = 1 if self.text.startswith("-", event.start_mark.index - 1) else 0
        mark = self._mark(event.start_mark.line, event.start_mark.column - back)
        return SpecError(
            "a value is missing", address=address, mark=mark, cure="write one, or  none"
        )

    def _nothing(self) -> SpecError:
        mark = Mark(self.source, 1, 1)
        return SpecError("there is nothing in it", mark=mark, cure=f"begin with  {self.kind.first}")

    def _address(self) -> str:
        """The address of the value that comes next."""
        parts = [str(len(o.items)) if o.is_list else o.key for o in self.stack]
        return ".".join(part for part in parts if part is not None)

    def _mark(self, line: int, column: int, width: int = 1) -> Mark:
        return Mark(self.source, line + 1, column + 1, width)

    def _wide(self, mark: Mark, width: int) -> Mark:
        return Mark(mark.source, mark.line, mark.column, width)

    def _span(self, start: Any, end: Any) -> Mark:
        """From start to end, or to the end of the line on which it starts."""
        last: int = end.column
        if end.line != start.line:
            last = len(self.source.lines[start.line].rstrip())
        return self._mark(start.line, start.column, max(1, last - start.column))

    def _error(self, problem: str, event: Any, width: int, cure: str = "") -> SpecError:
        place = event.start_mark
        width = width or len(self.source.lines[place.line]) - place.column
        return SpecError(problem, mark=self._mark(place.line, place.column, width), cure=cure)


def _is_word(text: str) -> bool:
    try:
        return isinstance(value_of(text), str)
    except ScalarError:
        return False


class _PureParser(Reader, Scanner, Parser):
    """PyYAML's parser in Python."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def _fast_events(text: str) -> Iterator[Any]:
    """The events of PyYAML's parser in C."""
    return _drain(yaml.cyaml.CParser(text))  # type: ignore[attr-defined]


def _pure_events(text: str, source: SourceText) -> Iterator[Any]:
    """The events of the parser in Python; its errors are SpecErrors."""
    parser = _PureParser(text)
    try:
        yield from _drain(parser)
    except MarkedYAMLError as error:
        raise syntax.in_words(error, source) from None
    except (ValueError, OverflowError):  # chr() of an escape beyond the last character
        beyond = MarkedYAMLError(problem="escape", problem_mark=parser.get_mark())
        raise syntax.in_words(beyond, source) from None


def _drain(parser: Any) -> Iterator[Any]:
    while parser.check_event():
        yield parser.get_event()


def _unprintable(text: str, at: int, source: SourceText) -> SpecError:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    problem = f"the character U+{ord(text[at]):04X} cannot stand in a spec"
    cure = f'delete it, or write it in double quotes as  "\\u{ord(text[at]):04x}"'
    return SpecError(f"{source.name}:{line}:{column}: {problem}", cure=cure)
