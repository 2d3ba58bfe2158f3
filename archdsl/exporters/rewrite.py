"""A carried statement as text: what stays behind cut out, names and types put in.

The text is the author's own, comments and blank lines included; only logical lines in which
something is replaced are laid out anew.
"""

from __future__ import annotations

import ast
import io
import itertools
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from archdsl.errors import ExportError
from archdsl.exporters.annotations import Plain
from archdsl.exporters.carry import Carried, Resolved, elements
from archdsl.exporters.layout import INDENT, WIDTH, arrange
from archdsl.exporters.names import Names, preferred
from archdsl.exporters.scopes import Function, bound_in_words
from archdsl.exporters.source import Module
from archdsl.exporters.targets import External, Internal


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of (line, column) to (line, column), in characters."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def text_of(item: Carried, names: Names) -> list[str]:
    """The lines of a carried unit. Raises ExportError for a name that cannot be changed."""
    unit, module = item.unit, item.unit.module
    edits = [
        *(edit for resolved in item.uses if (edit := _named(module, resolved, names))),
        *_definitions(item, names),
        *_without_notes(item),
        *_without_quotes(item),
    ]
    dropped = _dropped(item)
    lines: list[str | None] = []
    for first, last in _logical_lines(module.lines[unit.first - 1 : unit.last], unit.first):
        here = [edit for edit in edits if first <= edit.start[0] <= last]
        own = module.lines[first - 1 : last]
        if dropped & set(range(first, last + 1)):
            lines += [None if n in dropped else module.lines[n - 1] for n in range(first, last + 1)]
        elif here:
            lines += _edited(own, first, here)
        else:
            lines += own
    hollow = any(
        isinstance(node, ast.ClassDef) and set(node.body) <= item.cut for node in unit.nodes
    )
    return _closed(lines, hollow)


def name_uses(item: Carried, names: Names) -> None:
    """Give a name to everything external that a unit uses, so that imports come first."""
    for resolved in item.uses:
        if isinstance(resolved.target, External):
            names.give(resolved.target, _wanted(resolved))
        elif isinstance(resolved.target, tuple):
            _written(resolved.target, names)


def _named(module: Module, resolved: Resolved, names: Names) -> Edit | None:
    use = resolved.use
    first, last = use.nodes[0], use.nodes[resolved.taken]
    if isinstance(resolved.target, tuple):
        text = _written(resolved.target, names)
    elif isinstance(resolved.target, External):
        text = names.give(resolved.target, _wanted(resolved))
        _note_submodules(module, resolved, names)
    else:
        text = names.give(resolved.target, resolved.target.name)
    if resolved.taken == 0 and text == use.name:
        return None
    start, end = _start(module, first), _stop(module, last)
    if not module.lines[start[0] - 1].startswith(use.name, start[1]):
        raise ExportError(  # Python does not always know where a name in an f-string stands
            f"{module.file}:{start[0]}: '{use.name}' in an f-string has another meaning elsewhere "
            "in the network's code.  give it a name of its own"
        )
    return Edit(start, end, text)


def _wanted(resolved: Resolved) -> str:
    assert isinstance(resolved.target, External)
    return resolved.use.name if resolved.taken == 0 else preferred(resolved.target)


def _note_submodules(module: Module, resolved: Resolved, names: Names) -> None:
    chain = (resolved.use.name, *resolved.use.chain)
    for length in range(2, len(chain) + 1):
        if (dotted := ".".join(chain[:length])) in module.dotted:
            names.submodule(dotted)


def _written(plain: Plain, names: Names) -> str:
    return "".join(
        part if isinstance(part, str) else names.give(part, preferred(part)) for part in plain
    )


def _definitions(item: Carried, names: Names) -> Iterator[Edit]:
    """New names where a statement gives them: at its `def` or `class`, and in `global`."""
    module = item.unit.module
    new = {
        name: text
        for name in item.unit.binds
        if (text := names.give(Internal(module.name, name), name)) != name
    }
    for statement in item.unit.nodes:
        for name in sorted(bound_in_words(statement) & new.keys()):
            raise ExportError(
                f"{module.file}:{item.unit.first}: '{name}' has another meaning elsewhere in the "
                "network's code.  give it a name of its own"
            )
        for node in ast.walk(statement):
            if isinstance(node, ast.Global):
                for name in node.names:
                    text = names.give(Internal(module.name, name), name)
                    if text != name:
                        yield _word(module, node.lineno, rf"\b{name}\b", text)
        if isinstance(statement, Function | ast.ClassDef) and statement.name in new:
            pattern = rf"(?<=\bdef ){statement.name}\b|(?<=\bclass ){statement.name}\b"
            yield _word(module, statement.lineno, pattern, new[statement.name])


