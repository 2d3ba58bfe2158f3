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

from tests.floors import INSIDE

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "archdsl"
FILES = sorted(PACKAGE.rglob("*.py"))
ALL_FILES = sorted(
    [*FILES, *ROOT.glob("*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob("examples/**/*.py")]
)

# One way up. A unit (a folder or a file of the package) imports units of lower floors, never
# its neighbours on the same floor.
FLOORS: list[set[str]] = [
    {"printable"},
    {"errors", "version", "threads", "cache", "units", "progress", "spelling", "regular", "drafts",
     "memory"},
    {"shipped", "components", "views", "given"},
    {"amounts"},
    {"language", "nn", "catalogue", "data"},
    {"compiler", "published", "spec"},
    {"checkpoints", "cost"},
    {"drawing"},
    {"specification"},
    {"training", "exporters", "conformance"},
    {"recipes", "spaces"},
    {"loading", "model_card", "editors"},
    {"study"},
    {"display", "saving", "benchmarking", "named_images", "task_images"},
    {"exporting", "full_training"},
    {"api"},
    {"changes", "evaluation", "in_full", "integrations", "testing", "timing"},
    {"hub", "timm"},
    {"cli"},
    {"__main__"},
]  # fmt: skip
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
        "benchmarking",
        "api",
        "testing",
        "evaluation",
        "integrations",
    },
    "optuna": {"study"},
    "lightning": {"training"},
    "pytorch_lightning": set(),
    "torchmetrics": {"training"},
    "pytorch_optimizer": {"training"},
    "fvcore": {"cost"},
    "timm": {"integrations", "training"},
    "torchvision": {"training"},
    "huggingface_hub": {"integrations"},
    "kornia": {"training"},
    "datasets": {"data"},
    "yaml": {"language"},
    "sklearn": {"data"},
    "jinja2": {"views"},
    "markupsafe": {"views"},
    "matplotlib": {"views"},
    "rich": {"views"},
    "pandas": {"study"},
    "ray": {"study"},
    "psycopg": {"study"},
    "fsspec": {"study"},
    "IPython": {"views"},
    "onnx": {"exporters"},
    "onnxruntime": {"exporters", "benchmarking"},
    "onnxscript": {"exporters"},
    "executorch": {"exporters"},
    "litert_torch": {"exporters"},
    "ai_edge_litert": {"exporters"},
    "coremltools": {"exporters"},
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


# The same inside a folder: tests/floors.py has the tables.
RANK_INSIDE = {
    folder: {name: rank for rank, names in enumerate(levels) for name in names}
    for folder, levels in INSIDE.items()
}


def name_inside(folder: str, path: Path) -> str:
    """`circuit.fold` for archdsl/spaces/circuit/fold.py, `circuit` for that folder's door."""
    parts = path.relative_to(PACKAGE / folder).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def imported_from(folder: str, source: str) -> set[str]:
    """What a source imports of a folder, as `name_inside` names it; "" is the folder's own door."""
    found = set()
    door = f"archdsl.{folder.replace('/', '.')}"
    for name in imports(source):
        if name == door or name.startswith(f"{door}."):
            inner = name.removeprefix(door).removeprefix(".")
            found.add(inner if inner in RANK_INSIDE[folder] else inner.rpartition(".")[0])
    return found


def offences_inside(folder: str, name: str, source: str) -> list[str]:
    """What a source called `name` in `folder` imports and must not."""
    rank = RANK_INSIDE[folder]
    return [
        f"{folder}: {name} imports {other or 'its own door'}, which is not below it"
        for other in sorted(imported_from(folder, source))
        if rank.get(other, len(rank)) >= rank[name]
    ]


def files_inside(folder: str) -> list[Path]:
    door = PACKAGE / folder / "__init__.py"
    return [path for path in FILES if path.is_relative_to(door.parent) and path != door]


@pytest.mark.parametrize("folder", INSIDE)
def test_inside_a_folder_a_floor_imports_only_what_is_below_it(folder: str) -> None:
    names = {name_inside(folder, path): path for path in files_inside(folder)}
    assert sorted(names) == sorted(RANK_INSIDE[folder]), f"the table of archdsl/{folder}"
    found = [
        wrong
        for name, path in names.items()
        for wrong in offences_inside(folder, name, path.read_text())
    ]
    assert not found


@pytest.mark.parametrize(
    ("folder", "name", "source"),
    [
        ("language", "nodes", "from archdsl.language.check import check"),
        ("language", "typed", "from archdsl.language import write"),
        ("language", "holes", "if TYPE_CHECKING:\n    from archdsl.language.document import Scope"),
        ("spaces", "circuit.fold", "from archdsl.spaces.circuit import split"),
        ("compiler", "geometry", "from archdsl.compiler.lower import Lowering"),
        ("exporters", "registry", "from archdsl.exporters import shipped_forms"),
        ("cost", "flow.walk", "from archdsl.cost.flow import layout, operands"),
        ("spaces", "space", "def f():\n    from archdsl.spaces import Space"),
        ("study/report", "read", "from archdsl.study.report import findings"),
    ],
)
def test_an_import_upwards_inside_a_folder_is_found(folder: str, name: str, source: str) -> None:
    assert offences_inside(folder, name, source)


@pytest.mark.parametrize(
    ("folder", "name", "source"),
    [
        ("language", "check", "from archdsl.language import positions, typed"),
        ("language", "nodes", "from archdsl.errors import SpecError"),
        ("compiler", "lower", "from archdsl.compiler.blocks import Blocks"),
        ("cost", "trace", "from archdsl.cost.flow import walk"),
        ("spaces", "circuit.building", "from archdsl.spaces.circuit import fold"),
        ("spaces", "bounds", "from archdsl.spaces.bounds.windows import Windows"),
    ],
)
def test_an_import_downwards_inside_a_folder_is_none(folder: str, name: str, source: str) -> None:
    assert not offences_inside(folder, name, source)


def test_what_is_behind_the_wall_of_the_bounds_is_imported_through_its_door() -> None:
    for path in FILES:
        if path.parent.name != "bounds":
            found = imported_from("spaces", path.read_text())
            assert not {name for name in found if name.startswith("bounds.")}, path


def loaded_by(statement: str) -> set[str]:
    """The top-level packages in a fresh interpreter after a statement."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


HEAVY = {"torch", "optuna", "lightning", "fvcore", "sklearn", "numpy", "matplotlib", "pandas"}


def test_the_language_loads_nothing_heavy() -> None:
    modules = [f"archdsl.language.{path.stem}" for path in (PACKAGE / "language").glob("[a-z]*.py")]
    others = [
        "archdsl.amounts",
        "archdsl.data",
        "archdsl.compiler.lower",
        "archdsl.compiler.combinations",
        "archdsl.specification",
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


def told_of(folder: Path) -> str:
    """What a folder says of its files: a page, or a list where its `__init__` has one."""
    page, door = folder / "README.md", folder / "__init__.py"
    if page.is_file():
        return page.read_text()
    said = (ast.get_docstring(ast.parse(door.read_text())) or "") if door.is_file() else ""
    return said if re.search(r"^\w+\.py ", said, re.MULTILINE) else ""


def test_a_folder_that_tells_of_its_files_tells_of_each() -> None:
    folders = [path for path in (PACKAGE, *PACKAGE.rglob("*")) if path.is_dir()]
    told = {folder: said for folder in folders if (said := told_of(folder))}
    assert {PACKAGE / "language", PACKAGE / "study" / "engines"} <= set(told)
    found = {
        str(path.relative_to(ROOT))
        for folder, said in told.items()
        for path in folder.glob("[a-z]*.py")
        if not re.search(rf"\b{path.name}\b", said)
    }
    assert not found


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
