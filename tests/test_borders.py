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


SCRIPTS = {
    "page.html.jinja": ["<script>{{ script.text }}</script>"],
    "report.html.jinja": [
        f'<script type="application/octet-stream" id="{data}">{{{{ {name} }}}}</script>'
        for data, name in (("record", "packed"), ("texts", "texts"))
    ],
}
"""The script elements of all templates: our own files, and data in base64."""


def test_markup_is_made_of_drawings_and_our_own_scripts_alone() -> None:
    makes = {path for path in FILES if re.search(r"\bMarkup\(", path.read_text())}
    assert makes == {PACKAGE / "views" / f"{name}.py" for name in ("ink", "scripts")}
    templates = list(PACKAGE.rglob("*.jinja"))
    assert len(templates) > 20
    for template in templates:
        text = template.read_text()
        for script in SCRIPTS.get(template.name, ()):
            assert text.count(script) == 1
            text = text.replace(script, "")
        assert not re.search(r"\bsafe\b|autoescape|\bon[a-z]+=|<script", text), template
