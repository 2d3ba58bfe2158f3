"""One JSON Schema (draft-07) for specs and for recipes, after what is registered."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from archdsl.editors import sections
from archdsl.editors.components import definitions
from archdsl.editors.values import ANYTHING, Schema, place, shared, value
from archdsl.language import positions
from archdsl.language.positions import Level, Position
from archdsl.recipes.document import KEYS as RECIPE_KEYS
from archdsl.recipes.values import CHANGES, TYPES
from archdsl.recipes.values import KEYS as TRAIN_KEYS
from archdsl.version import VERSION

_DRAFT = "http://json-schema.org/draft-07/schema#"
_TEXT: Schema = {"type": "string"}
_PATCHES: Schema = {
    r"^[A-Za-z_0-9]+\..+$": {"description": "a patch: the value at this address is another"}
}


def json_schema() -> Schema:
    """The schema, of the components that are registered now."""
    return {
        "$schema": _DRAFT,
        "title": "archdsl",
        "description": f"A spec or a recipe of archdsl {VERSION}.",
        "type": "object",
        "definitions": {
            **shared(), **definitions(),
            "block": _scope("block"), "stage": _scope("stage"), "run": _scope("run"),
            "spec": _spec(), "recipe": _recipe(),
        },
        "if": {"required": ["recipe"]},
        "then": {"$ref": "#/definitions/recipe"},
        "else": {"$ref": "#/definitions/spec"},
    }  # fmt: skip


def as_text(schema: Schema) -> str:
    """The schema as a file has it: a definition a line, so that a change shows where it is."""
    inner = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(one, ensure_ascii=False)}"
        for name, one in schema["definitions"].items()
    )
    outer = {**schema, "definitions": {}}
    return (
        json.dumps(outer, indent=1, ensure_ascii=False).replace(
            '"definitions": {}', f'"definitions": {{\n{inner}\n }}'
        )
        + "\n"
    )


def _spec() -> Schema:
    top = positions.at("top")
    own: dict[str, Schema] = {
        "archdsl": {"const": 1},
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_]+$"},
        "extends": _TEXT,
        "imports": {"anyOf": [{"type": "array", "items": _TEXT}, _TEXT]},
        "params": {"anyOf": [{"type": "object", "propertyNames": {"pattern": r"^[A-Za-z_]\w*$"}},
                             {"const": "none"}]},
        "input": {"type": "array", "minItems": 3, "maxItems": 3,
                  "items": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}},
        "block": {"anyOf": [{"$ref": "#/definitions/block"}, {"const": "none"}]},
        "stages": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/stage"}},
        "search": sections.search(),
        "found": ANYTHING,
    }  # fmt: skip
    properties = {
        name: _said(own[name] if name in own else _of(one), one) for name, one in top.items()
    }
    needed = [name for name, one in top.items() if one.needs]
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": _PATCHES,
        "additionalProperties": False,
        "required": ["archdsl"],
        "if": {"required": ["extends"]},
        "else": {"required": needed},
    }


def _recipe() -> Schema:
    plain = {key: TYPES[key] for key in TRAIN_KEYS if key in TYPES}
    known: dict[str, Schema] = {
        "recipe": {"const": 1, "description": "the version of recipes, 1; the first key"},
        "name": {**_TEXT, "description": "what it calls itself; left out, as the file is called"},
        "source": {**_TEXT, "description": "where it is from"},
        "extends": {**_TEXT, "description": "the recipe to start from, by name or path"},
        "train": sections.train(plain, CHANGES),
    }
    return {
        "type": "object",
        "properties": {key: known[key] for key in RECIPE_KEYS},
        "patternProperties": {r"^train\..+$": ANYTHING},
        "additionalProperties": False,
        "required": ["recipe"],
    }


def _scope(level: Level) -> Schema:
    known = positions.at(level)
    own: dict[str, Schema] = {
        "runs": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/run"}},
        "type": {"enum": ["metaformer"]},
    }
    return {
        "type": "object",
        "properties": {
            name: _said(own[name] if name in own else _of(one), one) for name, one in known.items()
        },
        "patternProperties": _PATCHES,
        "additionalProperties": False,
        **_required(known.values()),
    }


def _of(one: Position) -> Schema:
    assert one.type is not None, f"{one.name} has a schema of its own"
    found = (value if one.fixed else place)(one.type)
    if one.keys:
        parts = {key: place(type_) for key, type_ in one.keys.items()}
        mapping: Schema = {
            "type": "object", "properties": parts, "additionalProperties": False,
            "required": [next(iter(parts))],
        }  # fmt: skip
        found = {"anyOf": [*found["anyOf"], mapping]}
    return {"anyOf": [*found.get("anyOf", [found]), {"const": "none"}]} if one.unset else found


def _said(schema: Schema, one: Position) -> Schema:
    takes = f" ({one.takes()})" if one.takes() else ""
    return {
        **schema,
        "description": f"{one.help}{takes}\n\nleft out: {one.otherwise(one.where[0])}",
    }


def _required(known: Iterable[Position]) -> dict[str, Any]:
    """What must be written; of two keys that stand in each other's place, one alone."""
    needed = [one.name for one in known if one.needs and not one.instead]
    found: Schema = {"required": needed} if needed else {}
    for one in known:
        if one.instead:
            found["anyOf"] = [{"required": [one.name]}, {"required": [one.instead]}]
            found["if"] = {"required": [one.instead]}
            found["then"] = {"properties": {one.name: {"const": "none"}}}
    return found
