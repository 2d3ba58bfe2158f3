"""A node against the type of its position, one level deep: names, options, scalars.

The checker walks with the holes in place, the resolver without them; both read a component or
a scalar through here, so that they cannot disagree.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from archdsl import registry
from archdsl.errors import SpecError
from archdsl.options import KindOf, ListOf, Maybe, Mismatch, Number, OptionType, Value, written
from archdsl.registry import REQUIRED, Definition
from archdsl.spec.expression import Expression, ExpressionError, parse
from archdsl.spec.nodes import Mark, Node, Scalar, Sequence


@dataclass(frozen=True, slots=True)
class Written:
    """A component as it is written: its definition and the nodes of its options.

    dim: the width that a layer in a stem or a downsample names for itself
    """

    definition: Definition
    options: MappingOf[str, Node]
    dim: Node | None
    mark: Mark | None


def expression(node: Node, address: str) -> Expression | None:
    """The expression that a scalar is, or None. Raises SpecError for a broken one."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    if not node.value.startswith("$"):
        return None
    try:
        return parse(node.value)
    except ExpressionError as error:
        raise SpecError(str(error), address=address, mark=node.mark) from None


def component(node: Node, kind: str, address: str) -> Written:
    """A name or a mapping with `type` as a component of `kind`. Raises SpecError."""
    words = registry.KINDS[kind].words
    if isinstance(node, Scalar):
        return Written(_definition(node, kind, address), {}, None, node.mark)
    if isinstance(node, Sequence):
        raise SpecError(
            f"one {words} stands here, not a list",
            address=address,
            mark=node.mark,
            cure="only a stem and a downsample are lists of layers",
        )
    name = node.get("type")
    if name is None:
        raise SpecError(
            f"a {words} needs a type",
            address=address,
            mark=node.mark,
            cure=f"write  {{type: ..., ...}}  (archdsl list {kind})",
        )
    if not isinstance(name, Scalar):
        raise SpecError("type is a name", address=address, mark=name.mark)
    definition = _definition(name, kind, address)
    options: dict[str, Node] = {}
    for key, value in node.items.items():
        if key in ("type", "label") or (key == "dim" and kind == "layer"):
            continue
        if key not in definition.options:
            raise _no_option(definition, key, address, node.marks.get(key, node.mark))
        options[key] = value
    for option in definition.options.values():
        if option.default is REQUIRED and option.name not in options:
            raise SpecError(
                f"{definition.name} needs its option '{option.name}'",
                address=address,
                mark=node.mark,
                cure=definition.words(),
            )
    dim = node.get("dim") if kind == "layer" else None
    return Written(definition, options, dim, node.mark)


def scalar(node: Node, type_: OptionType, address: str) -> Value:
    """A plain value as its type. Raises SpecError that says what the type takes."""
    if not isinstance(node, Scalar):
        what = "a list" if isinstance(node, Sequence) else "a mapping"
        raise SpecError(f"{what} where {type_.words()} belongs", address=address, mark=node.mark)
    assert not isinstance(type_, (Maybe, ListOf, KindOf))
    return convert(node.value, type_, address, node.mark)


def convert(
    value: Value, type_: OptionType, address: str, mark: Mark | None, text: str = ""
) -> Value:
    """A Python value as its type; `text` is the expression that it comes from."""
    assert not isinstance(type_, (Maybe, ListOf, KindOf))
    try:
        return type_.convert(value)
    except Mismatch as wanted:
        shown = f"'{value}'" if isinstance(value, str) else written(value)
        subject = f"{text} is {shown}, which" if text else shown
        raise SpecError(f"{subject} is not {wanted}", address=address, mark=mark) from None


def numeric(type_: OptionType) -> bool:
    """Whether arithmetic can give a value of this type."""
    if isinstance(type_, Maybe):
        return numeric(type_.inner)
    return isinstance(type_, Number)


def is_none(node: Node) -> bool:
    """Whether a node is the word `none`."""
    return isinstance(node, Scalar) and node.value is None


def _definition(name: Scalar, kind: str, address: str) -> Definition:
    words = registry.KINDS[kind].words
    if name.value is None:
        raise SpecError(f"a {words} is needed here", address=address, mark=name.mark)
    if not isinstance(name.value, str):
        raise SpecError(f"{name.text} is no {words}", address=address, mark=name.mark)
    definition = registry.find(kind, name.value)
    if definition is None:
        raise SpecError(registry.unknown(kind, name.value), address=address, mark=name.mark)
    return definition


def _no_option(definition: Definition, key: str, address: str, mark: Mark | None) -> SpecError:
    close = difflib.get_close_matches(key, definition.options, n=1)
    hint = f"did you mean '{close[0]}'?  " if close else ""
    return SpecError(
        f"{definition.name} has no option '{key}'",
        address=address,
        mark=mark,
        cure=hint + definition.words(),
    )
