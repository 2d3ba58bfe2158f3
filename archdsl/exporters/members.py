"""The members of a component's class that archdsl alone reads, and that stay behind."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

from archdsl.exporters.scopes import Function
from archdsl.exporters.source import Module

STATIC = {"check", "out_size", "dim_out"}
METHODS = {"macs", "fused"}
ATTRIBUTES = {"sequence", "tokens", "elementwise"}
COMPILE_TIME = STATIC | METHODS | ATTRIBUTES


def compile_time(module: Module, statement: ast.stmt, read: set[str]) -> Iterator[ast.stmt]:
    """The members of a class that archdsl alone reads.

    read: names among them that carried code reads, too, and that therefore leave
    """
    if not isinstance(statement, ast.ClassDef):
        return
    starts = Counter(node.lineno for node in statement.body)
    kept = read | _named(statement)
    for node in statement.body:
        line = module.lines[node.lineno - 1]
        if (
            starts[node.lineno] > 1
            or not line[: module.column(node.lineno, node.col_offset)].isspace()
        ):
            continue  # `sequence = True; kernel = 3` can only be cut as a whole
        match node:
            case ast.FunctionDef(name=name) if name in METHODS - kept:
                yield node
            case ast.FunctionDef(name=name) if name in STATIC - kept:
                if any(_is_static(decorator) for decorator in node.decorator_list):
                    yield node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if name in ATTRIBUTES - kept:
                    yield node


def reads(nodes: Iterable[ast.AST], cut: frozenset[ast.AST]) -> Iterator[str]:
    """The names of such members that statements read from some object, `cut` left out."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node in cut:
            continue
        waiting += ast.iter_child_nodes(node)
        match node:
            case ast.Attribute(attr=name, ctx=ast.Load()) if name in COMPILE_TIME:
                yield name
            case ast.Call(
                func=ast.Name(id="getattr" | "hasattr"), args=[_, ast.Constant(value=str(name)), *_]
            ) if name in COMPILE_TIME:
                yield name


def _is_static(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id == "staticmethod"


def _named(statement: ast.ClassDef) -> set[str]:
    """Names that the class body itself reads: `tokens = 4; heads = 2 * tokens`."""
    names: set[str] = set()
    for node in statement.body:
        parts: list[ast.AST] = [node]
        if isinstance(node, Function):
            parts = [*node.decorator_list, *node.args.defaults]
            parts += [default for default in node.args.kw_defaults if default is not None]
        for part in parts:
            names |= {
                inner.id
                for inner in ast.walk(part)
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
            }
    return names
