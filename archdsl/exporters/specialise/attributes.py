"""What a file does with attributes: who sets them, who reads them, what they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from torch import nn

from archdsl.exporters.specialise.observed import Observed
from archdsl.exporters.specialise.source_file import SourceFile, constructor, docstring
from archdsl.exporters.trees import children, walk


def changing(program: SourceFile) -> set[str]:
    """Attributes that something sets anywhere but in the constructor of the object they are of."""
    found: set[str] = set()

    def look(node: ast.AST, own: bool) -> None:
        for child in children(node):
            inside = own
            if isinstance(child, ast.FunctionDef):
                inside = isinstance(node, ast.ClassDef) and child.name == "__init__"
            match child:
                case ast.Attribute(value=base, attr=name, ctx=ast.Store() | ast.Del()):
                    if not (own and isinstance(base, ast.Name) and base.id == "self"):
                        found.add(name)
            look(child, inside)

    look(program.tree, False)
    return found


def stores(node: ast.ClassDef) -> list[ast.Attribute]:
    """Where attributes are set inside a class, from top to bottom."""
    found = [part for part in walk(node)
             if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)]  # fmt: skip
    return sorted(found, key=lambda part: (part.lineno, part.col_offset))


def on_self(method: ast.FunctionDef) -> bool:
    """Whether a method is a plain one, of `self`; it may do without gradients."""
    args = method.args.args
    plain = all(ast.unparse(one) == "torch.no_grad()" for one in method.decorator_list)
    return plain and bool(args) and args[0].arg == "self"


def written(program: SourceFile) -> dict[str, dict[str, Any]]:
    """Class -> attributes that are set once, to a constant, in its constructor."""
    times: dict[str, int] = {}
    for node in walk(program.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            times[node.attr] = times.get(node.attr, 0) + 1
    found: dict[str, dict[str, Any]] = {}
    for name, cls in program.classes.items():
        init = constructor(cls)
        for statement in [] if init is None else init.body:
            match statement:
                case (
                    ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)],
                               value=ast.Constant(value=given))
                    | ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=attribute),
                                    value=ast.Constant(value=given))
                ) if times[attribute] == 1:  # fmt: skip
                    found.setdefault(name, {})[attribute] = given
    return found


def set_in_constructors(program: SourceFile) -> set[str]:
    """The attributes that something in the file sets."""
    return {
        node.attr
        for node in walk(program.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }


def read_attributes(program: SourceFile) -> tuple[set[str], dict[str, set[str]]]:
    """Attributes that are read of anything, or named in a string; and of `self`, by class."""
    found: set[str] = set()
    own: dict[str, set[str]] = {}
    for statement in program.tree.body:
        owner = statement.name if isinstance(statement, ast.ClassDef) else None
        for node in walk(statement):
            match node:
                case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Load()) if owner:
                    own.setdefault(owner, set()).add(name)
                case ast.Attribute(attr=name, ctx=ast.Load()):
                    found.add(name)
                case ast.Constant(value=str(name)) if name.isidentifier():
                    found.add(name)
    return found, own


def identities(program: SourceFile, seen: Observed) -> Iterator[str]:
    """Classes whose forward gives what it gets."""
    for name, node in program.classes.items():
        for method in node.body:
            match method:
                case ast.FunctionDef(name="forward", body=[*_, ast.Return(value=ast.Name(id=got))]):
                    rest = [one for one in method.body if one is not docstring(method.body)]
                    args = method.args.args
                    if len(rest) == 1 and len(args) == 2 and args[1].arg == got:
                        yield name


def is_torchs(cls: type) -> bool:
    """Whether attributes of a class may be ones that a class of torch reads."""
    return any(one.__module__.startswith("torch.") and one is not nn.Module
               and issubclass(one, nn.Module) for one in cls.__mro__)  # fmt: skip
