"""The torch-free static methods of components: `check`, `out_size`, `dim_out`.

Each declares by name what it wants to know, as a component's constructor does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

from archdsl.components.component import Component
from archdsl.components.options import OptionValue
from archdsl.components.own import own
from archdsl.components.registry import KINDS, Definition
from archdsl.errors import ArchError

Size: TypeAlias = "tuple[int, int]"
"""Height and width."""

Asked = tuple[str, ...] | None
"""The names that a static method asks for; None where it takes whatever is known."""


Static: TypeAlias = "tuple[Callable[..., Any], Asked]"
"""A static method with the names that it asks for."""


def static(definition: Definition, name: str) -> Static | None:
    """A static method of a component's class, if it has one.

    Raises ArchError for a method of the name that is not static: nothing would call it.
    """
    if definition.described is not None:
        function = definition.described
        return (function, _asked(function)) if name == "check" else None
    bases = (vars(base) for base in definition.cls.__mro__)
    found = next((names[name] for names in bases if name in names), None)
    if found is None:
        return None
    if not isinstance(found, (staticmethod, classmethod)):
        problem = f"its {name} is no static method, and is asked before there is an instance"
        raise _refused(definition, problem, f"write  @staticmethod  above  def {name}, and no self")
    function = getattr(definition.cls, name)
    return function, _asked(function)


def ask(definition: Definition, name: str, known: dict[str, OptionValue]) -> Any:
    """What a static method says to what is known; None where the class has none.

    Raises ArchError for one that fails, or asks for what is not known.
    """
    found = static(definition, name)
    return None if found is None else answer(definition, name, found, known)


def answer(definition: Definition, name: str, found: Static, known: dict[str, OptionValue]) -> Any:
    """What a static method that was found says to what is known.

    Raises ArchError for one that fails, or asks for what is not known.
    """
    function, names = found
    try:
        return function(**arguments(names, known))
    except Exception as error:  # whatever a user's own method raises
        if isinstance(error, ArchError) or not own(definition):
            raise
        cure = f"it may ask for {' '.join(known)}"
        why = f"{type(error).__name__}: {error}"
        raise _refused(definition, f"its {name} fails ({why})", cure) from error


def size_after(component: Component, size: Size) -> Size:
    """Height and width of the map after a layer; below 1 where nothing is left.

    Raises ArchError for an `out_size` that gives no two whole numbers.
    """
    definition = component.definition
    found = static(definition, "out_size")
    if found is None:
        return size
    after = answer(definition, "out_size", found, {"size": size, **dict(component.options)})
    whole = isinstance(after, (tuple, list)) and all(type(side) is int for side in after)
    if not whole or len(after) != 2:
        raise _refused(
            definition, f"its out_size gives {after!r} for {size}",
            "give height and width as whole numbers: divide with  //",
        )  # fmt: skip
    return after[0], after[1]


def width_after(component: Component, known: dict[str, OptionValue], dim: int) -> int:
    """The channels that a part of a meta_mixer gives; `dim` where it has no `dim_out`.

    Raises ArchError for a `dim_out` that gives no whole number.
    """
    definition = component.definition
    found = static(definition, "dim_out")
    if found is None:
        return dim
    width = answer(definition, "dim_out", found, {**known, **dict(component.options)})
    if type(width) is not int:
        cure = "give the number of channels, as a whole number"
        raise _refused(definition, f"its dim_out gives {width!r}", cure)
    return width


def no_words(definition: Definition, given: object) -> ArchError:
    """What to say of a `check` that gives neither words nor None."""
    cure = "give None where it fits, and a text or a Misfit where it does not"
    return _refused(definition, f"its check gives {given!r}", cure)


def _refused(definition: Definition, problem: str, cure: str) -> ArchError:
    words = KINDS[definition.kind].noun
    return ArchError(f"{definition.where}: {words} '{definition.name}': {problem}.  {cure}")


def arguments(names: Asked, known: dict[str, OptionValue]) -> dict[str, OptionValue]:
    """What is known of what a static method asks for."""
    return known if names is None else {name: known[name] for name in names if name in known}


@lru_cache(maxsize=1024)
def _asked(function: Callable[..., Any]) -> Asked:
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return tuple(p.name for p in parameters)
