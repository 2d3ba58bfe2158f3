"""The torch-free static methods of components: `check`, `out_size`, `dim_out`.

Each declares by name what it wants to know, as a component's constructor does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from archdsl.options import OptionValue
from archdsl.registry import Definition

Asked = tuple[str, ...] | None
"""The names that a static method asks for; None where it takes whatever is known."""


def static(definition: Definition, name: str) -> tuple[Callable[..., Any], Asked] | None:
    """A static method of a component's class with the names that it asks for, if it has one."""
    if definition.described is not None:
        function = definition.described
        return (function, _asked(function)) if name == "check" else None
    found = inspect.getattr_static(definition.cls, name, None)
    if not isinstance(found, (staticmethod, classmethod)):
        return None
    function = getattr(definition.cls, name)
    return function, _asked(function)


def arguments(names: Asked, known: dict[str, OptionValue]) -> dict[str, OptionValue]:
    """What is known of what a static method asks for."""
    return known if names is None else {name: known[name] for name in names if name in known}


@lru_cache(maxsize=1024)
def _asked(function: Callable[..., Any]) -> Asked:
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return tuple(p.name for p in parameters)
