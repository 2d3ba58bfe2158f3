"""The registered components of each kind, as schemas with their docstrings and defaults."""

from __future__ import annotations

from archdsl.components import registry
from archdsl.components.defaults import REQUIRED
from archdsl.components.registry import Definition
from archdsl.components.signature import ComponentOption, default_text
from archdsl.editors.values import Schema, place, value
from archdsl.language.positions import DIM
from archdsl.language.scalars import value_of


def definitions() -> dict[str, Schema]:
    """Kind -> what a component of the kind is, in every way of writing one."""
    return {kind: _kind(kind) for kind in registry.KINDS}


def _kind(kind: str) -> Schema:
    known = registry.named(kind)
    bare = [
        {"const": name, "description": one.doc} for name, one in known.items() if not _required(one)
    ]
    bare += [
        {"const": name, "description": f"{other.stands_for()} by another name"}
        for name, other in registry.other_names(kind).items()
    ]
    written = [_component(one) for one in known.values()]
    written += [
        _component(known[other.type], name, tuple(key for key, _ in other.options))
        for name, other in registry.other_names(kind).items()
    ]
    return {"description": registry.KINDS[kind].doc, "anyOf": [*bare, *written]}


def _component(known: Definition, name: str = "", meant: tuple[str, ...] = ()) -> Schema:
    """A component as a mapping. meant: the options that its other name stands for"""
    properties: dict[str, Schema] = {
        "type": {"const": name or known.name, "description": known.doc}
    }
    for option in known.options.values():
        if option.name not in meant:
            properties[option.name] = _option(option, known.kind)
    if known.kind == "layer":
        properties["dim"] = {**place(DIM), "description": "the width that it leaves"}
    if known.kind != "data":
        properties["label"] = {"type": "string", "description": "its name among the options of a "
                               "choice: the segment of addresses, and the answer"}  # fmt: skip
    return {
        "type": "object",
        "title": name or known.name,
        "description": known.help,
        "properties": properties,
        "required": ["type", *(one for one in _required(known) if one not in meant)],
        "additionalProperties": False,
    }


def _option(option: ComponentOption, kind: str) -> Schema:
    found = (value if kind == "data" else place)(option.type)
    said = f"{option.help}\n\n{option.signature()}" if option.help else option.signature()
    found = {**found, "description": said}
    if option.default is not REQUIRED:
        text = default_text(option.default)
        if not text.startswith(("{", "[")):  # those stand in the words
            plain = value_of(text)
            found["default"] = "none" if plain is None else plain
    return found


def _required(known: Definition) -> list[str]:
    return [one.name for one in known.options.values() if one.default is REQUIRED]
