"""Each form is the same network, and each is made or refused in words."""

from __future__ import annotations

import sys
import warnings
from operator import attrgetter

import numpy as np
import pytest
import torch

import archdsl
from archdsl import exporters
from archdsl.benchmarking import onnx_file
from archdsl.benchmarking.forms import FORMS, form_of
from archdsl.benchmarking.subject import each_compiled, made
from archdsl.errors import BenchError
from tests.benchmarking.conftest import SMALL

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    "form", [form for form in FORMS.values() if form.module], ids=attrgetter("name")
)
def test_the_forms_of_torch_give_what_the_module_gives(form):
    network = archdsl.load(SMALL).network()
    outputs = []
    for make in (FORMS["built"].module, form.module):
        torch.manual_seed(0)
        model = make(network).eval()
        outputs.append(model(torch.ones(2, 1, 32, 32)))
    torch.testing.assert_close(*outputs)


def test_exported_files_of_one_name_do_not_meet():
    network = archdsl.load(SMALL).network()
    one, other = (FORMS["code"].module(network) for _ in range(2))
    assert type(one) is not type(other)
    assert not [name for name in sys.modules if name.startswith("archdsl_bench")]


def test_onnx_gives_what_the_module_gives(workload):
    pytest.importorskip("onnxruntime")
    network = workload(batch=3).network
    torch.manual_seed(0)
    content = onnx_file.written(network, 3)
    torch.manual_seed(0)
    model = archdsl.build(SMALL).eval()
    images = torch.randn(3, 1, 32, 32)
    (said,) = onnx_file.session(content, 1)(images)
    np.testing.assert_allclose(said, model(images).detach().numpy(), atol=1e-4)


def test_a_missing_package_is_named_with_the_command(monkeypatch, workload):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BenchError) as refused:
        made(workload("onnx"), CPU)
    assert str(refused.value) == (
        "the form onnx needs the package onnxruntime.  write  pip install onnx onnxscript "
        "onnxruntime"
    )


def test_a_form_that_is_only_written_is_told_from_one_that_is_not_there():
    @exporters.form("summary")
    def summary(network):
        """a line"""
        return {"summary.txt": network.name}

    with pytest.raises(BenchError) as refused:
        form_of("summary")
    assert str(refused.value) == (
        "form summary: archdsl can write it, and bench cannot run it.  choose from: built fused "
        "code onnx"
    )
    with pytest.raises(BenchError) as refused:
        form_of("cod")
    assert str(refused.value) == (
        "there is no form 'cod' to time.  did you mean 'code'?  choose from: built fused code onnx"
    )
    assert form_of("code").name == "code"


def test_every_one_of_many_subjects_of_the_same_classes_is_compiled():
    compiled = []

    def backend(graph, inputs):
        compiled.append(graph)
        return graph.forward

    def run_twelve() -> int:
        torch.compiler.reset()
        compiled.clear()
        with torch.no_grad():
            for width in range(1, 13):
                module = torch.nn.Linear(width, 1)
                torch.compile(module, backend=backend, dynamic=False)(torch.ones(1, width))
        torch.compiler.reset()
        return len(compiled)

    with each_compiled():
        assert run_twelve() == 12
    assert run_twelve() == 8, "or each_compiled has become needless"


def test_a_compiler_that_fails_is_told_in_words(workload, monkeypatch):
    def compile_(module, **_):
        def run(images):
            raise RuntimeError("No working C++ compiler found\nand more")

        return run

    monkeypatch.setattr(torch, "compile", compile_)
    with pytest.raises(BenchError) as refused:
        made(workload(compiled=True), CPU)
    assert str(refused.value) == (
        "small compiled: a batch of 1 in eval cannot be compiled or run (RuntimeError: No working "
        "C++ compiler found).  torch.compile needs a C++ compiler on a CPU; leave  compile  out"
    )
    assert made(workload(), CPU).step() is not None


def test_a_network_without_the_room_for_a_batch_norm_is_told_in_words(workload):
    one_pixel = {"input": [1, 2, 2]}
    with pytest.raises(
        BenchError, match=r"small: a batch of 1 in train cannot be run \(ValueError"
    ):
        made(workload(mode="train", **one_pixel), CPU)
    made(workload(mode="train", batch=2, **one_pixel), CPU)
    made(workload(**one_pixel), CPU)


def test_memory_that_is_wanting_is_told_in_words(workload, monkeypatch):
    def wanting(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ...")

    monkeypatch.setattr("archdsl.benchmarking.subject.peak", wanting)
    with pytest.raises(BenchError, match="runs out of memory"):
        made(workload(), CPU)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_inductor_compiles_it(workload, mode):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = made(workload(compiled=True, batch=2, mode=mode), CPU)
    found.step()
    assert found.memory
