"""The forms that a network is timed in, by name."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from torch import nn

from archdsl import given
from archdsl.benchmarking import onnx_file
from archdsl.compiler.builder import build
from archdsl.compiler.network import Network
from archdsl.errors import BenchError
from archdsl.exporters import registry
from archdsl.exporters.factory import function_name
from archdsl.nn.fuse import fuse
from archdsl.printable import shown
from archdsl.spelling import did_you_mean


@dataclass(frozen=True, slots=True)
class TimedForm:
    """A form that a network can be timed in.

    help: what it is, in a line
    module: makes the torch module; None where the form is none of torch's
    trains: whether it is a form to train
    """

    name: str
    help: str
    module: Callable[[Network], nn.Module] | None
    trains: bool


def _fused(network: Network) -> nn.Module:
    return fuse(build(network).eval())


def _code(network: Network) -> nn.Module:
    ((_, text),) = registry.find("code").files(network).items()
    assert isinstance(text, str)
    model = getattr(_imported(text), function_name(network.name))()
    assert isinstance(model, nn.Module)
    return model


_numbers = itertools.count()


def _imported(text: str) -> ModuleType:
    """A module of a text, under a name that no other has."""
    name = f"archdsl_bench_{next(_numbers)}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        found = importlib.util.spec_from_file_location(name, path)
        assert found is not None and found.loader is not None
        module = importlib.util.module_from_spec(found)
        sys.modules[name] = module  # torch.compile looks a class up by its module
        try:
            found.loader.exec_module(module)
        finally:
            del sys.modules[name]
    return module


FORMS = {
    form.name: form
    for form in (
        TimedForm("built", "the module as archdsl.build makes it", build, True),
        TimedForm("fused", "its deployed form, as archdsl.fuse makes it", _fused, False),
        TimedForm("code", "the exported file, run", _code, True),
        TimedForm("onnx", "as ONNX, run by onnxruntime on the CPU", None, False),
    )
}


def form_of(name: object) -> TimedForm:
    """The form of a name. Raises BenchError for one that is none, or cannot be run here."""
    word = given.word("form", name, BenchError)
    if word in FORMS:
        return FORMS[word]
    choose = f"choose from: {' '.join(FORMS)}"
    if word in {form.name for form in registry.forms()}:
        raise BenchError(f"form {word}: archdsl can write it, and bench cannot run it.  {choose}")
    guess = did_you_mean(word, FORMS, after="  ")
    raise BenchError(f"there is no form {shown(word)} to time.  {guess}{choose}")


def content_of(form: TimedForm, network: Network, batch: int) -> bytes:
    """The file of a form that is none of torch's."""
    assert form.name == "onnx"
    return onnx_file.written(network, batch)
