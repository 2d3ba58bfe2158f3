"""The labels of a choice's options.

A label is the option's scalar or `$` text as written, or its type. Options of one type are told
apart by the scalar options in which they differ, lists element by element, or by the names that
components give themselves with `label`.
"""

from __future__ import annotations

from archdsl.errors import SpecError
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence


def labels(items: tuple[Node, ...]) -> list[str]:
    """The label of every option; equal ones are left for the caller to refuse."""
    types = [_type_of(item) for item in items]
    alike: dict[str, list[Node]] = {}
    for item, of in zip(items, types, strict=True):
        alike.setdefault(of, []).append(item)
    by_type = {of: iter(_labels(members)) for of, members in alike.items()}
    return [next(by_type[of]) for of in types]


def without_labels(item: Node) -> Node:
    """An option's value: its label, and those of a list's components, are names and no part."""
    if isinstance(item, Mapping) and "label" in item:
        return item.without("label")
    if isinstance(item, Sequence):
        inner = tuple(map(without_labels, item.items))
        if any(new is not old for new, old in zip(inner, item.items, strict=True)):
            return Sequence(inner, item.mark)
    return item


def _labels(alike: list[Node]) -> list[str]:
    """The labels of values of one type, told apart from each other."""
    tables = [_scalars(node) for node in alike]
    keys = {key for table in tables for key in table}
    told_by = {key for key in keys if len({table.get(key) for table in tables}) > 1}
    lists = [node.items for node in alike if isinstance(node, Sequence)]
    elements = [
        iter(_labels([items[place] for items in lists if place < len(items)]))
        for place in range(max(map(len, lists), default=0))
    ]
    found = []
    for node, table in zip(alike, tables, strict=True):
        if isinstance(node, Sequence):
            found.append("+".join(next(labels) for labels in elements[: len(node.items)]))
            continue
        given = node.get("label") if isinstance(node, Mapping) else None
        differing = ",".join(f"{key}={text}" for key, text in table.items() if key in told_by)
        own = f"{_type_of(node)}({differing})" if differing else _type_of(node)
        found.append(own if given is None else _given(given))
    return found


def _given(node: Node) -> str:
    """A label as it is written: whatever it looks like, it is a name."""
    if isinstance(node, Scalar) and node.text.strip() and node.text.isprintable():
        return node.text
    raise SpecError(
        "a label is a text on one line",
        mark=node.mark,
        cure="it stands in addresses and in records; write  label: name",
    )


def _type_of(node: Node) -> str:
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return "+".join(_type_of(item) for item in node.items)
        case Mapping():
            name = node.get("type")
            return name.text if isinstance(name, Scalar) else ",".join(node)


def _scalars(node: Node) -> dict[str, str]:
    if not isinstance(node, Mapping):
        return {}
    return {
        key: value.text
        for key, value in node.items.items()
        if isinstance(value, Scalar) and key not in ("type", "label")
    }
