"""What an option or a key takes as a JSON Schema (draft-07), with what may stand in its place.

A schema says less than the language: what it refuses is wrong, and not all that is wrong is
refused. It is held against YAML as an editor reads it, in which `none` is a word like others.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from archdsl.components.options import (
    Bool,
    Duration,
    KindOf,
    ListOf,
    Maybe,
    Number,
    OneOf,
    OptionType,
    Text,
)
from archdsl.units import UNITS

Schema: TypeAlias = dict[str, Any]

ANYTHING: Schema = {}
NONE: Schema = {"const": "none"}
_EXPRESSION: Schema = {
    "type": "string",
    "pattern": r"^\$(?!.*\*\*)[\sA-Za-z0-9_.+*/()-]+$",
    "description": "a param, or arithmetic with params: $width, $width * 2",
}
_WITH_UNIT: Schema = {
    "type": "string",
    "pattern": rf"^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?\s?[{''.join(UNITS)}]$",
    "description": "a number with a unit: 2G, 1.5M",
}
_TIME: Schema = {
    "type": "string",
    "pattern": r"^(\d+(\.\d+)?d)?(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?$",
}
_PER: Schema = {
    "enum": ["stage", "block"],
    "description": "ask again in each stage, or in each block; left out, it is asked once",
}
_DEFAULT: Schema = {"description": "what the default member has; left out, the first"}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


EXPRESSION, WITH_UNIT, RANGE = _ref("expression"), _ref("amount"), _ref("range")


def place(type_: OptionType) -> Schema:
    """What can stand where a type is asked for: a value, an expression, a hole."""
    holes = [_choice(type_)]
    if _numeric(type_):
        holes.append(RANGE)
    return _any([*_alternatives(type_), EXPRESSION, *holes])


def value(type_: OptionType) -> Schema:
    """A value alone, for a place that takes neither holes nor params."""
    return _any(_alternatives(type_))


def _alternatives(type_: OptionType) -> list[Schema]:
    match type_:
        case Maybe(inner):
            return [*_alternatives(inner), NONE]
        case ListOf(inner, bare=bare, length=length):
            many: Schema = {"type": "array", "items": place(inner), "minItems": length or 1}
            if length is not None:
                many["maxItems"] = length
            return [*(_alternatives(inner) if bare else ()), many]
        case KindOf(kind):
            return [_ref(kind)]
        case Number():
            return [_number(type_), WITH_UNIT]
        case Bool():
            return [{"type": "boolean"}]
        case OneOf(values=values):
            return [{"enum": ["none" if one is None else one for one in values]}]
        case Duration():
            return [_TIME]
        case Text():
            return [{"type": "string"}]


def _number(type_: Number) -> Schema:
    """Its bounds, as far as their words say what a schema can say."""
    found: Schema = {"type": "integer" if type_.integer else "number"}
    for bound in type_.bounds:
        found |= _bound(bound.words)
    return found


def _bound(words: str) -> Schema:
    if words in ("positive int", "odd int"):
        return {"minimum": 1, **({"not": {"multipleOf": 2}} if words == "odd int" else {})}
    if words == "positive number":
        return {"exclusiveMinimum": 0}
    said = re.fullmatch(
        r"(?:int|number) (from|above|of at least) (\d+)(?:(?: to| and) (below )?(\d+))?", words
    )
    if said is None:
        return {"description": words}
    low = "exclusiveMinimum" if said[1] == "above" else "minimum"
    found: Schema = {low: int(said[2])}
    if said[4] is not None:
        found["exclusiveMaximum" if said[3] else "maximum"] = int(said[4])
    return found


def _choice(type_: OptionType) -> Schema:
    option = _any([*_alternatives(type_), EXPRESSION])
    return {
        "type": "object",
        "title": "choice",
        "description": "a hole: one of these values",
        "properties": {
            "choice": {"type": "array", "minItems": 1, "items": option},
            "per": _ref("per"),
            "default": _ref("default"),
        },
        "required": ["choice"],
        "additionalProperties": False,
    }


def shared() -> dict[str, Schema]:
    """What many places refer to, by name."""
    return {
        "expression": _EXPRESSION, "amount": _WITH_UNIT, "per": _PER, "default": _DEFAULT,
        "range": _range(),
    }  # fmt: skip


def _range() -> Schema:
    number = _any([{"type": "number"}, WITH_UNIT])
    return {
        "type": "object",
        "title": "range",
        "description": "a hole: a number from the first to the second, both included",
        "properties": {
            "range": {"type": "array", "minItems": 2, "maxItems": 2, "items": number},
            "step": {
                "anyOf": [{"type": "number", "exclusiveMinimum": 0}, WITH_UNIT],
                "description": "from one number to the next; 1 for integers",
            },
            "per": _ref("per"),
            "default": _ref("default"),
        },
        "required": ["range"],
        "additionalProperties": False,
    }


def _numeric(type_: OptionType) -> bool:
    return _numeric(type_.inner) if isinstance(type_, Maybe) else isinstance(type_, Number)


def _any(schemas: list[Schema]) -> Schema:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
