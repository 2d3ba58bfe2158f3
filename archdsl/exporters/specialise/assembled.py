"""A file put together again of the bodies that its functions have now."""

from __future__ import annotations

import ast

from archdsl.exporters.specialise.docstrings import without_entries
from archdsl.exporters.specialise.expressions import Lines
from archdsl.exporters.specialise.headers import header
from archdsl.exporters.specialise.options import Dropped
from archdsl.exporters.specialise.source_file import SourceFile, docstring

Bodies = dict[ast.FunctionDef, Lines]


def assembled(program: SourceFile, dropped: Dropped, bodies: Bodies) -> str:
    """The text of a file with other bodies, and without the parameters that go."""
    lines: Lines = []
    done = 0
    for statement in program.tree.body:
        first = program.first_line(statement)
        lines += program.lines[done : first - 1]
        if isinstance(statement, ast.FunctionDef):
            lines += _definition(program, dropped, statement, statement.name, bodies)
        elif isinstance(statement, ast.ClassDef):
            lines += _class(program, dropped, statement, bodies)
        else:
            lines += program.lines[first - 1 : statement.end_lineno]
        done = statement.end_lineno or statement.lineno
    return "\n".join([*lines, *program.lines[done:]])


def _class(program: SourceFile, dropped: Dropped, node: ast.ClassDef, bodies: Bodies) -> Lines:
    lines: Lines = []
    done = program.first_line(node) - 1
    gone = dropped.options.get(node.name, {})
    for statement in node.body:
        first = program.first_line(statement)
        lines += program.lines[done : first - 1]
        if isinstance(statement, ast.FunctionDef):
            owner = node.name if statement.name == "__init__" else "a method"
            lines += _definition(program, dropped, statement, owner, bodies)
        elif statement is docstring(node.body) and gone:
            lines += without_entries(_raw(program, statement), set(gone))
        else:
            lines += _raw(program, statement)
        done = statement.end_lineno or statement.lineno
    return lines


def _raw(program: SourceFile, node: ast.stmt) -> Lines:
    return program.lines[program.first_line(node) - 1 : node.end_lineno]


def _definition(
    program: SourceFile,
    dropped: Dropped,
    node: ast.FunctionDef,
    owner: str,
    bodies: Bodies,
) -> Lines:
    gone = dropped.options.get(owner, {})
    alone = dropped.loops.get(owner)
    body = bodies[node]
    if not body or all(not line.strip() or line.lstrip().startswith("#") for line in body):
        body = [" " * node.body[0].col_offset + "pass"]
    head = header(program, node, set(gone), alone, dropped.sure.get(owner, set()))
    if alone is not None:
        body = _unlooped(body, node)
    if gone and docstring(node.body) is not None:
        body = without_entries(body, set(gone))
    return [*head, *body]


def _unlooped(body: Lines, node: ast.FunctionDef) -> Lines:
    """A body whose loop over one parameter is taken once."""
    loop = next(line for line in body if line.lstrip().startswith("for ")
                and line.rstrip().endswith(f" in {node.args.vararg.arg}:"))  # type: ignore[union-attr]  # fmt: skip
    at, indent = body.index(loop), len(loop) - len(loop.lstrip())
    inside = at + 1
    while inside < len(body) and (
        not body[inside].strip() or len(body[inside]) - len(body[inside].lstrip()) > indent
    ):
        inside += 1
    return [*body[:at], *(line[4:] if line.strip() else line for line in body[at + 1 : inside]),
            *body[inside:]]  # fmt: skip
