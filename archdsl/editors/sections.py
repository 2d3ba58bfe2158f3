"""`search:` of a spec, and `train:` of a recipe, as schemas."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.amounts import bounded
from archdsl.components.options import Bound, Maybe, Number, OneOf, OptionType
from archdsl.editors.values import NONE, WITH_UNIT, Schema, value
from archdsl.language import (
    engine_section,
    final_section,
    prune_section,
    schedule_section,
    search_section,
    settings,
    storage_section,
)
from archdsl.language.positions import POSITIVE, RATE

_SHARED = rf"^({'|'.join(settings.SHARED_SCHEMES)})://.*[^/]"

_FROM_ZERO = Number(True, (Bound("int from 0", lambda v: v >= 0),))


def search() -> Schema:
    """The section as a mapping."""
    names = _one_or_more({"type": "string"}, NONE)
    known: dict[str, Schema] = {
        "maximize": {**names, "description": "what is to be large; accuracy unless said"},
        "minimize": {**names, "description": "what is to be small, such as macs"},
        "budget": _budget(),
        "trials": value(POSITIVE),
        "sampler": _sampler(),
        "measure": _or_none(value(OneOf(search_section.MEASURES))),
        "random_share": value(Maybe(RATE)),
        "seed": value(_FROM_ZERO),
        "engine": _word_or_mapping(engine_section.ENGINE),
        "shared": _either({"type": "string", "pattern": _SHARED}, NONE),
        "storage": _either({"type": "string"}, _mapping(storage_section.STORAGE, ["url"]), NONE),
        "prune": _prune(),
        "final": _either(_mapping(final_section.FINAL), NONE),
        "baselines": _one_or_more({"type": "string"}, NONE),
        "proxy": _or_none(_proxy()),
        **{key: value(type_) for key, type_ in search_section.RUNNING.items()},
    }
    properties = {key: known[key] for key in search_section.KEYS}
    return _or_none(_closed(properties))


def train(types: Mapping[str, OptionType], changes: Mapping[str, OptionType]) -> Schema:
    """What a recipe says. types: of its keys; changes: those of its augmentation"""
    properties = {key: _said_or_none(type_) for key, type_ in types.items()}
    return _closed({**properties, "augmentation": _or_none(_mapping(changes))})


def _budget() -> Schema:
    amount: Schema = {"anyOf": [{"type": "number", "minimum": 0}, WITH_UNIT]}
    between: Schema = {"type": "array", "items": amount, "minItems": 1, "maxItems": 2}
    bound = _either(*amount["anyOf"], between, NONE)
    words = "at most so much, or between two amounts: 2G, [1.5G, 2G]"
    costs = {name: {**bound, "description": words} for name in bounded()}
    return _or_none({**_closed(costs), "minProperties": 1})


def _sampler() -> Schema:
    optunas = [settings.OPTUNA + name for name in settings.OPTUNA_SAMPLERS]
    names: Schema = {"enum": [*search_section.SAMPLERS, *optunas]}
    ours = _closed({"type": {"enum": [*search_section.SAMPLERS]}}, ["type"])
    theirs: Schema = {
        "type": "object", "properties": {"type": {"enum": optunas}}, "required": ["type"],
    }  # fmt: skip
    return _either(names, ours, theirs)


def _prune() -> Schema:
    many: Schema = {"type": "array", "items": value(POSITIVE), "minItems": 1}
    rungs = _either(value(POSITIVE), many)
    section = _closed({**_values(prune_section.PRUNE), "rungs": rungs}, ["type"])
    return _either(value(prune_section.PRUNE["type"]), section, NONE)


def _proxy() -> Schema:
    own = _either(
        {"type": "string"},
        {"type": "object", "properties": {"type": {"type": "string"}}, "required": ["type"]},
        NONE,
    )
    properties = {key: _said_or_none(type_) for key, type_ in search_section.PROXY.items()}
    properties |= dict.fromkeys(search_section.OWN, own)
    properties["schedule"] = _word_or_mapping(schedule_section.SCHEDULE)
    return _closed(properties)


def _said_or_none(type_: OptionType) -> Schema:
    """A number may be written as none where that is zero, and a word of digits without quotes."""
    if isinstance(type_, OneOf):
        digits = [int(one) for one in type_.values if isinstance(one, str) and one.isdigit()]
        return _either(value(type_), *({"const": one} for one in digits))
    return _or_none(value(type_)) if isinstance(type_, Number) else value(type_)


def _word_or_mapping(types: Mapping[str, OptionType]) -> Schema:
    return _either(value(types["type"]), _mapping(types, ["type"]))


def _mapping(types: Mapping[str, OptionType], required: list[str] | None = None) -> Schema:
    return _closed(_values(types), required)


def _values(types: Mapping[str, OptionType]) -> dict[str, Schema]:
    return {key: value(type_) for key, type_ in types.items()}


def _closed(properties: Mapping[str, Schema], required: list[str] | None = None) -> Schema:
    found: Schema = {
        "type": "object", "properties": dict(properties), "additionalProperties": False,
    }  # fmt: skip
    return {**found, "required": required} if required else found


def _one_or_more(*ones: Schema) -> Schema:
    return _either(*ones, {"type": "array", "items": ones[0], "minItems": 1})


def _or_none(schema: Schema) -> Schema:
    return _either(schema, NONE)


def _either(*schemas: Schema) -> Schema:
    flat = [one for s in schemas for one in (s["anyOf"] if set(s) == {"anyOf"} else [s])]
    return {"anyOf": flat}
