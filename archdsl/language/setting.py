"""One value of the `search:` section, which has neither holes nor params."""

from __future__ import annotations

from typing import Any

from archdsl.components.options import Maybe, OptionType
from archdsl.errors import SpecError
from archdsl.language import typed
from archdsl.language.nodes import Mapping, Node


def scalar(node: Node, type_: OptionType, address: str) -> Any:
    """A value as a type has it. Raises SpecError, at the address."""
    try:
        if isinstance(node, Mapping) or typed.expression(node) is not None:
            raise SpecError(
                "search settings have no holes and no params",
                mark=node.mark,
                cure="write the value",
            )
        return typed.scalar(node, type_)
    except SpecError as error:
        raise error.at(address) from None


def maybe(node: Node, type_: OptionType, address: str) -> Any:
    """A plain value, or None where the type may be `none`."""
    if isinstance(type_, Maybe):
        return None if typed.is_none(node) else scalar(node, type_.inner, address)
    return scalar(node, type_, address)
