"""What an expression comes to, as far as it follows from how a network was built.

It is looked at in several worlds, one for each instance, or for each call: names -> values. What is
not known in a world is no world's business; no function of anybody's is called to find out.
"""

from __future__ import annotations

import ast
import builtins
import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

World = dict[str, Any]

HIDDEN = object()
"""What a local name stands for whose value is not known."""


class Unknown(Exception):
    """An expression depends on what is not known before a pass."""


@dataclass(frozen=True, slots=True)
class Written:
    """An object that nobody has seen, with the attributes that are written down as constants."""

    held: Mapping[str, Any]


@dataclass(slots=True)
class Facts:
    """What holds for a whole file.

    names: what its top-level names are
    changing: attributes that something sets outside of a constructor
    """

    names: Mapping[str, Any]
    changing: set[str] = field(default_factory=set)


_SAID_AS = (int, float, bool, str, type(None))
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda one, many: one in many, ast.NotIn: lambda one, many: one not in many,
}  # fmt: skip
_COMBINED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Div: operator.truediv,
}  # fmt: skip
_PURE = {int, float, len, min, max, bool, round, abs, tuple}


def is_plain(value: Any) -> bool:
    """Whether a value can be written as it is, and means the same everywhere."""
    if isinstance(value, tuple):
        return all(map(is_plain, value))
    return type(value) in _SAID_AS


