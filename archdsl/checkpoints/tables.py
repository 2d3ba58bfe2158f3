"""The published namings, read from the tables that are shipped beside the specs."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn

from archdsl import shipped
from archdsl.checkpoints.axes import SAME, TOKENS, Axes, Ones
from archdsl.checkpoints.naming import Naming, Rule
from archdsl.checkpoints.pattern import BadPattern, Pattern
from archdsl.errors import SpecError
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence
from archdsl.language.yaml import read_file

LABELS = ("official", "timm")
"""The published namings that a table may have."""

_TABLE_KEYS = ("for", "note", *LABELS, "ignore")
_RULE_KEYS = ("theirs", "ours", "axes", "our_axes")


@dataclass(frozen=True, slots=True)
class NamingTable:
    """The namings of the models of one family that share their rules.

    models: names of specs, as globs
    """

    models: tuple[str, ...]
    namings: tuple[Naming, ...]

    def is_for(self, name: str) -> bool:
        """Whether it is the table of a spec."""
        return any(fnmatch.fnmatchcase(name, model) for model in self.models)


def namings(spec: str) -> list[Naming]:
    """The published namings of a spec by its name; those of every family for an unknown name.

    Of the tables of one family that are for a spec, the first with a label counts. A spec of
    one's own that extends a shipped one has a name of its own, and the tensors of its family
    all the same.
    """
    tables = [table for tables in shipped_tables() for table in tables]
    found: dict[tuple[str, str], Naming] = {}
    for table in tables:
        if table.is_for(spec):
            for naming in table.namings:
                found.setdefault((naming.family, naming.label), naming)
    return list(found.values()) or [naming for table in tables for naming in table.namings]


@cache
def shipped_tables() -> tuple[tuple[NamingTable, ...], ...]:
    """The tables of every file, in the order of the alphabet."""
    return tuple(read_tables(path) for path in sorted(shipped.names_folder().glob("*.yaml")))


def read_tables(path: Path) -> tuple[NamingTable, ...]:
    """The tables of one file. Raises SpecError."""
    top = read_file(path)
    if "tables" not in top:
        return (_table(top, path.stem),)
    _only(top, ("tables",))
    return tuple(_table(_mapping(node), path.stem) for node in _items(top, "tables"))


def _table(node: Mapping, family: str) -> NamingTable:
    _only(node, _TABLE_KEYS)
    models = tuple(_text(item) for item in _items(node, "for"))
    ignore = tuple(_pattern(item) for item in _items(node, "ignore"))
    notes = _mapping(node.get("note") or Mapping({}))
    _only(notes, LABELS)
    return NamingTable(
        models,
        tuple(
            Naming(
                label,
                family,
                tuple(_rule(_mapping(item)) for item in _items(node, label)),
                ignore,
                _text(note) if (note := notes.get(label)) is not None else "",
            )
            for label in LABELS
            if label in node
        ),
    )


def _rule(node: Mapping) -> Rule:
    _only(node, _RULE_KEYS)
    theirs, ours = (_pattern(_required(node, side)) for side in ("theirs", "ours"))
    if theirs.names != ours.names:
        _refuse(node, "a rule has the same places on both sides, or one cannot lead back")
    return Rule(theirs, ours, _axes(node))


def _axes(node: Mapping) -> Axes:
    theirs, ours = node.get("axes"), node.get("our_axes")
    if theirs is not None and _text(theirs) == TOKENS:
        if ours is not None:
            _refuse(ours, f"our_axes has no meaning beside  axes: {TOKENS}")
        return Axes(tokens=True)
    if theirs is None and ours is None:
        return SAME
    return Axes(_ones(theirs), _ones(ours))


def _ones(node: Node | None) -> Ones:
    if node is None:
        return Ones()
    ones = Ones.read(_text(node))
    if ones is None:
        _refuse(node, f'axes are written "*,1,1", "1,1,*" or {TOKENS}')
    return ones


def _pattern(node: Node) -> Pattern:
    text = _text(node)
    try:
        return Pattern(text)
    except BadPattern as error:
        _refuse(node, f"'{text}' {error}")


def _required(node: Mapping, key: str) -> Node:
    found = node.get(key)
    if found is None:
        _refuse(node, f"a rule has  {key}")
    return found


def _items(node: Mapping, key: str) -> Iterator[Node]:
    found = node.get(key)
    if found is None:
        return
    if not isinstance(found, Sequence):
        _refuse(found, f"{key} is a list")
    yield from found.items


def _mapping(node: Node) -> Mapping:
    if not isinstance(node, Mapping):
        _refuse(node, "a mapping belongs here")
    return node


def _text(node: Node) -> str:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        _refuse(node, "a text belongs here")
    return node.value


def _only(node: Mapping, keys: tuple[str, ...]) -> None:
    for key in node:
        if key not in keys:
            raise SpecError(
                f"a table of names has no key '{key}'",
                mark=node.marks.get(key),
                cure=f"it has {' '.join(keys)}",
            )


def _refuse(node: Node, problem: str) -> NoReturn:
    raise SpecError(problem, mark=node.mark)
