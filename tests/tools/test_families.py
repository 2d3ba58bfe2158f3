"""Tools of others on the smallest model of each family, and on its exported file."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

import archdsl
from tests.tools import tried
from tests.tools.models import FAMILIES, alone, built, images, small

# torch says the first of each trace, and the second of its own group norm; whatever else a tracer
# warns of is an error.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:`torch\.jit\.\w+` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning:torch.nn.functional"),
]

NAMES = (*FAMILIES, "others")
IN_A_MOMENT = ("poolformer_s12", "resmlp_s12", "others")


def shortly(names: Iterable[Any]) -> list[Any]:
    """Parameters, those that are not done in a moment marked as slow."""
    first = [name if isinstance(name, str) else name[0] for name in names]
    return [
        pytest.param(*([name] if isinstance(name, str) else name), marks=marks)
        for name, known in zip(names, first, strict=True)
        for marks in [[] if known in IN_A_MOMENT else [pytest.mark.slow]]
    ]


EVERY = pytest.mark.parametrize("name", shortly(NAMES))
MAKE = pytest.mark.parametrize("make", [built, alone])


@EVERY
@MAKE
def test_a_model_that_never_ran_is_traced(name: str, make: type[nn.Module]) -> None:
    spec = small(name)
    trace = tried.traced(make(spec), partial(images, spec))
    tried.assert_same(trace, built(spec), partial(images, spec))


@EVERY
def test_a_model_is_traced_after_a_pass_and_without_gradients(name: str) -> None:
    spec = small(name)
    model = built(spec)
    with torch.no_grad():
        cold = tried.traced(model, partial(images, spec))
        model(images(spec, 1))
        warm = tried.traced(model, partial(images, spec))
    for trace in (cold, warm):
        tried.assert_same(trace, model, partial(images, spec))


@EVERY
@MAKE
def test_a_model_is_exported_with_a_free_batch(name: str, make: type[nn.Module]) -> None:
    spec = small(name)
    program = tried.exported(make(spec), partial(images, spec))
    assert len(program.state_dict) == len(built(spec).state_dict())
    tried.assert_same(program.module(), built(spec), partial(images, spec))


@EVERY
@MAKE
def test_gradients_flow_without_memory(name: str, make: type[nn.Module]) -> None:
    spec = small(name)
    tried.assert_gradients_on_meta(lambda: make(spec), spec.network().input)


@EVERY
def test_copies_are_the_same(name: str) -> None:
    spec = small(name)
    tried.assert_copies_are_the_same(built(spec), partial(images, spec))


@pytest.mark.parametrize("name", shortly(["poolformer_s12", "swin_tiny", "ffnet_1"]))
def test_a_deployed_form_is_traced_and_exported(name: str) -> None:
    spec = small(name)
    model = archdsl.fuse(built(spec))
    trace = tried.traced(model, partial(images, spec))
    tried.assert_same(trace, model, partial(images, spec))
    program = tried.exported(model, partial(images, spec))
    tried.assert_same(program.module(), model, partial(images, spec))
    tried.assert_copies_are_the_same(model, partial(images, spec))


@pytest.mark.filterwarnings("ignore:Encountering a list at the output of the tracer")
@pytest.mark.parametrize(
    ("name", "stages"),
    shortly([("poolformer_s12", [0, 2, 3]), ("swin_tiny", [1, 3]), ("deit_tiny", [0])]),
)
def test_a_backbone_is_traced_and_exported(name: str, stages: list[int]) -> None:
    spec = small(name)
    model = built(spec, features=stages)
    trace = tried.traced(model, partial(images, spec))
    tried.assert_same(trace, model, partial(images, spec))
    program = tried.exported(model, partial(images, spec))
    tried.assert_same(program.module(), model, partial(images, spec))
    tried.assert_copies_are_the_same(model, partial(images, spec))
    tried.assert_gradients_on_meta(
        lambda: archdsl.build(spec, features=stages), spec.network().input
    )


def test_gradients_of_a_trace_are_those_of_the_model() -> None:
    spec = small("transnext_micro")
    model = built(spec)
    x = images(spec, 3)
    trace = torch.jit.trace(built(spec), images(spec, 2))
    gradients = [
        torch.autograd.grad(run(x).square().sum(), list(of.parameters()))
        for run, of in ((model, model), (trace, trace))
    ]
    for one, other in zip(*gradients, strict=True):
        most = float(one.abs().max())
        torch.testing.assert_close(other, one, rtol=0, atol=1e-4 * max(1.0, most))
