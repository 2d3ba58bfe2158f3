"""Text comes before people in two places and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "archdsl"
FILES = sorted(PACKAGE.rglob("*.py"))


def test_whatever_is_printed_passes_the_border_of_the_terminal() -> None:
    found = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in PRINTING
    }
    assert found == {"views/terminal.py"}


PRINTING = ("print", "sys.stdout.write", "sys.stderr.write", "self._stream.write")


def test_markup_is_made_by_drawings_alone() -> None:
    makes = {path for path in FILES if re.search(r"\bMarkup\(", path.read_text())}
    assert makes == {PACKAGE / "views" / "svg.py"}
    templates = list(PACKAGE.rglob("*.jinja"))
    assert len(templates) == 4
    for template in templates:
        assert not re.search(r"\bsafe\b|autoescape|\bon[a-z]+=|<script", template.read_text())
