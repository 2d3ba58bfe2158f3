"""archdsl.spec is archdsl.language under its old name: one warning, and the very same modules."""

from __future__ import annotations

import subprocess

import pytest

from tests import started

SAID = "archdsl.spec is called archdsl.language now; the old name goes with archdsl 0.3"


def python(program: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*started.python(), *options, "-c", program], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "program",
    [
        "import archdsl.spec\nimport archdsl.language\nassert archdsl.spec is archdsl.language",
        "from archdsl.spec.load import document_from_text as old\n"
        "from archdsl.language.load import document_from_text as new\n"
        "assert old is new",
        "from archdsl.language import nodes\nimport archdsl.spec.nodes\n"
        "assert archdsl.spec.nodes is nodes",
        "from archdsl.spec import nodes, yaml\nfrom archdsl.spec.nodes import Scalar\n"
        "from archdsl import language\n"
        "assert nodes is language.nodes and yaml is language.yaml\n"
        "assert Scalar is language.nodes.Scalar",
        "import archdsl.spec\nimport importlib, pkgutil, archdsl.language\n"
        "for one in pkgutil.iter_modules(archdsl.language.__path__):\n"
        "    old = importlib.import_module('archdsl.spec.' + one.name)\n"
        "    assert old is importlib.import_module('archdsl.language.' + one.name)\n"
        "    assert old.__name__ == old.__spec__.name == 'archdsl.language.' + one.name",
    ],
)
def test_the_old_name_gives_the_same_modules_with_one_warning(program: str) -> None:
    done = python(program, "-W", "default")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(SAID) == done.stderr.count("DeprecationWarning") == 1
    assert done.stderr.startswith("<string>:")


def test_where_warnings_are_errors_the_old_name_is_one() -> None:
    done = python("import archdsl.spec.load", "-W", "error")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"DeprecationWarning: {SAID}"


def test_the_new_name_warns_of_nothing() -> None:
    done = python("import archdsl.language.load", "-W", "error")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_old_name_loads_nothing_heavy() -> None:
    done = python(
        "import sys, archdsl.spec\nassert not {'torch', 'numpy', 'optuna'} & set(sys.modules)",
        "-W",
        "ignore",
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_was_pickled_under_the_old_name_is_read() -> None:
    done = python(
        "import pickle\nfrom archdsl.language.decisions import Place\n"
        "old = pickle.dumps(Place(1, 2), 0).replace(b'archdsl.language', b'archdsl.spec')\n"
        "assert b'archdsl.spec' in old\nassert pickle.loads(old) == Place(1, 2)",
        "-W",
        "ignore",
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_module_that_never_was_is_missed_by_its_name() -> None:
    done = python("import archdsl.spec.nothing", "-W", "ignore")
    assert done.stderr.splitlines()[-1].startswith("ModuleNotFoundError: No module named")
