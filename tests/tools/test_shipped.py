"""Tools of others on every shipped model, on default members of spaces, on layers of one's own.

The models have all their widths and blocks; their images are small, as a spec may say it, so that
what grows with the image and nothing else is small.
"""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.specification import Spec
from tests.tools import tried
from tests.tools.models import OWN, SHIPPED, SPACES, built, images

pytestmark = [
    pytest.mark.filterwarnings(r"ignore:`torch\.jit\.\w+` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning:torch.nn.functional"),
]

SMALL = 64  # for strides of 32 in all, two positions remain on a side

EVERY = pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
MEMBERS = pytest.mark.parametrize(
    "path", [*SPACES, *OWN], ids=lambda path: f"{path.parent.name}.{path.stem}"
)
BATCHES = (1, 3)  # traced at two


def on_small_images(path: Path) -> Spec:
    spec = archdsl.load(path)
    channels, *size = spec.network().input
    if max(size) <= SMALL:
        return spec
    return archdsl.load(path, set={"input": [channels, SMALL, SMALL]})


def assert_tools_run(spec: Spec) -> None:
    """A trace and copies of a model that never ran; copies of it after it did."""
    model = built(spec)
    cold = copy.deepcopy(model)
    trace = tried.traced(cold, partial(images, spec))
    tried.assert_same(trace, model, partial(images, spec), batches=BATCHES)
    tried.assert_copies_are_the_same(model, partial(images, spec))


@pytest.mark.slow
@EVERY
def test_a_shipped_model_is_traced_and_copied(path: Path) -> None:
    assert_tools_run(on_small_images(path))


@pytest.mark.slow
@MEMBERS
def test_a_member_of_a_space_and_layers_of_ones_own_are_traced_and_copied(path: Path) -> None:
    spec = archdsl.load(path)
    assert_tools_run(archdsl.space(spec).default() if spec.is_space else spec)


@pytest.mark.slow
@EVERY
def test_a_shipped_models_gradients_flow_without_memory(path: Path) -> None:
    spec = archdsl.load(path)
    tried.assert_gradients_on_meta(lambda: archdsl.build(spec), spec.network().input)


@pytest.mark.slow
@EVERY
def test_a_shipped_model_is_exported_at_its_full_size_with_a_free_batch(path: Path) -> None:
    spec = archdsl.load(path)
    with torch.device("meta"):  # shapes are all that an exporter needs
        model, x = archdsl.build(spec).eval(), torch.empty(2, *spec.network().input)
    program = torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    (node,) = program.graph.find_nodes(op="output")
    batch, classes = node.args[0][0].meta["val"].shape
    assert not isinstance(batch, int)
    assert classes == 1000
