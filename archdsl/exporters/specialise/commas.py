"""The factory on as few lines as it takes: what was broken for its length may have become short."""

from __future__ import annotations

import io
import tokenize

from archdsl.exporters.specialise.source_file import SourceFile, laid

_CLOSING = {")": "(", "]": "[", "}": "{"}
_SKIPPED = {tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT}


def with_few_lines(text: str, factory: str) -> str:
    """A file whose factory breaks its lines only where they are too long."""
    program = SourceFile(text)
    lines = list(program.lines)
    for statement in reversed(program.functions[factory].body):
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        if first == last:
            continue
        own = without_commas(program.segment(statement))
        lines[first - 1 : last] = laid(own, statement.col_offset, statement.col_offset)
    return "\n".join(lines)


def without_commas(text: str) -> str:
    """Code without the commas after a last item, but for the one that makes a tuple of one."""
    tokens = [one for one in tokenize.generate_tokens(io.StringIO(text).readline)
              if one.type not in _SKIPPED]  # fmt: skip
    drop: list[tuple[int, int]] = []
    opened: list[tuple[bool, int]] = []
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        if token.string in _CLOSING.values() and token.type == tokenize.OP:
            called = before is not None and (before.type == tokenize.NAME or before.string in ")]")
            opened.append((token.string == "(" and not called, 0))
        elif token.string in _CLOSING and token.type == tokenize.OP and opened:
            is_tuple, commas = opened.pop()
            if before is not None and before.string == "," and not (is_tuple and commas == 1):
                drop.append(before.start)
        elif token.string == "," and opened:
            is_tuple, commas = opened[-1]
            opened[-1] = is_tuple, commas + 1
    rows = text.split("\n")
    for line, column in reversed(drop):
        rows[line - 1] = rows[line - 1][:column] + rows[line - 1][column + 1 :]
    return "\n".join(rows)
