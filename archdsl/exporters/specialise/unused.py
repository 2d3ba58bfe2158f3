"""What nothing in a file uses any more: functions, classes, methods, constants, imports."""

from __future__ import annotations

import ast
import functools

from archdsl.exporters.scopes import uses
from archdsl.exporters.specialise.observed import MODULE, Observed
from archdsl.exporters.specialise.source_file import SourceFile, docstring
from archdsl.exporters.trees import walk

_SHOWN = {"extra_repr"}
"""Methods that no pass runs."""


def without_unused(text: str, roots: set[str], seen: Observed) -> str:
    """A file without what its roots do not need."""
    while True:
        program = SourceFile(text)
        gone = [*_definitions(program, roots), *_methods(program, seen)]
        smaller = _cut(program, gone) if gone else text
        smaller = _imports(smaller)
        if smaller == text:
            return text
        text = smaller


def _definitions(program: SourceFile, roots: set[str]) -> list[ast.stmt]:
    """Top-level statements that nothing reaches from the roots."""
    binds: dict[str, list[ast.stmt]] = {}
    needs: dict[ast.stmt, set[str]] = {}
    for statement in program.tree.body:
        for name in _bound(statement):
            binds.setdefault(name, []).append(statement)
        needs[statement] = {use.name for use in uses(statement)}
    waiting = [one for root in roots for one in binds.get(root, [])]
    waiting += [one for one in program.tree.body if not _bound(one)]
    reached: set[int] = set()
    while waiting:
        one = waiting.pop()
        if id(one) not in reached:
            reached.add(id(one))
            waiting += [other for name in needs[one] for other in binds.get(name, [])]
    kinds = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
    found = [one for one in program.tree.body if isinstance(one, kinds) and id(one) not in reached]
    texts: list[ast.stmt] = []
    for above, below in zip(program.tree.body, program.tree.body[1:], strict=False):
        match below:
            case ast.Expr(value=ast.Constant(value=str())) if above in found:
                texts.append(below)
    return [*found, *texts]


def _bound(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [one.id for one in targets if isinstance(one, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _methods(program: SourceFile, seen: Observed) -> list[ast.stmt]:
    """Methods that nothing names, and that no class of torch calls."""
    said = {n.attr for n in walk(program.tree) if isinstance(n, ast.Attribute)}
    said |= {n.value for n in walk(program.tree)
             if isinstance(n, ast.Constant) and isinstance(n.value, str)}  # fmt: skip
    found: list[ast.stmt] = []
    for name, node in program.classes.items():
        cls = seen.names.get(name)
        if not isinstance(cls, type):
            continue
        others = [one for one in cls.__mro__ if one.__module__ != MODULE]
        for method in node.body:
            if not isinstance(method, ast.FunctionDef):
                continue
            if _is_itself(method):
                found.append(method)
                continue
            if method.name.startswith("__") and not _does_nothing(method):
                continue
            inherited = any(hasattr(one, method.name) for one in others)
            if (
                _does_nothing(method)
                or method.name in _SHOWN
                or (method.name not in said and not inherited)
            ):
                found.append(method)
    return found


def _is_itself(method: ast.FunctionDef) -> bool:
    """Whether the deployed form of a module is the module."""
    match method:
        case ast.FunctionDef(name="fused", body=[*_, ast.Return(value=ast.Name(id="self"))]):
            return len(method.body) == 1 + (docstring(method.body) is not None)
    return False


def _does_nothing(method: ast.FunctionDef) -> bool:
    """Whether a constructor is that of the class above, and no more."""
    args = method.args
    alone = not (args.kwonlyargs or args.vararg or args.kwarg) and len(args.args) == 1
    match method:
        case ast.FunctionDef(
            name="__init__",
            body=[ast.Expr(value=ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[]),
                                   attr="__init__"),
                args=[], keywords=[],
            ))],
        ):  # fmt: skip
            return alone
    return False


