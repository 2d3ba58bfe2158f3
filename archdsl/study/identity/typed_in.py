"""An `evaluate` that stands in no file: in the cells of a notebook, at a prompt.

Its own text is all that can be digested, and that of the functions and classes that its code
names, where they stand in no file either.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def reached(function: Callable[..., Any]) -> Iterator[Any]:
    """The function or class in which a callable stands, and what its code names, each once.

    Names are followed from what stands in no file; what does is given, and a module too.
    """
    waiting, seen = [unwrapped(function)], set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, ModuleType) or source_file(one) is not None:
            continue
        for inner in _functions(one):
            for name in sorted(_names(inner.__code__)):
                value: Any = inner.__globals__.get(name)
                if isinstance(value, ModuleType):
                    waiting.append(value)
                elif inspect.isroutine(value) or inspect.isclass(value) or _is_partial(value):
                    waiting.append(unwrapped(value))


def text_of(one: Any) -> str:
    """The source of a function or class; where there is none, and of a lambda, what it compiles to.

    A lambda's source is the whole statement around it.
    """
    functions = list(_functions(one))
    if inspect.isclass(one):
        return "\n".join(map(text_of, functions))
    if one.__name__ != "<lambda>":
        try:
            return inspect.getsource(one)
        except (OSError, TypeError):
            pass
    return "\n".join(map(_compiled, functions))


def unwrapped(function: Callable[..., Any]) -> Any:
    """The function or class in which the text of a callable stands."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    function = getattr(function, "__func__", function)
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    return type(function)


def source_file(function: Callable[..., Any]) -> Path | None:
    """The file in which a function or class stands, or None."""
    # a class says of its module only, and that of a notebook's classes may be a program's
    one = next(_functions(function), function)
    try:
        file = inspect.getsourcefile(one)
    except TypeError:
        return None
    return Path(file).resolve() if file is not None and Path(file).is_file() else None


def _is_partial(value: Any) -> bool:
    return isinstance(value, functools.partial)


def _functions(one: Any) -> Iterator[FunctionType]:
    """Those that are written in a class, by their names; of a function itself."""
    if isinstance(one, FunctionType):
        yield one
    elif inspect.isclass(one):
        for _, value in sorted(vars(one).items()):
            plain = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            if isinstance(plain, FunctionType):
                yield plain


def _names(code: CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return {*code.co_names, *(name for one in inner for name in _names(one))}


def _compiled(function: FunctionType) -> str:
    defaults = [*(function.__defaults__ or ()), *sorted((function.__kwdefaults__ or {}).items())]
    return repr((_constant(function.__code__), list(map(_constant, defaults))))


def _constant(value: Any) -> Any:
    """The same for the same in every process."""
    if isinstance(value, CodeType):
        constants = list(map(_constant, value.co_consts))
        return [value.co_code, value.co_names, value.co_varnames, value.co_freevars, constants]
    if isinstance(value, frozenset):
        return sorted(map(repr, map(_constant, value)))
    if isinstance(value, tuple):
        return list(map(_constant, value))
    return value if isinstance(value, _PLAIN) else type(value).__qualname__
