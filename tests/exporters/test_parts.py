"""Files of code that give maps of stages, or the deployed form: archdsl's own, to the bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import archdsl
from archdsl.compiler.backbone import Backbone
from archdsl.errors import BuildError
from archdsl.exporters.code import code
from tests.exporters.test_code import DEIT, FFNET, MIXED


def made(text: str, name: str) -> nn.Module:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    torch.manual_seed(0)
    model: nn.Module = names[name]().eval()
    return model


def own(spec: archdsl.Spec, features: list[int] | None, *, fused: bool) -> nn.Module:
    torch.manual_seed(0)
    model = archdsl.build(spec).eval()
    if fused:
        model = archdsl.fuse(model)
    return model if features is None else Backbone(model, features).eval()


@pytest.mark.parametrize(
    ("source", "features", "fused"),
    [
        (FFNET, None, True), (FFNET, [0, 1], True), (FFNET, [1, 0], False), (FFNET, [0], False),
        (DEIT, [0], False), (DEIT, None, True), (MIXED, [1], False),
    ],
)  # fmt: skip
def test_a_part_is_that_of_archdsls_own_model(
    source: str, features: list[int] | None, fused: bool, tidy: Callable[[str], None]
) -> None:
    spec = archdsl.loads(source)
    network = spec.network()
    text = code(network, features=features, fused=fused)
    tidy(text)
    there, here = made(text, network.name), own(spec, features, fused=fused)
    assert list(there.state_dict()) == list(here.state_dict())
    for name, tensor in there.state_dict().items():
        assert torch.equal(tensor, here.state_dict()[name]), name
    images = torch.randn(2, *network.input)
    outs = [out if isinstance(out, list) else [out] for out in (there(images), here(images))]
    assert len(outs[0]) == len(outs[1]) == len(features or [0])
    assert all(torch.equal(one, other) for one, other in zip(*outs, strict=True))


def test_a_part_has_no_code_of_the_rest() -> None:
    network = archdsl.loads(FFNET).network()
    text = code(network, features=[0])
    assert "LinearHead" not in text and "Residual" not in text and "stages = [" in text
    assert "maps = model(torch.randn(1, 3, 32, 32))" in text
    assert "LinearHead" in code(network)


@pytest.mark.parametrize("features", [[2], [-1], [0, 0], [], [True]])
def test_a_stage_that_is_not_there_is_named(features: list[int]) -> None:
    with pytest.raises(BuildError, match=r"its stages are 0 1|name each stage once"):
        code(archdsl.loads(FFNET).network(), features=features)
