"""The arguments that a spec gives to a class of the user's own, held against its signature."""

from __future__ import annotations

import copy
import inspect
import types
import typing
from collections.abc import Iterable
from inspect import Parameter
from pathlib import Path
from typing import Any, TypeAlias, Union

from archdsl.components.options import (
    KindOf,
    ListOf,
    Maybe,
    Mismatch,
    from_annotation,
    with_unit,
    written,
)
from archdsl.errors import SearchError
from archdsl.spelling import did_you_mean

Given: TypeAlias = Iterable[tuple[str, Any]]
"""Names and plain values, as a recipe has them."""

_IN_ORDER = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
_BESIDE = ("./", "../")
"""What a text begins with that is a path from the spec's folder."""


def arguments(
    cls: type, given: Given, folder: Path, address: str, own: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The keyword arguments of a class, of the types that its signature says.

    A text that begins with ./ or ../, and one for a parameter annotated `Path`, becomes the
    absolute path from `folder`.
    address: where the class is named; own: what archdsl passes first, by what it is: "the model"
    Raises SearchError for one that it does not have, that it lacks, or that is of another type.
    """
    values = dict(given)
    try:
        parameters = list(inspect.signature(cls).parameters.values())
    except (TypeError, ValueError):  # it says nothing of itself
        return {name: _placed(value, folder) for name, value in values.items()}
    passed = [one for one in parameters if one.kind in _IN_ORDER][: len(own)]
    for one, what in zip(passed, own, strict=False):
        if one.name in values:
            raise SearchError(f"{address}.{one.name}: {cls.__name__} gets {what} there.  drop it")
    rest = [one for one in parameters if one not in passed]
    known = {one.name: one for one in rest if one.kind in _BY_NAME}
    takes = _takes(cls, known.values())
    if not any(one.kind is Parameter.VAR_KEYWORD for one in rest):
        for name in [name for name in values if name not in known]:
            hint = did_you_mean(name, known, after="  ")
            raise SearchError(
                f"{address}.{name}: {cls.__name__} has no argument '{name}'.  {hint}{takes}"
            )
    for name, one in known.items():
        if one.default is Parameter.empty and name not in values:
            raise SearchError(
                f"{address}: {cls.__name__} needs its argument '{name}'.  write  "
                f"{address}.{name}: ...  or give it a default"
            )
    found, hints = {}, _hints(cls)
    for name, value in values.items():
        try:
            found[name] = _typed(value, hints.get(name), known.get(name), folder)
        except Mismatch as wanted:
            shown = f"'{value}'" if isinstance(value, str) else written(value)
            raise SearchError(f"{address}.{name}: {shown} is not {wanted}.  {takes}") from None
    return found


def fresh(given: dict[str, Any]) -> dict[str, Any]:
    """A copy for one call, which may change what it gets."""
    return copy.deepcopy(given)


def _takes(cls: type, known: Iterable[Parameter]) -> str:
    said = [
        one.name if one.default is Parameter.empty else f"{one.name} ({written(one.default)})"
        for one in known
    ]
    return f"{cls.__name__} takes: {', '.join(said)}" if said else f"{cls.__name__} takes none"


def _hints(cls: type) -> dict[str, Any]:
    """The annotations of its parameters, as far as they can be understood."""
    try:
        return typing.get_type_hints(cls.__init__, include_extras=True)  # type: ignore[misc]
    except Exception:  # names that only a type checker imports
        return {}


def _typed(value: Any, hint: Any, parameter: Parameter | None, folder: Path) -> Any:
    """One argument of its type. Raises Mismatch."""
    if hint is not None:
        return _converted(value, hint, folder)
    number = parameter is not None and type(parameter.default) in (int, float)
    return _placed(with_unit(value) if number else value, folder)


def _converted(value: Any, hint: Any, folder: Path) -> Any:
    """A value as an annotation has it; as it is where that is none of plain values."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        rest = [one for one in inside if one is not types.NoneType]
        if value is None and len(rest) < len(inside):
            return None
        if len(rest) == 1:
            return _converted(value, rest[0], folder)
    if hint is Path and isinstance(value, str):
        return folder.absolute() / value
    if origin in (list, tuple) and isinstance(value, list) and len(set(inside) - {...}) == 1:
        if origin is tuple and ... not in inside and len(inside) != len(value):
            raise Mismatch(f"a list of {len(inside)}")
        return origin(_converted(one, inside[0], folder) for one in value)
    try:
        type_ = from_annotation(hint)
    except TypeError:
        return _placed(value, folder)
    if isinstance(type_, (KindOf, Maybe)):
        return _placed(value, folder)
    if isinstance(type_, ListOf):
        raise Mismatch(f"a {type_.takes()}")
    return _placed(type_.convert(value), folder)


def _placed(value: Any, folder: Path) -> Any:
    """A value with the paths in it from the folder of the spec."""
    if isinstance(value, list):
        return [_placed(one, folder) for one in value]
    if isinstance(value, dict):
        return {key: _placed(one, folder) for key, one in value.items()}
    if isinstance(value, str) and value.startswith(_BESIDE):
        return str(folder.absolute() / value)
    return value
