"""How many lines of code exported files have, beside what is aimed at.

    .venv/bin/python -m tests.bench.code_lines

Lines that are neither blank nor comment nor docstring; `CLASSES` and `preprocess` aside.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path
from unittest.mock import patch

import archdsl
from archdsl.compiler.network import Network
from archdsl.exporters import code as exporter

WINNER = "the winner in the README"

AIMS = {
    "poolformer_s12": 140, "ffnet_1": 260, "transnext_micro": 420, "caformer_s18": 200,
    "swin_tiny": 280, WINNER: 170,
}  # fmt: skip

README = Path(__file__).resolve().parents[2] / "README.md"

_NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
            tokenize.ENDMARKER}  # fmt: skip


def lines_of(text: str) -> int:
    """Lines of code of a file."""
    said: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        match node.body[:1]:
            case [ast.Expr(value=ast.Constant(value=str())) as first]:
                said |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            found |= set(range(token.start[0], token.end[0] + 1))
    return len(found - said)


def network(name: str) -> Network:
    """The network of that name."""
    if name != WINNER:
        return archdsl.load(name).network()
    blocks = re.findall(r"^```yaml\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)
    return archdsl.loads(blocks[-1]).network()


def main() -> None:
    """Print the table."""
    print("| file | lines | as the classes stand in archdsl | aim |")
    print("|---|---|---|---|")
    for name, aim in AIMS.items():
        with patch.object(exporter, "specialised", wraps=exporter.specialised) as made:
            lines = lines_of(exporter.code(network(name)))
        generic = lines_of(made.call_args.args[0])
        print(f"| {name} | {lines} | {generic} | {aim} |", flush=True)


if __name__ == "__main__":
    main()
