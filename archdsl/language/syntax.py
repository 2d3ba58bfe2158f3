"""YAML's syntax errors in the words of a spec: what is wrong, and what to write instead.

The parser says what it expected by its own grammar ("expected <block end>"); each of its
messages is turned here into what the author most likely did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from yaml.error import MarkedYAMLError

from archdsl.errors import SpecError
from archdsl.language.nodes import Mark, SourceText

NAME_IT = "name the value under params: and write"


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name)


def alias(name: str) -> str:
    """The words for a YAML alias, `*name`."""
    return f"YAML aliases are not part of archdsl; {NAME_IT} ${_identifier(name)}"


def anchor(name: str) -> str:
    """The words for a YAML anchor, `&name`."""
    return f"YAML anchors are not part of archdsl; {NAME_IT} ${_identifier(name)}"


TAGS = "YAML tags are not part of archdsl"
TAGS_CURE = "write the value without its tag; a text that looks like a number goes in quotes"
DIRECTIVES = "YAML directives are not part of archdsl"
DIRECTIVES_CURE = "leave the line that begins with % out"
TABS = "a tab cannot stand here"
TABS_CURE = "use spaces"
QUESTION = "'?' cannot stand in an unquoted value inside [] or {}"
QUESTION_CURE = "put the value in quotes"
BEGIN_CURE = "put a text in quotes; an expression begins with $"
DOCUMENTS = "is one document, and a second one begins here"
DOCUMENTS_CURE = "put it into a file of its own; one can build on the other with  extends:"


@dataclass(frozen=True, slots=True)
class _Rule:
    """One message of the parser: `pattern` in "context | problem", and what to say for it.

    opening: whether the mistake is where the construct began, not where the parser gave up
    """

    pattern: str
    words: str
    cure: str
    opening: bool = False


_MISALIGNED = _Rule(
    r"parsing a block (?:mapping|collection)",
    "this line fits neither the lines above it nor their indentation",
    "indent the keys of one mapping alike, and the '- ' of one list",
)
_TRAILING = _Rule(
    "",
    "the value has ended before this",
    "put a text with quotes or brackets in it whole in quotes; inside '...' write '' for a '",
)
_NO_KEY = _Rule("", "a key is missing before this ':'", "write  key: value")
_UNFINISHED = (
    _Rule(r"parsing a flow sequence", "expected ',' or ']' here", "lists are  [a, b, c]"),
    _Rule(
        r"parsing a flow mapping",
        "expected ',' or '}' here",
        "mappings are  {key: value, key: value}",
    ),
)

_RULES = (
    _Rule(r"found character '\\t'|but found '\\t'", TABS, TABS_CURE),
    _Rule(r"but got '\?'", QUESTION, QUESTION_CURE),
    _Rule(r"undefined tag handle|(?:scanning|parsing) a tag", TAGS, TAGS_CURE, True),
    _Rule(r"directive|found incompatible YAML|tag handle", DIRECTIVES, DIRECTIVES_CURE, True),
    _Rule(
        r"found character '(.*)' that cannot start",
        "a value cannot begin with '{0}'",
        "put the value in quotes",
    ),
    _Rule(
        r"quoted scalar \| found unexpected (end|document)",
        "this quote is never closed",
        "close it with the same kind of quote",
        True,
    ),
    _Rule(
        r"escape",
        "a backslash in double quotes begins an escape, and this is none",
        "write \\\\ for a backslash, or put the text in single quotes",
    ),
    _Rule(
        r"could not find expected ':'",
        "expected a key with ': ' after it",
        "write  key: value; a text of several lines goes in quotes",
        True,
    ),
    _Rule(
        r"sequence entries are not allowed",
        "a list cannot begin in the middle of a line",
        "begin it on a line of its own, or write  [a, b]",
    ),
    _Rule(
        r"mapping values are not allowed",
        "a ': ' that belongs to no key",
        "indent keys of one mapping alike, write a mapping inside a line as  {key: value}, "
        "and put a text with ': ' in quotes",
    ),
    _Rule(
        r"mapping keys are not allowed",
        "a '? ' cannot stand here",
        "write  key: value",
    ),
    _Rule(
        r"scanning a block scalar",
        "nothing but a comment can follow the | or > of a block of text",
        "begin the text on the next line",
    ),
    _Rule(
        r"parsing a flow sequence.*<stream end>",
        "this [ is never closed",
        "close it with ]",
        True,
    ),
    _Rule(
        r"parsing a flow mapping.*<stream end>",
        "this { is never closed",
        "close it with }",
        True,
    ),
    *_UNFINISHED,
    _Rule(r"expected the node content", "a value is missing here", "write one, or  none"),
    _MISALIGNED,
    _Rule(
        r"expected '<document start>'",
        "nothing can follow the end of the document",
        "a spec is one mapping: write  key: value  lines",
    ),
    _Rule(r"scanning an alias", "a value cannot begin with '*'", BEGIN_CURE, True),
    _Rule(r"scanning an anchor", "a value cannot begin with '&'", BEGIN_CURE, True),
)


def in_words(error: MarkedYAMLError, source: SourceText) -> SpecError:
    """A syntax error of the parser as a SpecError with its place."""
    said = f"{error.context} | {error.problem}"
    rule, found = next(_matching(said))
    place = error.context_mark if rule.opening and error.context_mark else error.problem_mark
    mark = None if place is None else _inside(source, place.line + 1, place.column + 1)
    if rule is _MISALIGNED and mark is not None:
        rule = _on_this_line(mark)
    words = rule.words.replace("{0}", found[1]) if found.groups() else rule.words
    cure = rule.cure
    begun = error.context_mark
    if rule in _UNFINISHED and begun is not None and place is not None and begun.line < place.line:
        cure = f"the bracket of line {begun.line + 1} is still open"
    return SpecError(words, mark=mark, cure=cure)


def _on_this_line(mark: Mark) -> _Rule:
    """Where a block went wrong: at its own indentation, or behind a value that had ended."""
    line = mark.source.lines[mark.line - 1]
    if line[mark.column - 1 :].startswith(":"):
        return _NO_KEY
    return _TRAILING if line[: mark.column - 1].strip(" -") else _MISALIGNED


def _matching(said: str) -> Iterator[tuple[_Rule, re.Match[str]]]:
    for rule in _RULES:
        if found := re.search(rule.pattern, said, re.DOTALL):
            yield rule, found
    anything = re.match("", said)
    assert anything is not None
    yield _Rule("", "the YAML cannot be read here", "write  key: value  lines"), anything


def _inside(source: SourceText, line: int, column: int) -> Mark:
    """The place, or the last character before it where it lies behind the end of the text."""
    if line > len(source.lines) and source.lines:
        line = len(source.lines)
        column = max(1, len(source.lines[-1]))
    return Mark(source, line, column)
