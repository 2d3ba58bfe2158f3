"""Every kind of published block against the equations written out plainly, at odd sizes, too."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from tests.nn import plain_metaformer as plain
from tests.nn.filling import ffnet_rule, fill, image, metaformer_rule
from tests.nn.names import names
from tests.nn.published_specs import ffnet_tiny
from tests.nn.published_states import ABLATIONS, BASELINES
from tests.soon import soon

MIXERS = {
    "poolformer_s12": "PPPP",
    **{f"metaformer_{name}_s12": mixers for name, mixers in ABLATIONS.items()},
    **{
        f"{name}_{'s18' if name in ('convformer', 'caformer') else 's12'}": mixers
        for name, mixers in BASELINES.items()
    },
}
SIZES = [(64, 64), (75, 61), (4, 36)]
ODD = ("(75, 61)", "(1, 1)")
PATCHES = {f"stages.{stage}.depth": 1 + stage % 2 for stage in range(4)} | {"classes": 10}


def published(model: nn.Module, spec: str, ffnet: bool = False) -> dict[str, Tensor]:
    """Fill a model by its published names; what it holds, in those names and in float64."""
    rules = names(spec)
    assert rules is not None
    state = model.state_dict()
    shapes = dict(rules.published(name, tuple(tensor.shape)) for name, tensor in state.items())
    fill(model, rules.theirs, ffnet_rule if ffnet else metaformer_rule, shapes)
    model.double().eval()
    return {
        rules.theirs(name): tensor.reshape(shapes[rules.theirs(name)])
        for name, tensor in model.state_dict().items()
    }


def agrees(model: nn.Module, x: Tensor, expected: Tensor) -> None:
    with torch.no_grad():
        found = model(x)
    assert expected.abs().max() > 0.1
    assert (found - expected).abs().max() < 1e-10


@pytest.mark.parametrize("size", soon(SIZES, ODD))
@pytest.mark.parametrize("name", MIXERS)
def test_a_model_computes_the_published_equations(name: str, size: tuple[int, int]) -> None:
    patches: dict[str, Any] = {**PATCHES, "input": [3, *size]}
    model = archdsl.build(archdsl.load(name, set=patches))
    state = published(model, name)
    x = image(2, 3, *size).double()
    pooled = name.startswith(("poolformer_", "metaformer_"))
    equations = plain.poolformer if pooled else plain.metaformer
    agrees(model, x, equations(state, x, MIXERS[name]))


@pytest.mark.parametrize("size", soon([*SIZES, (1, 1)], ODD))
@pytest.mark.parametrize("name", ["ffnet_1", *soon(["ffnet_2", "ffnet_3"]), "tiny"])
def test_an_ffnet_computes_the_published_equations(name: str, size: tuple[int, int]) -> None:
    patches: dict[str, Any] = {**PATCHES, "input": [3, *size]}
    spec = ffnet_tiny() if name == "tiny" else archdsl.load(name)
    model = archdsl.build(archdsl.load(spec, set=patches))
    state = published(model, "ffnet_1", ffnet=True)
    x = image(2, 3, *size).double()
    expected = plain.ffnet(state, x)
    agrees(model, x, expected)
    agrees(archdsl.fuse(model), x, expected)


ANY_SIZE = [name for name, mixers in MIXERS.items() if not set("FR") & set(mixers)]


@pytest.mark.parametrize("name", [n for n in (*ANY_SIZE, "ffnet_1") if "pp" not in n])
def test_what_holds_no_positions_takes_any_size(name: str) -> None:
    wide = {**PATCHES, "input": [3, 75, 61]}
    made = [archdsl.build(archdsl.load(name, set=patches)) for patches in (PATCHES, wide)]
    made[0].load_state_dict(made[1].state_dict())
    x = image(1, 3, 75, 61)
    with torch.no_grad():
        assert torch.equal(made[0].eval()(x), made[1].eval()(x))


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("poolformer_s12", [(50, 58), (25, 29), (13, 15), (7, 8)]),
        ("caformer_s18", [(50, 58), (25, 29), (13, 15), (7, 8)]),
        ("ffnet_1", [(51, 59), (26, 30), (13, 15), (7, 8)]),
    ],
)
def test_maps_of_an_odd_size_shrink_as_published(name: str, sizes: list[tuple[int, int]]) -> None:
    network = archdsl.load(name, set={"input": [3, 201, 233]}).network()
    assert [stage.shape[1:] for stage in network.stages] == sizes
