"""The header of a function without the parameters that go."""

from __future__ import annotations

import ast

from archdsl.exporters.specialise.source_file import SourceFile, laid


def header(
    program: SourceFile, node: ast.FunctionDef, gone: set[str], alone: str | None, sure: set[str]
) -> list[str]:
    """The lines from a function's decorators to its colon.

    gone: parameters that go; alone: the name of what was `*parameter`, and is a single one
    sure: parameters that are never None, and that every call gives
    """
    first = program.first_line(node)
    own = program.lines[first - 1 : program.header_end(node)]
    args = node.args
    sure = {arg.arg for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
            if arg.arg in sure and _is_none(default)}  # fmt: skip
    sure |= {arg.arg for arg in args.args if arg.arg in sure and not args.defaults}
    if (
        not gone
        and alone is None
        and not any(
            _said(program, arg, None, sure=True) != _said(program, arg, None)
            for arg in (*args.args, *args.kwonlyargs)
            if arg.arg in sure
        )
    ):
        return own
    texts: list[str] = []
    plain = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
    for arg, default in zip(plain, defaults, strict=True):
        if arg.arg not in gone:
            texts.append(_said(program, arg, default, sure=arg.arg in sure))
    keyed = [(arg, default) for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
             if arg.arg not in gone]  # fmt: skip
    if args.vararg is not None:
        said = _said(program, args.vararg, None)
        texts.append(f"*{said}" if alone is None else f"{alone}{said[len(args.vararg.arg) :]}")
    elif keyed:
        texts.append("*")
    texts += [_said(program, arg, default, sure=arg.arg in sure) for arg, default in keyed]
    if args.kwarg is not None:
        texts.append(f"**{_said(program, args.kwarg, None)}")
    returns = "" if node.returns is None else f" -> {program.segment(node.returns)}"
    text = f"def {node.name}({', '.join(texts)}){returns}:"
    above = program.lines[first - 1 : node.lineno - 1]
    return [*above, *laid(text, node.col_offset, node.col_offset)]


def _is_none(default: ast.expr | None) -> bool:
    return isinstance(default, ast.Constant) and default.value is None


def _said(
    program: SourceFile, arg: ast.arg, default: ast.expr | None, *, sure: bool = False
) -> str:
    note = "" if arg.annotation is None else program.segment(arg.annotation)
    if sure and note.endswith(" | None"):
        note, default = note.removesuffix(" | None"), None
    said = f"{arg.arg}: {note}" if note else arg.arg
    if default is None:
        return said
    return f"{said}{' = ' if arg.annotation is not None else '='}{program.segment(default)}"
