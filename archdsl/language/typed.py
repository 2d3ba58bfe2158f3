"""A node against the type of its position, one level deep: names, options, scalars.

The checker walks with the holes in place, the resolver without them; both read a component or
a scalar through here, so that they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from archdsl.components import registry
from archdsl.components.defaults import REQUIRED
from archdsl.components.options import (
    KindOf,
    ListOf,
    Maybe,
    Mismatch,
    Number,
    OptionType,
    OptionValue,
    article,
    without_point,
    written,
)
from archdsl.components.registry import Definition
from archdsl.errors import SpecError
from archdsl.language.expression import Expression, ExpressionError, parse
from archdsl.language.nodes import Mapping, Mark, Node, Scalar, Sequence
from archdsl.language.scalars import ScalarError, value_of
from archdsl.spelling import did_you_mean, similar


@dataclass(frozen=True, slots=True)
class WrittenComponent:
    """A component as it is written: its definition and the nodes of its options.

    dim: the width that a layer in a stem or a downsample names for itself
    """

    definition: Definition
    options: MappingOf[str, Node]
    dim: Node | None
    mark: Mark | None


QUOTED_NONE = "absence is  none  without quotes, and None in Python"


def expression(node: Node) -> Expression | None:
    """The expression that a scalar is, or None. Raises SpecError for a broken one."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    if not node.value.startswith("$"):
        return None
    try:
        return parse(node.value)
    except ExpressionError as error:
        raise SpecError(
            str(error),
            mark=node.mark,
            cure="expressions look like  $width  or  $width * 2  or  $(width + 16) // 2",
        ) from None


def component(node: Node, kind: str) -> WrittenComponent:
    """A name or a mapping with `type` as a component of `kind`. Raises SpecError."""
    words = registry.KINDS[kind].noun
    if isinstance(node, Scalar):
        definition, options = _definition(node, kind)
        _require(definition, options, node)
        return WrittenComponent(definition, options, None, node.mark)
    if isinstance(node, Sequence):
        raise SpecError(
            f"one {words} stands here, not a list",
            mark=node.mark,
            cure="a stem, a downsample and a mixer can be lists, one after another",
        )
    name = node.get("type")
    if name is None:
        raise SpecError(
            f"{article(words)} needs a type",
            mark=node.mark,
            cure=_HOLES
            if _nearly_a_hole(node)
            else f"write  {{type: ..., ...}}  (archdsl list {kind})",
        )
    if not isinstance(name, Scalar):
        raise SpecError(
            "type is a name",
            mark=name.mark,
            cure="alternatives are whole components:  {choice: [{type: ...}, {type: ...}]}",
        )
    definition, options = _definition(name, kind)
    meant = frozenset(options)
    for key, value in node.items.items():
        if key in ("type", "label") or (key == "dim" and kind == "layer"):
            continue
        if key in meant:
            raise _already_meant(name, kind, key, node.marks.get(key, node.mark))
        if key not in definition.options:
            raise _no_option(definition, key, node.marks.get(key, node.mark))
        options[key] = value
    _require(definition, options, node)
    dim = node.get("dim") if kind == "layer" else None
    return WrittenComponent(definition, options, dim, node.mark)


def scalar(node: Node, type_: OptionType) -> OptionValue:
    """A plain value as its type. Raises SpecError that says what the type takes."""
    if not isinstance(node, Scalar):
        what = "a list" if isinstance(node, Sequence) else "a mapping"
        raise SpecError(
            f"{what} where one value belongs ({type_.takes()})",
            mark=node.mark,
            cure=_HOLES,
        )
    assert not isinstance(type_, (Maybe, ListOf, KindOf))
    return convert(node.value, type_, node.mark)


def convert(
    value: OptionValue, type_: OptionType, mark: Mark | None, text: str = ""
) -> OptionValue:
    """A Python value as its type; `text` is the expression that it comes from."""
    assert not isinstance(type_, (Maybe, ListOf, KindOf))
    try:
        return type_.convert(value)
    except Mismatch as wanted:
        shown = f"'{value}'" if isinstance(value, str) else written(value)
        subject = f"{text} is {shown}, which" if text else shown
        raise SpecError(
            f"{subject} is not {wanted}",
            mark=mark,
            cure="" if text else _meant(value, type_),
        ) from None


