"""The text of one Python file with its syntax tree, and how pieces of it are put together anew."""

from __future__ import annotations

import ast
import functools
import io
import tokenize
from collections.abc import Iterable, Iterator

from archdsl.exporters.layout import arrange
from archdsl.exporters.trees import children, parsed, walk

Function = ast.FunctionDef | ast.AsyncFunctionDef


class SourceFile:
    """A file. text: of it; tree: its syntax tree; lines: without their ends"""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = parsed(text)
        self.lines = text.split("\n")
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._plain = [line.isascii() for line in self.lines]
        self.classes = {n.name: n for n in self.tree.body if isinstance(n, ast.ClassDef)}
        self.functions = {n.name: n for n in self.tree.body if isinstance(n, ast.FunctionDef)}

    def at(self, line: int, offset: int) -> int:
        """Where a place of the syntax tree, which counts bytes, is in the text."""
        if self._plain[line - 1]:
            return self._starts[line - 1] + offset
        return self._starts[line - 1] + len(self.lines[line - 1].encode()[:offset].decode())

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins and ends in the text."""
        assert isinstance(node, ast.expr | ast.stmt | ast.keyword | ast.arg)
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)

    def segment(self, node: ast.AST) -> str:
        """The text of a node."""
        begin, end = self.span(node)
        return self.text[begin:end]

    def spliced(self, node: ast.AST, pieces: Iterable[tuple[ast.AST, str]]) -> str:
        """The text of a node, with other text for some nodes inside it.

        What stands in parentheses of its own loses them where it needs none any more.
        """
        begin, end = self.span(node)
        text, done = "", begin
        for inner, new in sorted(pieces, key=lambda piece: self.span(piece[0])):
            first, last = self.span(inner)
            if new.isdecimal() or (new.startswith("(") and parenthesised(new[1:-1]) == new):
                first, last = self._with_parentheses(first, last)
            text += self.text[done:first] + new
            done = last
        return text + self.text[done:end]

    def _with_parentheses(self, first: int, last: int) -> tuple[int, int]:
        before, after = self.text[:first].rstrip(), self.text[last:]
        skipped = len(after) - len(after.lstrip())
        opened = before.endswith("(") and not (before[-2:-1].isalnum() or before[-2:-1] in "_)]")
        if opened and after.lstrip().startswith(")"):
            return len(before) - 1, last + skipped + 1
        return first, last

    def header_end(self, node: ast.stmt) -> int:
        """The last line of a compound statement's header, comments below it not counted."""
        body: list[ast.stmt] = getattr(node, "body")  # noqa: B009 - any compound statement has one
        last = self.first_line(body[0]) - 1
        while last > node.lineno and (
            not self.lines[last - 1].strip() or self.lines[last - 1].lstrip().startswith("#")
        ):
            last -= 1
        return max(last, node.lineno)

    def first_line(self, node: ast.stmt) -> int:
        """The line on which a statement begins, its decorators included."""
        above: list[ast.expr] = getattr(node, "decorator_list", [])
        return min([node.lineno, *(one.lineno for one in above)])


def laid(text: str, indent: int, raw_indent: int) -> list[str]:
    """A logical line as lines. raw_indent: of its first line, where it was taken from"""
    comments = [token for token in _tokens(text) if token.type == tokenize.COMMENT]
    rows = text.split("\n")
    last = comments[-1] if comments else None
    if last is not None and len(comments) == 1 and last.start[0] == len(rows):
        code = "\n".join([*rows[:-1], rows[-1][: last.start[1]]]).rstrip()
        lines = arrange(code, indent)
        return [*lines[:-1], f"{lines[-1]}  {last.string}"]
    if comments:
        return [" " * indent + rows[0], *dedented(rows[1:], raw_indent - indent)]
    return arrange(text, indent)


def dedented(lines: Iterable[str], by: int) -> list[str]:
    """Lines further left, where nothing but blanks stands in the way."""
    return [line[by:] if line[:by].isspace() else line for line in lines]


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, IndentationError):  # a header without what it heads
        return


def stored(nodes: Iterable[ast.AST]) -> list[str]:
    """The names that nodes give a value, as often as they do; nested functions have their own."""
    found: list[str] = []
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.append(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.append(name)
                continue
            case ast.Lambda():
                continue
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                found.append(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found += [(one.asname or one.name).partition(".")[0] for one in names]
        waiting += children(node)
    return found


def parameters(node: ast.FunctionDef | ast.Lambda | ast.AsyncFunctionDef) -> list[ast.arg]:
    """All parameters of a function, in order."""
    args = node.args
    more = [one for one in (args.vararg, args.kwarg) if one is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *more]


def constructor(node: ast.ClassDef) -> ast.FunctionDef | None:
    """The `__init__` that a class writes itself."""
    return next((one for one in node.body
                 if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)  # fmt: skip


def docstring(body: list[ast.stmt]) -> ast.Expr | None:
    """The docstring of a body, if it has one."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str())) as first, *_]:
            return first
    return None


def is_pure(node: ast.expr) -> bool:
    """Whether nothing but a value comes of an expression."""
    for part in walk(node):
        match part:
            case ast.Call(func=ast.Name(id="isinstance" | "getattr" | "int" | "float" | "len")):
                continue
            case ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom() | ast.NamedExpr():
                return False
    return True


@functools.lru_cache(maxsize=4096)
def parenthesised(text: str) -> str:
    """An expression that may stand anywhere inside another one."""
    try:
        node = ast.parse(f"({text})", mode="eval").body
    except SyntaxError:
        return text
    atoms = (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Dict, ast.Set,
             ast.ListComp, ast.SetComp, ast.DictComp, ast.Starred)  # fmt: skip
    if isinstance(node, atoms) or (text.startswith("(") and isinstance(node, ast.Tuple)):
        return text
    if isinstance(node, ast.Constant) and not text.startswith("-"):
        return text
    return f"({text})"
