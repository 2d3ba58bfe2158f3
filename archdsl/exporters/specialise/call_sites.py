"""Who is called where in a file: constructors, through `super` and `partial` too, and functions."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from archdsl.exporters.scopes import uses
from archdsl.exporters.specialise.source_file import SourceFile, constructor, parameters
from archdsl.exporters.trees import walk


class CallSites:
    """The calls of a file. names: what its names are"""

    def __init__(self, program: SourceFile, names: Mapping[str, Any]) -> None:
        self.program, self.names = program, names
        self.within = dict(_within(program.tree))
        self._top = {use.nodes[0] for one in program.tree.body for use in uses(one)}
        self._owners = {
            vars(names[name])["__init__"]: name
            for name, node in program.classes.items()
            if isinstance(names.get(name), type) and constructor(node) is not None
        }
        self.called_as: dict[str, list[ast.Call]] = {}
        mentioned: dict[str, int] = {}
        for node in walk(program.tree):
            match node:
                case ast.Call(func=ast.Name(id=name) as called) if self.is_function(called):
                    self.called_as.setdefault(name, []).append(node)
                case ast.Name(id=name) if self.is_function(node):
                    mentioned[name] = mentioned.get(name, 0) + 1
        self.callers = {within for call in (one for many in self.called_as.values() for one in many)
                        for within in self._around(call)}  # fmt: skip
        self.escaping = {
            name for name, count in mentioned.items() if count > len(self.called_as.get(name, []))
        }

    def _around(self, call: ast.Call) -> Iterator[ast.FunctionDef]:
        """The function or method of the file that a call stands in."""
        for node in self.program.functions.values():
            if node.lineno <= call.lineno <= (node.end_lineno or 0):
                yield node
        for cls in self.program.classes.values():
            for method in cls.body:
                if isinstance(method, ast.FunctionDef) and (
                    method.lineno <= call.lineno <= (method.end_lineno or 0)
                ):
                    yield method

    def is_function(self, node: ast.Name) -> bool:
        """Whether a name is that of a function of the file."""
        return node in self._top and node.id in self.program.functions

    def constructed(self, node: ast.Call) -> str | None:
        """The class whose own constructor a call's keywords go to, `partial` included."""
        match node.func:
            case ast.Name(id=name) as called if (
                called in self._top and name in self.program.classes
            ):
                return self._owner(self.names.get(name))
            case ast.Name(id=name) if self.names.get(name) is functools.partial and node.args:
                first = node.args[0]
                if isinstance(first, ast.Name) and first.id in self.program.classes:
                    return self._owner(self.names.get(first.id))
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[]), attr="__init__"):
                return self._above(node)
        return None

    def is_partial(self, node: ast.Call) -> bool:
        """Whether a call binds options to a class."""
        return isinstance(node.func, ast.Name) and (
            self.names.get(node.func.id) is functools.partial
        )

    def _owner(self, cls: object) -> str | None:
        if not isinstance(cls, type):
            return None
        for one in cls.__mro__:
            if "__init__" in vars(one):
                return self._owners.get(vars(one)["__init__"])
        return None

    def _above(self, node: ast.Call) -> str | None:
        cls = self.within.get(node)
        base = self.names.get(cls) if cls is not None else None
        if not isinstance(base, type) or len(base.__bases__) != 1:
            return None
        return self._owner(base.__bases__[0])

    def fixed(self) -> tuple[set[str], set[str]]:
        """Classes whose options stay, and names of options that stay in every class.

        Somebody hands them on in a way that says nothing about who takes them.
        """
        classes: set[str] = set()
        options: set[str] = set()
        for name, node in self.program.classes.items():
            if len(node.bases) > 1:
                classes |= {name, *(one.id for one in node.bases if isinstance(one, ast.Name))}
        for call in walk(self.program.tree):
            if not isinstance(call, ast.Call):
                continue
            owner = self.constructed(call)
            spread = any(one.arg is None for one in call.keywords)
            match call.func:
                case ast.Attribute(value=ast.Name(id=name), attr="__init__"):
                    classes.add(name)
            if owner is not None:
                classes |= {owner} if spread else set()
            elif spread and not self._elsewhere(call.func):
                classes |= set(self.program.classes)
            elif not self._elsewhere(call.func):
                options |= {one.arg for one in call.keywords if one.arg is not None}
        return classes, options

    def _elsewhere(self, called: ast.expr) -> bool:
        """Whether what is called is known to be no class of this file."""
        match called:
            case ast.Name(id=name):
                return called in self._top and name not in self.program.classes
            case ast.Attribute(value=ast.Name(id="self")):
                return False
            case ast.Attribute():
                return True
        return False


def bound(node: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr | list[ast.expr]] | None:
    """Parameter -> what a call gives for it, a list for `*args`; None for what cannot be told."""
    if any(one.arg is None for one in call.keywords):
        return None
    args = node.args
    plain = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    found: dict[str, ast.expr | list[ast.expr]] = {}
    given = list(call.args)
    if any(isinstance(one, ast.Starred) for one in given[: len(plain)]):
        return None
    found |= dict(zip(plain, given, strict=False))
    if args.vararg is not None:
        found[args.vararg.arg] = given[len(plain) :]
    found |= {one.arg: one.value for one in call.keywords if one.arg is not None}
    return found if found.keys() <= {one.arg for one in parameters(node)} else None


def _within(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Node -> the class of the file that it stands in."""
    for cls in tree.body:
        if isinstance(cls, ast.ClassDef):
            for node in walk(cls):
                yield node, cls.name
