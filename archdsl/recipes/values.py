"""What is written under `train` as the values of a recipe's fields."""

from __future__ import annotations

from typing import Any

from archdsl.components.options import ListOf, Maybe, OneOf, OptionType
from archdsl.errors import SearchError, SpecError
from archdsl.language import typed
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence
from archdsl.language.section import mapping
from archdsl.training.augmentation import Augmentation
from archdsl.training.plain_values import types_of
from archdsl.training.recipe import BESIDE_OPTIONS, Recipe

AUGMENTATION = "augmentation"
TYPES = types_of(Recipe, BESIDE_OPTIONS)
"""The plain fields that a recipe's file may have, each with its type."""

_OWN = ("module", "datamodule")
"""Classes of the user's own are named in a spec, beside where they lie."""

KEYS = tuple(
    name for name in (*Recipe.__dataclass_fields__,)
    if (name in TYPES and name not in _OWN) or name == AUGMENTATION
)  # fmt: skip
CHANGES = types_of(Augmentation, ())
_NOTHING = ("weight_decay", "warmup", "label_smoothing")
"""Those that are 0 where there is none of it."""


def values_of(train: Mapping) -> dict[str, Any]:
    """Field -> value, of those that are written. Raises SpecError, with its place."""
    written = mapping(train, "train", KEYS, ())
    return {key: _field(key, node) for key, node in written.items()}


def _field(key: str, node: Node) -> Any:
    address = f"train.{key}"
    if key == AUGMENTATION:
        return None if typed.is_none(node) else _augmentation(node, address)
    if key in _NOTHING and typed.is_none(node):
        return 0.0
    return _value(node, TYPES[key], address)


def _augmentation(node: Node, address: str) -> Augmentation:
    written = mapping(node, address, tuple(CHANGES), ())
    found = {key: _value(one, CHANGES[key], f"{address}.{key}") for key, one in written.items()}
    try:
        return Augmentation(**found)
    except SearchError as error:
        what, _, cure = str(error).removeprefix("augmentation: ").partition(".  ")
        raise SpecError(what, address=address, mark=node.mark, cure=cure) from None


def _value(node: Node, type_: OptionType, address: str) -> Any:
    """A value as a type has it. Raises SpecError, at the address."""
    if isinstance(type_, Maybe):
        return None if typed.is_none(node) else _value(node, type_.inner, address)
    if isinstance(type_, ListOf):
        return _list(node, type_, address)
    try:
        if isinstance(node, (Mapping, Sequence)) or typed.expression(node) is not None:
            what = {Mapping: "a mapping", Sequence: "a list"}.get(type(node), "an expression")
            raise SpecError(
                f"{what} where one value belongs ({type_.takes()})",
                mark=node.mark,
                cure="write the value; a recipe has no holes and no params",
            )
        if isinstance(type_, OneOf) and isinstance(node, Scalar) and type(node.value) is int:
            node = Scalar(node.text, node.text, mark=node.mark)  # precision: 16
        return typed.scalar(node, type_)
    except SpecError as error:
        raise error.at(address) from None


def _list(node: Node, type_: ListOf, address: str) -> tuple[Any, ...]:
    if not isinstance(node, Sequence) or type_.length not in (None, len(node.items)):
        raise SpecError(
            f"a {type_.takes()} belongs here", address=address, mark=node.mark,
            cure=f"write  {address}: [{', '.join(['...'] * (type_.length or 1))}]",
        )  # fmt: skip
    return tuple(_value(item, type_.inner, address) for item in node.items)