def is_constructor(value: Any) -> bool:
    """Whether a value is a class of modules, or one with options bound."""
    if isinstance(value, functools.partial):
        return not value.args and isinstance(value.func, type) and issubclass(value.func, nn.Module)
    return isinstance(value, type) and issubclass(value, nn.Module)


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same, as source text would have them."""
    if isinstance(one, functools.partial) and isinstance(other, functools.partial):
        if one.func is not other.func or one.keywords.keys() != other.keywords.keys():
            return False
        return all(alike(value, other.keywords[name]) for name, value in one.keywords.items())
    if isinstance(one, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(alike, one, other))
    if is_plain(one) and is_plain(other):
        return type(one) is type(other) and repr(one) == repr(other)
    return one is other


def common(node: ast.expr, worlds: list[World], facts: Facts) -> Any:
    """What an expression comes to in all worlds. Raises Unknown."""
    if not worlds:
        raise Unknown
    first = value(node, worlds[0], facts)
    for world in worlds[1:]:
        if not alike(first, value(node, world, facts)):
            raise Unknown
    return first


def truth(node: ast.expr, worlds: list[World], facts: Facts) -> bool | None:
    """Whether a test holds: in all worlds, in none, or None for what is not known."""
    if not worlds:
        return None
    found: bool | None = None
    for world in worlds:
        try:
            here = _holds(node, world, facts)
        except Unknown:
            return None
        if found not in (None, here):
            return None
        found = here
    return found


def _truth(found: Any) -> bool:
    if isinstance(found, Tensor | nn.Module):
        raise Unknown
    return bool(found)


def value(node: ast.expr, world: World, facts: Facts) -> Any:
    """What an expression comes to in a world. Raises Unknown."""
    match node:
        case ast.Constant(value=found):
            return found
        case ast.Name(id=name):
            return _named(name, world, facts)
        case ast.Attribute(attr="is_meta"):  # without memory a pass shows what it costs, no more
            return False
        case ast.Attribute(value=base, attr=name):
            return _attribute(value(base, world, facts), name, facts)
        case ast.Tuple(elts=items):
            return tuple(value(item, world, facts) for item in items)
        case ast.IfExp(test=test, body=body, orelse=other):
            chosen = body if _holds(test, world, facts) else other
            return value(chosen, world, facts)
        case ast.BoolOp(op=op, values=parts):
            return _either(isinstance(op, ast.Or), parts, world, facts)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return not _holds(inner, world, facts)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_number(value(inner, world, facts))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _COMBINED:
            one, other = (_number(value(side, world, facts)) for side in (left, right))
            return _done(_COMBINED[type(op)], one, other)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _compared(op, value(left, world, facts), value(right, world, facts))
        case ast.Subscript(value=base, slice=at):
            return _item(value(base, world, facts), value(at, world, facts))
        case ast.Call(func=called, args=args, keywords=[]):
            return _called(value(called, world, facts), args, world, facts)
    raise Unknown


def _named(name: str, world: World, facts: Facts) -> Any:
    if name in world:
        if world[name] is HIDDEN:
            raise Unknown
        return world[name]
    if name in facts.names:
        return facts.names[name]
    if not hasattr(builtins, name):
        raise Unknown
    return getattr(builtins, name)


def _attribute(base: Any, name: str, facts: Facts) -> Any:
    if name in facts.changing or name == "training" or name.startswith("__"):
        raise Unknown
    if isinstance(base, Written):
        if name not in base.held:
            raise Unknown
        return base.held[name]
    if isinstance(base, Tensor):
        raise Unknown
    if isinstance(base, nn.Module):
        if isinstance(getattr(type(base), name, None), property) or not hasattr(base, name):
            raise Unknown
        return getattr(base, name)
    if isinstance(base, type) or type(base).__name__ == "module":
        if not hasattr(base, name):
            raise Unknown
        return getattr(base, name)
    raise Unknown


def _holds(node: ast.expr, world: World, facts: Facts) -> bool:
    """Whether a test holds in a world: one part may decide it, whatever the others are.

    Raises Unknown.
    """
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return not _holds(inner, world, facts)
        case ast.BoolOp(op=op, values=parts):
            decides = isinstance(op, ast.Or)
            unknown = False
            for part in parts:
                try:
                    if _holds(part, world, facts) == decides:
                        return decides
                except Unknown:
                    unknown = True
            if unknown:
                raise Unknown
            return not decides
    return _truth(value(node, world, facts))


def _either(decides: bool, parts: list[ast.expr], world: World, facts: Facts) -> Any:
    """What an `and` or an `or` comes to: the part that decides it, or the last."""
    last: Any = None
    for part in parts:
        last = value(part, world, facts)
        if _truth(last) == decides:
            break
    return last


def _compared(op: ast.cmpop, one: Any, other: Any) -> bool:
    if isinstance(op, ast.Is | ast.IsNot):
        return bool(_COMPARED[type(op)](one, other))
    if isinstance(one, Tensor | nn.Module) or isinstance(other, Tensor | nn.Module):
        raise Unknown
    return bool(_done(_COMPARED[type(op)], one, other))


def _number(found: Any) -> Any:
    if not isinstance(found, int | float):
        raise Unknown
    return found


def _item(found: Any, at: Any) -> Any:
    if not isinstance(found, tuple | list) or not isinstance(at, int):
        raise Unknown
    return _done(operator.getitem, found, at)


def _done(operation: Callable[..., Any], *values: Any) -> Any:
    try:
        return operation(*values)
    except Exception as error:
        raise Unknown from error


def _called(called: Any, args: list[ast.expr], world: World, facts: Facts) -> Any:
    import torch

    if called is torch.compiler.is_exporting:  # the file is run, and not written down
        return False
    given = [value(arg, world, facts) for arg in args]
    if called is isinstance and len(given) == 2:
        return _done(isinstance, *given)
    if called is type and len(given) == 1 and isinstance(given[0], nn.Module):
        return type(given[0])
    if called in (getattr, hasattr) and len(given) > 1 and isinstance(given[1], str):
        return _asked(called, given, facts)
    if called in _PURE and all(isinstance(one, int | float | str | tuple | list) for one in given):
        return _done(called, *given)
    raise Unknown


def _asked(called: Any, given: list[Any], facts: Facts) -> Any:
    base, name, *default = given
    if not isinstance(base, nn.Module | type(None)) or name in facts.changing or name == "training":
        raise Unknown
    if isinstance(getattr(type(base), name, None), property):
        raise Unknown
    if called is hasattr:
        return hasattr(base, name)
    if not default and not hasattr(base, name):
        raise Unknown
    return getattr(base, name, *default)
