"""The defaults of a class's options, as its uses want them.

A switch is by default as most uses of the class have it, and what every use gives has no default.
"""

from __future__ import annotations

import ast
from collections import Counter

from archdsl.exporters.scopes import uses
from archdsl.exporters.specialise.call_sites import CallSites
from archdsl.exporters.specialise.commas import without_commas
from archdsl.exporters.specialise.observed import Observed
from archdsl.exporters.specialise.source_file import SourceFile, constructor, laid
from archdsl.exporters.trees import walk

_SIMPLE = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return | ast.Expr | ast.Assert

Uses = dict[ast.Call, str | None]
"""Calls -> what they give for an option, if anything."""


def with_usual_defaults(text: str, seen: Observed) -> str:
    """A file whose classes have the defaults that its network needs."""
    for name, node in SourceFile(text).classes.items():
        init = constructor(node)
        for arg in [] if init is None else init.args.kwonlyargs:
            text = _usual(text, seen, name, arg.arg)
    return text


def _usual(text: str, seen: Observed, owner: str, option: str) -> str:
    program = SourceFile(text)
    init = constructor(program.classes[owner])
    assert init is not None
    defaults = {arg.arg: one for arg, one in
                zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)}  # fmt: skip
    default = defaults[option]
    if not isinstance(default, ast.Constant):
        return text
    found = _uses(program, CallSites(program, seen.names), owner, option)
    if found and None not in found.values():
        return _with_default(text, owner, option, None)
    if not isinstance(default.value, bool):
        return text
    usual, count = Counter(found.values()).most_common(1)[0] if found else (None, 0)
    if usual not in ("False", "True") or 2 * count <= len(found):
        return text
    unusual = program.segment(default)
    pieces: dict[ast.expr, str] = {}
    for call, given in found.items():
        keep = [program.segment(one) for one in (*call.args, *call.keywords)
                if not (isinstance(one, ast.keyword) and one.arg == option)]  # fmt: skip
        if given is None:
            keep.append(f"{option}={unusual}")
        elif given != usual:
            continue
        alone = len(keep) == 1 and _is_partial(call, owner)
        pieces[call] = keep[0] if alone else f"{program.segment(call.func)}({', '.join(keep)})"
    return _with_default(_edited(program, pieces), owner, option, usual)


def _with_default(text: str, owner: str, option: str, value: str | None) -> str:
    """A file in which an option of a class has another default, or none."""
    program = SourceFile(text)
    init = constructor(program.classes[owner])
    assert init is not None
    (default,) = (one for arg, one in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
                  if arg.arg == option)  # fmt: skip
    assert default is not None
    begin, (first, last) = program.span(init)[0], program.span(default)
    end = program.header_end(init)
    head = program.text[begin:first]
    head = head.rstrip().removesuffix("=").rstrip() if value is None else head + value
    stop = program.at(end, 0) + len(program.lines[end - 1])
    made = without_commas(head + program.text[last:stop])
    lines = list(program.lines)
    lines[init.lineno - 1 : end] = laid(made, init.col_offset, init.col_offset)
    return "\n".join(lines)


def _uses(program: SourceFile, calls: CallSites, owner: str, option: str) -> Uses:
    """The uses of a class; none where there is one that says nothing of its options."""
    found: Uses = {}
    named = 0
    for node in walk(program.tree):
        if not isinstance(node, ast.Call):
            continue
        own = isinstance(node.func, ast.Name) and node.func.id == owner
        if not (own or _is_partial(node, owner)) or calls.constructed(node) != owner:
            continue
        if any(one.arg is None for one in node.keywords):
            return {}
        given = [program.segment(one.value) for one in node.keywords if one.arg == option]
        found[node] = given[0] if given else None
        named += 1
    mentioned = sum(use.name == owner and not use.annotation
                    for one in program.tree.body for use in uses(one))  # fmt: skip
    return found if mentioned == named else {}


def _is_partial(call: ast.Call, owner: str) -> bool:
    match call:
        case ast.Call(func=ast.Name(id="partial"), args=[ast.Name(id=name)]):
            return name == owner
    return False


def _edited(program: SourceFile, pieces: dict[ast.expr, str]) -> str:
    """A file with other text for some expressions, and their statements laid out anew."""
    lines = list(program.lines)
    left = dict(pieces)
    edits: list[tuple[int, int, list[str]]] = []
    for node in walk(program.tree):
        if not isinstance(node, _SIMPLE):
            continue
        inside = [(one, left.pop(one)) for one in walk(node)
                  if isinstance(one, ast.expr) and one in left]  # fmt: skip
        if inside:
            after = program.text[program.span(node)[1] :].partition("\n")[0]
            new = laid(program.spliced(node, inside) + after, node.col_offset, node.col_offset)
            edits.append((node.lineno, node.end_lineno or node.lineno, new))
    for first, last, made in sorted(edits, reverse=True):
        lines[first - 1 : last] = made
    return "\n".join(lines)