def _cut(program: SourceFile, gone: list[ast.stmt]) -> str:
    lines: list[str | None] = list(program.lines)
    for statement in gone:
        first = program.first_line(statement)
        while first > 1 and program.lines[first - 2].lstrip().startswith("#"):
            first -= 1
        last = statement.end_lineno or statement.lineno
        while last < len(lines) and not program.lines[last].strip():
            last += 1
        following = program.lines[last] if last < len(lines) else ""
        column = statement.col_offset
        if column and len(following) - len(following.lstrip()) < column:
            # the last one of its class: the blank lines above it go, and those below it stay
            last = statement.end_lineno or statement.lineno
            while first > 1 and not program.lines[first - 2].strip():
                first -= 1
        for number in range(first, last + 1):
            lines[number - 1] = None
    return _spaced("\n".join(line for line in lines if line is not None))


def _spaced(text: str) -> str:
    """Two blank lines around a definition, one between constants that stood apart."""
    program = SourceFile(text)
    lines: list[str] = []
    done = 0
    for above, below in zip([None, *program.tree.body], program.tree.body, strict=False):
        first = program.first_line(below)
        while first - 1 > done and program.lines[first - 2].startswith("#"):
            first -= 1
        gap = [line for line in program.lines[done : first - 1] if line.strip()]
        blank = len(program.lines[done : first - 1]) - len(gap)
        defines = isinstance(below, ast.FunctionDef | ast.ClassDef) or isinstance(
            above, ast.FunctionDef | ast.ClassDef
        )
        wanted = 0 if above is None else 2 if defines else min(blank, 2)
        if isinstance(above, ast.Import | ast.ImportFrom) and not defines and blank > 1:
            wanted = 1
        lines += gap + [""] * wanted
        last = below.end_lineno or below.lineno
        lines += program.lines[first - 1 : last]
        done = last
    return "\n".join([*lines, *program.lines[done:]])


def _imports(text: str) -> str:
    """A file without the imports that nothing uses."""
    program = SourceFile(text)
    used = {n.id for n in walk(program.tree) if isinstance(n, ast.Name)}
    used |= _quoted(program)
    lines: list[str | None] = list(program.lines)
    for node in program.tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            continue
        kept = [one for one in node.names
                if (one.asname or one.name).partition(".")[0] in used]  # fmt: skip
        if len(kept) == len(node.names):
            continue
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
            lines[number - 1] = None
        if kept:
            lines[node.lineno - 1] = _import(node, kept)
    found: list[str] = []
    for line in "\n".join(one for one in lines if one is not None).split("\n"):
        if not line and len(found) > 2 and not found[-1] and not found[-2]:
            continue  # a section of imports that is gone
        found.append(line)
    return _sections("\n".join(found))


def _sections(text: str) -> str:
    """One blank line between the sections of imports."""
    program = SourceFile(text)
    last = max((n.end_lineno or 0 for n in program.tree.body
                if isinstance(n, ast.Import | ast.ImportFrom)), default=0)  # fmt: skip
    head: list[str] = []
    for line in program.lines[:last]:
        if line or not head or head[-1]:
            head.append(line)
    return "\n".join([*head, *program.lines[last:]])


def _import(node: ast.Import | ast.ImportFrom, kept: list[ast.alias]) -> str:
    names = ", ".join(
        one.name if one.asname is None else f"{one.name} as {one.asname}" for one in kept
    )
    if isinstance(node, ast.Import):
        return f"import {names}"
    return f"from {'.' * node.level}{node.module or ''} import {names}"


def _quoted(program: SourceFile) -> set[str]:
    """Names in annotations that are written in quotes."""
    return {
        name
        for node in walk(program.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for name in _names_in(node.value)
    }


@functools.lru_cache(maxsize=4096)
def _names_in(text: str) -> frozenset[str]:
    """The names of an expression; none for what is no expression."""
    try:
        inner = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(n.id for n in walk(inner) if isinstance(n, ast.Name))
