"""Dataclasses of plain values: each field checked by its annotation, written and read as JSON."""

from __future__ import annotations

import functools
import typing
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from archdsl.components.options import (
    KindOf,
    ListOf,
    Maybe,
    Mismatch,
    OptionType,
    article,
    from_annotation,
    written,
)
from archdsl.errors import SearchError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def check(whole: DataclassInstance, name: str, beside: tuple[str, ...] = ()) -> None:
    """Hold each field of a new value against its annotation, and set it as its type has it.

    name: what the whole is called in an error, "recipe"
    beside: fields that are no options, which whoever calls checks
    Raises SearchError for a value that its field does not take.
    """
    for field, type_ in types_of(type(whole), beside).items():
        object.__setattr__(whole, field, _checked(name, field, type_, getattr(whole, field)))


def record(whole: DataclassInstance) -> dict[str, Any]:
    """The fields as JSON holds them, each by its name."""
    plain = {field.name: getattr(whole, field.name) for field in fields(whole)}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in plain.items()}


def from_record(cls: type[T], record: Mapping[str, Any], name: str) -> T:
    """What `record` was made of. Raises SearchError, in which it is called `name`."""
    names = [field.name for field in fields(cls)]
    for key in [*names, *record]:
        if key not in record or key not in names:
            what = "is not there" if key in names else f"is no field of {article(name)}"
            raise SearchError(f"{name}: {key} {what}.  {article(name)} has: {', '.join(names)}")
    return cls(**record)


@functools.cache
def types_of(cls: type[DataclassInstance], beside: tuple[str, ...]) -> dict[str, OptionType]:
    """The fields of a class that are options, each with its type; beside: those that are none."""
    hints = typing.get_type_hints(cls, include_extras=True)
    names = [field.name for field in fields(cls) if field.name not in beside]
    return {name: from_annotation(hints[name]) for name in names}


def _checked(where: str, field: str, type_: OptionType, value: Any) -> Any:
    try:
        return _as(type_, value)
    except Mismatch as error:
        raise SearchError(f"{where}: {field} is {written(value)}.  it takes {error}") from None


def _as(type_: OptionType, value: Any) -> Any:
    """`value` as a type has it. Raises Mismatch."""
    if isinstance(type_, Maybe):
        return None if value is None else _as(type_.inner, value)
    if isinstance(type_, ListOf):
        if not isinstance(value, (list, tuple)) or type_.length not in (None, len(value)):
            raise Mismatch(article(type_.takes()))
        return tuple(_as(type_.inner, item) for item in value)
    assert not isinstance(type_, KindOf), "plain values hold no components"
    return type_.convert(value)
