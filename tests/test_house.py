"""The order of the house: who may import whom, what stays light, and how large a file may be."""

from __future__ import annotations

import ast
import io
import json
import re
import statistics
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "archdsl"
FILES = sorted(PACKAGE.rglob("*.py"))
ALL_FILES = sorted(
    [*FILES, *ROOT.glob("*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob("examples/**/*.py")]
)

# One way up. A unit (a folder or a file of the package) imports units of lower floors, never
# its neighbours on the same floor.
FLOORS: list[set[str]] = [
    {"version", "threads", "cache", "regular", "memory", "printable"},
    {"errors"},
    {"shipped", "components", "given"},
    {"amounts"},
    {"language", "nn", "data"},
    {"compiler", "published"},
    {"checkpoints", "cost"},
    {"training", "exporters", "conformance"},
    {"spaces"},
    {"study"},
    {"api"},
    {"testing"},
    {"cli"},
    {"__main__"},
]
RANK = {unit: rank for rank, units in enumerate(FLOORS) for unit in units}

# Who alone may import a package, at the top of a file or inside a function.
ONLY = {
    "torch": {
        "threads",
        "nn",
        "data",
        "compiler",
        "checkpoints",
        "conformance",
        "cost",
        "training",
        "exporters",
        "study",
        "api",
        "testing",
    },
    "optuna": {"study"},
    "lightning": {"training"},
    "pytorch_lightning": set(),
    "torchmetrics": {"training"},
    "fvcore": {"cost"},
    "yaml": {"language"},
    "sklearn": {"data"},
    "jinja2": {"study"},
    "matplotlib": {"study"},
    "rich": {"cli"},
}


def unit_of(path: Path) -> str:
    """`language` for archdsl/language/yaml.py, `errors` for archdsl/errors.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(source: str) -> Iterator[str]:
    """Dotted names that a source imports, wherever in it, those for a type checker included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def for_types(source: str) -> set[str]:
    """Those of them that are for a type checker alone."""
    return {
        name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for part in node.body
        for name in imports(ast.unparse(part))
    }


def offences(unit: str, source: str) -> list[str]:
    """What a source of `unit` imports and must not."""
    found = []
    for name in imports(source):
        top, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if top == "archdsl" and other in RANK and other != unit and RANK[other] >= RANK[unit]:
            found.append(f"{unit} imports {name}, which is not below it")
        if top in ONLY and unit not in ONLY[top] and name not in for_types(source):
            found.append(f"{unit} imports {name}; only {sorted(ONLY[top])} may")
    return found


def units() -> list[str]:
    return sorted({unit_of(path) for path in FILES} - {"__init__"})


@pytest.mark.parametrize("unit", units())
def test_a_floor_imports_only_what_is_below_it(unit: str) -> None:
    assert unit in RANK, f"archdsl/{unit} has no floor in the table above"
    found = {
        str(path.relative_to(ROOT)): wrong
        for path in FILES
        if unit_of(path) == unit and (wrong := offences(unit, path.read_text()))
    }
    assert not found


@pytest.mark.parametrize(
    ("unit", "source"),
    [
        ("language", "from archdsl.nn import acts"),
        ("errors", "import archdsl.components.registry"),
        ("cost", "def f():\n    from archdsl import spaces"),
        ("errors", "if TYPE_CHECKING:\n    from archdsl.language.nodes import Mark"),
        ("language", "import torch"),
        ("training", "import optuna.samplers"),
        ("study", "def f():\n    import lightning.pytorch as pl"),
    ],
)
def test_an_import_upwards_or_out_of_place_is_found(unit: str, source: str) -> None:
    assert offences(unit, source)


@pytest.mark.parametrize(
    ("unit", "source"),
    [
        ("language", "from archdsl.components.registry import find"),
        ("study", "if TYPE_CHECKING:\n    from archdsl.language.nodes import Mark"),
        ("study", "def f():\n    import optuna"),
        ("cli", "if TYPE_CHECKING:\n    from optuna import Study"),
    ],
)
def test_an_import_downwards_is_none(unit: str, source: str) -> None:
    assert not offences(unit, source)


# The same inside `spaces`: a file, or a folder's file, imports what is on lower floors.
SPACES_FLOORS: list[set[str]] = [
    {"arguments", "budget", "count", "questions", "reach"},
    {"rows", "size"},
    {"decision_tree", "parts"},
    {"price_list", "table"},
    {"every_cost"},
    {"circuit.circuit", "circuit.alternatives"},
    {"circuit", "circuit.fold", "circuit.split"},
    {"circuit.algebras", "circuit.building"},
    {"histogram.sparse"},
    {"histogram.grid"},
    {"histogram.narrowing", "histogram.tilt"},
    {"histogram.inside"},
    {"histogram.shares", "histogram.walk"},
    {"bounds.majorants"},
    {"bounds.characteristic", "bounds.hull"},
    {"bounds.windows"},
    {"bounds"},
    {"members"},
    {"drawing", "nearest"},
    {"counting", "rejecting"},
    {"space"},
    {"overview"},
]
SPACES = PACKAGE / "spaces"
SPACES_RANK = {name: rank for rank, names in enumerate(SPACES_FLOORS) for name in names}


def name_in_spaces(path: Path) -> str:
    """`circuit.fold` for archdsl/spaces/circuit/fold.py, `circuit` for that folder's door."""
    return ".".join(path.relative_to(SPACES).with_suffix("").parts).removesuffix(".__init__")


def imported_from_spaces(source: str) -> set[str]:
    """What a source imports of `spaces`, as `name_in_spaces` names it."""
    found = set()
    for name in imports(source):
        if name.startswith("archdsl.spaces."):
            inner = name.removeprefix("archdsl.spaces.")
            whole = inner if inner in SPACES_RANK else inner.rpartition(".")[0]
            found.add(whole or "space")  # archdsl.spaces.Space
    return found


SPACES_FILES = [path for path in sorted(SPACES.rglob("*.py")) if path != SPACES / "__init__.py"]


@pytest.mark.parametrize("path", SPACES_FILES, ids=name_in_spaces)
def test_inside_spaces_a_floor_imports_only_what_is_below_it(path: Path) -> None:
    name = name_in_spaces(path)
    assert name in SPACES_RANK, f"archdsl/spaces: {name} has no floor in the table above"
    found = imported_from_spaces(path.read_text())
    assert not {one for one in found if SPACES_RANK[one] >= SPACES_RANK[name]}


def test_what_is_behind_the_wall_of_the_bounds_is_imported_through_its_door() -> None:
    for path in FILES:
        if path.parent.name != "bounds":
            inner = {n for n in imported_from_spaces(path.read_text()) if n.startswith("bounds.")}
            assert not inner, path


def loaded_by(statement: str) -> set[str]:
    """The top-level packages in a fresh interpreter after a statement."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


HEAVY = {"torch", "optuna", "lightning", "fvcore", "sklearn", "numpy", "matplotlib"}


def test_the_language_loads_nothing_heavy() -> None:
    modules = [f"archdsl.language.{path.stem}" for path in (PACKAGE / "language").glob("[a-z]*.py")]
    others = [
        "archdsl.amounts",
        "archdsl.data",
        "archdsl.compiler.lower",
        "archdsl.compiler.combinations",
        "archdsl.compiler.specification",
        "archdsl.spaces",
    ]
    assert len(modules) > 10
    assert not loaded_by(f"import {', '.join([*modules, *others])}") & HEAVY


def test_importing_archdsl_and_its_command_line_loads_nothing_heavy() -> None:
    assert not loaded_by("import archdsl, archdsl.api, archdsl.cli") & (HEAVY | {"rich"})


def test_what_is_heavy_would_be_seen() -> None:
    assert {"torch", "numpy"} <= loaded_by("import archdsl.nn")


def test_no_file_is_over_five_hundred_lines_and_most_are_small() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in ALL_FILES}
    assert {str(path): n for path, n in lengths.items() if n > 500} == {}
    assert statistics.median(lengths[path] for path in FILES) <= 250


def test_no_file_is_named_for_nothing() -> None:
    assert not {path.stem for path in ALL_FILES} & {"utils", "util", "helpers", "common", "misc"}


# What a reader years from now has no use for: plans, errands, history, somebody's machine.
UNWANTED = re.compile(
    r"\b(TODO|FIXME|XXX|HACK)\b|\bissue #?\d|\bthis session\b|\bas requested\b"
    r"|\bused to be\b|\bwas refactored\b|(?<![\w.])/(work|root|home)/"
)


def prose(source: str) -> Iterator[str]:
    """Comments and docstrings."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield ast.get_docstring(node) or ""


def test_comments_speak_of_the_code_alone() -> None:
    found = {
        str(path.relative_to(ROOT)): hit[0]
        for path in ALL_FILES
        for text in prose(path.read_text())
        if (hit := UNWANTED.search(text))
    }
    assert not found


def test_an_unwanted_comment_would_be_seen() -> None:
    assert any(UNWANTED.search(text) for text in prose("x = 1  # TODO later\n"))


def test_every_public_name_resolves() -> None:
    import archdsl

    for name in archdsl.__all__:
        assert getattr(archdsl, name) is not None