def numeric(type_: OptionType) -> bool:
    """Whether arithmetic can give a value of this type."""
    if isinstance(type_, Maybe):
        return numeric(type_.inner)
    return isinstance(type_, Number)


def is_none(node: Node) -> bool:
    """Whether a node is the word `none`."""
    return isinstance(node, Scalar) and node.value is None


def _definition(name: Scalar, kind: str) -> tuple[Definition, dict[str, Node]]:
    """What a name stands for, and the options that a second name of a component sets."""
    words = registry.KINDS[kind].noun
    if name.value is None:
        raise SpecError(
            f"{article(words)} is needed here",
            mark=name.mark,
            cure=f"name one  (archdsl list {kind})",
        )
    if not isinstance(name.value, str):
        raise SpecError(
            f"{name.text} is no {words}",
            mark=name.mark,
            cure=f"name one  (archdsl list {kind})",
        )
    other = registry.other_name(kind, name.value)
    definition = registry.find(kind, name.value if other is None else other.type)
    if definition is None:
        raise SpecError(
            registry.unknown(kind, name.value),
            mark=name.mark,
            cure=QUOTED_NONE if name.value == "none" else _elsewhere(name.value),
        )
    options = () if other is None else other.options
    return definition, {
        key: Scalar(value, written(value), False, name.mark) for key, value in options
    }


def _already_meant(name: Scalar, kind: str, key: str, mark: Mark | None) -> SpecError:
    other = registry.other_name(kind, str(name.value))
    assert other is not None
    return SpecError(
        f"{other.name} says '{key}' already: it is {other.stands_for()}",
        mark=mark,
        cure=f"write  {{type: {other.type}, {key}: ...}}",
    )


def _elsewhere(name: str) -> str:
    """Where a name that is none of its kind may come from."""
    if "." in name:
        return "components have registered names; Python of your own comes in through  imports:"
    kinds = [kind.noun for kind in registry.KINDS.values() if registry.find(kind.name, name)]
    return f"{name} is {' and '.join(map(article, kinds))}" if kinds else ""


def _require(definition: Definition, options: MappingOf[str, Node], node: Node) -> None:
    """Refuse a component that lacks an option without a default."""
    for option in definition.options.values():
        if option.default is REQUIRED and option.name not in options:
            raise SpecError(
                f"{definition.name} needs its option '{option.name}'",
                mark=node.mark,
                cure=definition.usage(),
            )


_HOLES = "alternatives are a hole:  {choice: [a, b]}  or  {range: [low, high]}"


def _nearly_a_hole(node: Mapping) -> bool:
    return any(similar(key, ("choice", "range")) for key in node)


def _meant(value: OptionValue, type_: OptionType) -> str:
    """The cure for a value that would be right if it were written otherwise."""
    assert not isinstance(type_, (Maybe, ListOf, KindOf))
    if value is None:
        tries = [(text, f"write {text}") for text in ("0", "false")]
    elif isinstance(value, str):
        tries = [(value, f"write {value} without quotes")]
        bare = _BETWEEN_DIGITS.sub("", value)
        if bare != value:
            tries.append((bare, f"write {bare}"))
    else:
        whole = written(without_point(value))
        tries = [(whole, f"write {whole}")] if whole != written(value) else []
    for text, cure in tries:
        try:
            type_.convert(value_of(text))
        except (ScalarError, Mismatch):
            continue
        return cure
    return ""


_BETWEEN_DIGITS = re.compile(r"(?<=\d)(?:_(?=\d)|[,' ](?=\d{3}(?!\d)))")
"""What people put between thousands."""


def _no_option(definition: Definition, key: str, mark: Mark | None) -> SpecError:
    hint = did_you_mean(key, definition.options, after="  ")
    return SpecError(
        f"{definition.name} has no option '{key}'",
        mark=mark,
        cure=hint + definition.usage(),
    )
