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
    return [
        _label(item, [other for other, its in zip(items, types, strict=True) if its == of])
        for item, of in zip(items, types, strict=True)
    ]


def without_labels(item: Node) -> Node:
    """An option's value: its label, and those of a list's components, are names and no part."""
    if isinstance(item, Mapping) and "label" in item:
        return item.without("label")
    if isinstance(item, Sequence):
        inner = tuple(map(without_labels, item.items))
        if any(new is not old for new, old in zip(inner, item.items, strict=True)):
            return Sequence(inner, item.mark)
    return item


def _label(item: Node, alike: list[Node]) -> str:
    """alike: the options of its type, itself among them"""
    if isinstance(item, Sequence):
        lists = [other.items for other in alike if isinstance(other, Sequence)]
        return "+".join(
            _label(inner, [others[place] for others in lists if place < len(others)])
            for place, inner in enumerate(item.items)
        )
    given = item.get("label") if isinstance(item, Mapping) else None
    return _type_of(item) + _difference(item, alike) if given is None else _given(given)


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


def _difference(node: Node, alike: list[Node]) -> str:
    """`(ratio=2)`: the scalar options in which a component differs from those of its type."""
    tables = [_scalars(other) for other in alike]
    own = _scalars(node)
    differing = [
        f"{key}={text}" for key, text in own.items() if any(t.get(key) != text for t in tables)
    ]
    return f"({','.join(differing)})" if differing else ""


def _scalars(node: Node) -> dict[str, str]:
    if not isinstance(node, Mapping):
        return {}
    return {
        key: value.text
        for key, value in node.items.items()
        if isinstance(value, Scalar) and key not in ("type", "label")
    }
