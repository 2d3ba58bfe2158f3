"""Functions that come down to one expression where they are called: it stands there instead."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence

from archdsl.exporters.specialise.call_sites import bound
from archdsl.exporters.specialise.composed import composed
from archdsl.exporters.specialise.expressions import Expressions, Rules
from archdsl.exporters.specialise.fold import Fold
from archdsl.exporters.specialise.known import World
from archdsl.exporters.specialise.source_file import (
    SourceFile,
    docstring,
    parameters,
    parenthesised,
    stored,
)
from archdsl.exporters.trees import walk


def inlined(
    program: SourceFile, rules: Rules, function: ast.FunctionDef, call: ast.Call,
    given: list[World], worlds: list[World], fold: Expressions,
) -> str | None:  # fmt: skip
    """What stands for a call: "" for nothing, None where the call stays.

    Only where something in the function is decided by what it is given here: a helper that has a
    name of its own for a reason keeps it.
    """
    if function.decorator_list:
        return None
    inner = Fold(program, function, given, fold.facts, rules)
    if not inner.free:
        return None
    text = textwrap.dedent("\n".join(inner.body()))
    own = textwrap.dedent(
        "\n".join(program.lines[function.body[0].lineno - 1 : function.end_lineno])
    )
    if text.strip() == own.strip():
        return None
    body = SourceFile(composed(text, whole=True))
    match [one for one in body.tree.body if one is not docstring(body.tree.body)]:
        case []:
            return ""
        case [ast.Assign(targets=[ast.Name(id=name)], value=made), ast.Return(
                value=ast.Name(id=back))] if name == back:  # fmt: skip
            return _placed(body, made, function, call, worlds, fold)
        case [ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as made), ast.Return(
                value=ast.Name(id=back))] if name == back:  # fmt: skip
            return _placed(body, made, function, call, worlds, fold)
        case [ast.Return(value=ast.expr() as made)] | [ast.Expr(value=made)]:
            return _placed(body, made, function, call, worlds, fold)
    return None


def _placed(
    body: SourceFile, made: ast.expr, function: ast.FunctionDef, call: ast.Call,
    worlds: list[World], fold: Expressions,
) -> str | None:  # fmt: skip
    given = bound(function, call)
    names = {arg.arg for arg in parameters(function)}
    if given is None:
        return None
    pieces: list[tuple[ast.AST, str]] = []
    used: list[str] = []
    for node in walk(made):
        if isinstance(node, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.JoinedStr):
            return None
        if (
            isinstance(node, ast.Starred)
            and isinstance(node.value, ast.Name)
            and node.value.id in names
        ):
            found = given.get(node.value.id)
            if not isinstance(found, list):
                return None
            pieces.append((node, ", ".join(fold.expression(one, worlds) for one in found)))
            used.append(node.value.id)
        elif isinstance(node, ast.Name) and node.id in names:
            if any(node is piece.value for piece, _ in pieces if isinstance(piece, ast.Starred)):
                continue
            found = given.get(node.id)
            if not isinstance(found, ast.expr):
                return None
            pieces.append((node, parenthesised(fold.expression(found, worlds))))
            used.append(node.id)
    simple = (ast.Name, ast.Constant)
    for name in names:
        found = given.get(name)
        several = found if isinstance(found, list) else [found]
        plain = all(one is None or isinstance(one, simple) or _is_chain(one) for one in several)
        if used.count(name) != 1 and not plain:
            return None
    return body.spliced(made, pieces)


def _is_chain(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def single(node: ast.FunctionDef, calls: Sequence[ast.Call]) -> str | None:
    """The new name of a `*parameter` that is looped over once, and that is one in every call."""
    args = node.args
    if args.vararg is None or not calls or args.kwonlyargs:
        return None
    name = args.vararg.arg
    uses = [n for n in walk(node) if isinstance(n, ast.Name) and n.id == name]
    loops = [one for one in node.body if isinstance(one, ast.For) and not one.orelse
             and isinstance(one.iter, ast.Name) and one.iter.id == name
             and isinstance(one.target, ast.Name)]  # fmt: skip
    if len(uses) != 1 or len(loops) != 1:
        return None
    if any(isinstance(n, ast.Break | ast.Continue) for n in walk(loops[0])):
        return None
    plain = len(args.posonlyargs) + len(args.args)
    for call in calls:
        many = call.args[plain:]
        if len(many) != 1 or isinstance(many[0], ast.Starred):
            return None
    target = loops[0].target
    assert isinstance(target, ast.Name)
    taken = {arg.arg for arg in parameters(node)} | set(stored(node.body))
    return target.id if [*taken].count(target.id) == 1 else None


def is_recursive(node: ast.FunctionDef) -> bool:
    """Whether a function names itself."""
    return any(isinstance(n, ast.Name) and n.id == node.name for n in walk(node))
