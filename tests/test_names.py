"""One name, one class."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "archdsl"
FILES = sorted(PACKAGE.rglob("*.py"))

# Names that two classes have, and why.
TWICE = {
    "Stage": "the module of `nn` stands in exported code, where it is the user's",
    "Epoch": "an event that is heard, and the line of the record that it leaves",
    "Finished": "an event that is heard, and the line of the record that it leaves",
    "Evidence": "what a figure follows from, and the line of the record that says so",
}


def test_no_two_classes_have_one_name() -> None:
    names = [
        node.name
        for path in FILES
        if "catalogue" not in path.parts  # where each stands for the one of its name in nn
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    ]
    assert {name for name in names if names.count(name) > 1} == set(TWICE)
