"""Layers one after another as one expression: x + self.scale(self.mixer(self.norm(x))).

What had a branch between two layers needed a line for each. Without the branch they stand in each
other, as far as that reads well: on one line, a few calls at the most, and nothing that has a
comment of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from archdsl.exporters.layout import WIDTH
from archdsl.exporters.specialise.source_file import SourceFile
from archdsl.exporters.trees import walk

DEEP = 4
"""Calls in one statement, at the most; one less where the methods of a tensor are among them."""

_BRANCHES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.JoinedStr,
             ast.IfExp, ast.BoolOp)  # fmt: skip
"""What runs not once, or not in its turn."""


def composed(text: str, *, whole: bool = False) -> str:
    """Code whose layers stand in each other where they follow each other.

    whole: whether the code is the body of a function
    """
    while True:
        program = SourceFile(text)
        for block, is_whole in _blocks(program.tree):
            is_whole = is_whole or (whole and block is program.tree.body)
            made = _shorter(program, block, is_whole)
            if made is not None:
                text = made
                break
        else:
            return text


def _blocks(tree: ast.Module) -> Iterator[tuple[list[ast.stmt], bool]]:
    """Statements in a row, and whether they are a whole function."""
    for node in walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block, isinstance(node, ast.FunctionDef)


def _shorter(program: SourceFile, block: list[ast.stmt], is_whole: bool) -> str | None:
    for place in range(len(block) - 2, -1, -1):
        one, other = block[place : place + 2]
        match one:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as made)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as made)
            ):
                pass
            case _:
                continue
        use = _use(other, name)
        if use is None or not _goes_on(made, use, other):
            continue
        if not _is_dead(name, other, block[place + 2 :], is_whole):
            continue
        line = f"{' ' * other.col_offset}{program.spliced(other, [(use, program.segment(made))])}"
        rest = program.lines[other.lineno - 1][len(_line(program, other)) :]
        apart = other.lineno != one.lineno + 1 or other.lineno != other.end_lineno
        if apart or "#" in program.lines[one.lineno - 1] or len(line + rest) > WIDTH:
            continue
        lines = list(program.lines)
        lines[one.lineno - 1 : other.lineno] = [line + rest]
        return "\n".join(lines)
    return None


def _line(program: SourceFile, node: ast.stmt) -> str:
    """A statement of one line with its indentation, without a comment after it."""
    return " " * node.col_offset + program.segment(node)


def _use(statement: ast.stmt, name: str) -> ast.Name | None:
    """The only place where a statement reads a name, if it is one that comes before all calls."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Return) or not statement.value:
        return None
    if isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Name):
        return None
    found = [n for n in walk(statement.value) if isinstance(n, ast.Name) and n.id == name]
    return found[0] if len(found) == 1 else None


def _goes_on(made: ast.Call, use: ast.Name, statement: ast.stmt) -> bool:
    """Whether what was made goes right into another call, and nothing is called before that."""
    value: ast.expr = getattr(statement, "value")  # noqa: B009
    calls = [n for n in walk(value) if isinstance(n, ast.Call)]
    inside = [n for n in walk(made) if isinstance(n, ast.Call)]
    methods = [n for n in [*calls, *inside] if not _is_layer(n)]
    if len(calls) + len(inside) > DEEP - bool(methods):
        return False
    if any(isinstance(n, _BRANCHES) for n in (*walk(value), *walk(made))):
        return False
    place = use.lineno, use.col_offset
    if any((n.end_lineno or 0, n.end_col_offset or 0) <= place for n in calls):
        return False
    return any(use in n.args or _receives(n, use) for n in calls) or _adds(value, use)


def _receives(call: ast.Call, use: ast.Name) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.value is use


def _adds(value: ast.expr, use: ast.Name) -> bool:
    match value:
        case ast.BinOp(left=ast.Name(), right=right):
            return right is use
    return False


def _is_layer(call: ast.Call) -> bool:
    """Whether a part of the module at hand, or a plain function, is called."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="self")) | ast.Name():
            return True
    return False


def _is_dead(name: str, statement: ast.stmt, following: Sequence[ast.stmt], is_whole: bool) -> bool:
    """Whether nothing reads a name after a statement before it has another value."""
    for one in (statement, *following):
        if isinstance(one, ast.Return):
            return one is statement or not _reads(one, name)
        if one is not statement and _reads(one, name):
            return False
        match one:
            case ast.Assign(targets=[ast.Name(id=other)]) if other == name:
                return True
    return is_whole


def _reads(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
               for n in walk(node))  # fmt: skip