def _word(module: Module, line: int, pattern: str, text: str) -> Edit:
    found = re.search(pattern, module.lines[line - 1])
    assert found is not None, f"{module.file}:{line} has no {pattern}"
    return Edit((line, found.start()), (line, found.end()), text)


def _without_notes(item: Carried) -> Iterator[Edit]:
    """`Annotated[int, ...]` is `int` to Python."""
    module = item.unit.module
    for node in item.annotated:
        kept = elements(node)[0]
        yield Edit(_start(module, node), _start(module, kept), "")
        yield Edit(_stop(module, kept), _stop(module, node), "")


def _without_quotes(item: Carried) -> Iterator[Edit]:
    """Quotes around an annotation serve nothing where no annotation is evaluated."""
    for constant in item.quotes:
        (line, first), (_, last) = (
            _start(item.unit.module, constant),
            _stop(item.unit.module, constant),
        )
        yield Edit((line, first), (line, first + 1), "")
        yield Edit((line, last - 1), (line, last), "")


def _start(module: Module, node: ast.expr) -> tuple[int, int]:
    return node.lineno, module.column(node.lineno, node.col_offset)


def _stop(module: Module, node: ast.expr) -> tuple[int, int]:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return node.end_lineno, module.column(node.end_lineno, node.end_col_offset)


def _dropped(item: Carried) -> set[int]:
    """The lines of what stays behind, with the comments above and the text below it."""
    lines = item.unit.module.lines
    dropped: set[int] = set()
    for node in item.cut:
        assert isinstance(node, ast.expr | ast.stmt) and node.end_lineno is not None
        first, last = node.lineno, node.end_lineno
        if isinstance(node, Function) and node.decorator_list:
            first = node.decorator_list[0].lineno
        if isinstance(node, ast.stmt):
            while lines[first - 2].lstrip().startswith("#"):
                first -= 1
        dropped.update(range(first, last + 1))
    for statement in item.unit.nodes:
        body = statement.body if isinstance(statement, ast.ClassDef) else []
        for above, below in itertools.pairwise(body):
            if (
                above in item.cut
                and isinstance(above, ast.Assign | ast.AnnAssign)
                and _is_text(below)
            ):
                dropped.update(range(below.lineno, (below.end_lineno or below.lineno) + 1))
    return dropped


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _logical_lines(lines: list[str], number: int) -> Iterator[tuple[int, int]]:
    """First and last line of each logical line; blank lines and comments are one each.

    number: the line number of the first of `lines`
    """
    first = 0
    done = 0
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
        if token.type in (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT):
            continue
        if token.type == tokenize.ENDMARKER:
            break
        first = first or token.start[0]
        if token.type == tokenize.NEWLINE:
            yield from ((number + n, number + n) for n in range(done, first - 1))
            yield number + first - 1, number + token.start[0] - 1
            done, first = token.start[0], 0
    yield from ((number + n, number + n) for n in range(done, len(lines)))


def _edited(own: list[str], first: int, edits: list[Edit]) -> list[str]:
    """One logical line with its replacements, laid out anew where that can matter."""
    lines = list(own)
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        (top, left), (bottom, right) = edit.start, edit.end
        before, after = lines[top - first][:left], lines[bottom - first][right:]
        lines[top - first : bottom - first + 1] = [before + edit.text + after]
    indent = len(lines[0]) - len(lines[0].lstrip())
    if "\t" in lines[0][:indent]:  # whoever indents by tabs has a layout of their own
        return lines
    defines = re.match(r"\s*(async )?def ", lines[0]) is not None
    shorter = len(lines) > 1 and sum(map(len, lines)) < sum(map(len, own))
    if defines or shorter or max(map(len, lines)) > WIDTH:
        return arrange("\n".join(lines).lstrip(), indent)
    return lines


def _closed(lines: list[str | None], hollow: bool) -> list[str]:
    """The lines that are left, without the blank ones that separated what is gone."""
    kept: list[str] = []
    gap = False
    for line in lines:
        if line is None:
            gap = True
        elif line.strip() or not (gap and (not kept or not kept[-1] or kept[-1].endswith(":"))):
            kept.append(line.rstrip())
            gap = gap and not line.strip()
    while kept and not kept[-1]:
        kept.pop()
    return [*kept, " " * INDENT + "pass"] if hollow else kept
