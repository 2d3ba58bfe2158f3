"""A class of the user's own, with its arguments: `{type: "mydata:Shapes", root: ./x, size: 64}`.

It is neither imported nor called here; whoever does holds the arguments against its signature.
"""

from __future__ import annotations

from typing import Any

from archdsl.components.options import article, written
from archdsl.errors import SpecError
from archdsl.language import typed
from archdsl.language.holes import is_hole
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence


def own_class(node: Node, key: str, address: str) -> tuple[str, dict[str, Any]]:
    """Its name and its arguments, as plain values. Raises SpecError.

    key: what it is, as "datamodule"; address: where it stands
    """
    named, arguments = node, dict[str, Node]()
    cure = "write  package.module:Class"
    if isinstance(node, Mapping):
        if is_hole(node):
            raise _no_hole(address, node)
        if "type" not in node:
            raise SpecError(
                f"{article(key)} needs a type",
                address=address,
                mark=node.mark,
                cure='write  {type: "package.module:Class", argument: value}',
            )
        named = node.items["type"]
        arguments = {name: value for name, value in node.items.items() if name != "type"}
        cure = 'write  type: "package.module:Class"'
    name = named.value if isinstance(named, Scalar) else None
    if not isinstance(name, str) or not _names_a_class(name):
        shown = f"'{name}'" if isinstance(name, str) else "that"
        raise SpecError(f"{shown} names no class", address=address, mark=named.mark, cure=cure)
    for argument in arguments:
        if not argument.isidentifier():
            raise SpecError(
                f"no argument is called '{argument}'",
                address=f"{address}.{argument}",
                mark=node.marks.get(argument) if isinstance(node, Mapping) else None,
                cure="an argument has letters, digits and _",
            )
    values = {key: _plain(value, f"{address}.{key}") for key, value in arguments.items()}
    return name, values


def class_text(name: str, arguments: dict[str, Any]) -> str:
    """It in words: `mydata:Shapes(root=./x, size=64)`."""
    inside = ", ".join(f"{key}={written(value)}" for key, value in arguments.items())
    return f"{name}({inside})" if inside else name


def _names_a_class(path: str) -> bool:
    module, colon, name = path.partition(":")
    return bool(colon) and name.isidentifier() and all(p.isidentifier() for p in module.split("."))


def _plain(node: Node, address: str) -> Any:
    """A value, a list or a mapping of such."""
    if isinstance(node, Sequence):
        return [_plain(item, f"{address}.{index}") for index, item in enumerate(node.items)]
    try:
        if is_hole(node) or typed.expression(node) is not None:
            raise _no_hole(address, node)
    except SpecError as error:
        raise error.at(address) from None
    if isinstance(node, Mapping):
        return {key: _plain(value, f"{address}.{key}") for key, value in node.items.items()}
    return node.value


def _no_hole(address: str, node: Node) -> SpecError:
    return SpecError(
        "search settings have no holes and no params",
        address=address,
        mark=node.mark,
        cure="write the value",
    )
