"""The public names: a promise, and none of them hidden by a module of the same name."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import archdsl
from archdsl.errors import SpecError

PROMISED = {
    "load", "loads", "build", "count", "fuse", "space", "search", "export", "macs", "save",
    "load_model",
    "token_mixer", "channel_mixer", "Odd", "Positive", "Fraction", "Act", "Norm", "Layer",
}  # fmt: skip


def test_every_public_name_is_there_and_is_no_module() -> None:
    assert set(archdsl.__all__) >= PROMISED
    for name in archdsl.__all__:
        assert not isinstance(getattr(archdsl, name), ModuleType)
        assert name in dir(archdsl)


def test_modules_that_the_manual_speaks_of_are_there_once_archdsl_is_imported() -> None:
    program = (
        "import archdsl; archdsl.data.ImageFolder, archdsl.errors.SpecError, "
        "archdsl.testing.check_mixer; assert {'data', 'errors', 'testing'} <= set(dir(archdsl))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_no_module_of_the_package_has_a_public_name() -> None:
    modules = {module.name for module in pkgutil.iter_modules(archdsl.__path__)}
    assert not modules & set(archdsl.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(archdsl, "serch")
    assert hasattr(archdsl, "search")


@pytest.mark.parametrize("wrong", [None, 3, ["poolformer_s12"]])
def test_what_is_no_spec_is_refused_in_words(wrong: object) -> None:
    with pytest.raises(SpecError, match="a spec is a shipped name, a path or a mapping"):
        archdsl.load(wrong)  # type: ignore[arg-type]
    assert archdsl.load("poolformer_s12").name == "poolformer_s12"


def test_the_text_none_is_told_from_absence() -> None:
    with pytest.raises(SpecError, match="None in Python"):
        archdsl.load("poolformer_s12", set={"block.norm": "none"})
    spec = archdsl.load("poolformer_s12", set={"block.norm": None})
    assert all(b.norm is None for block in spec.network().blocks() for b in block.branches)
