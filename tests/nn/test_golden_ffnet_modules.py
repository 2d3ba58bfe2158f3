"""Parts of FFNet by themselves: the published code's outputs, in the training form and deployed.

Each part is cut out of a shipped spec made narrow, and filled by its names within that part.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import archdsl
from tests.nn.filling import ffnet_rule, fill, image
from tests.nn.names import names

GOLDEN = Path(__file__).parents[1] / "golden" / "ffnet"
SINGLE, DOUBLE = 1e-5, 1e-10


@dataclass(frozen=True)
class Part:
    """ours, theirs: where the part stands in the whole model; dims: of its first two stages."""

    spec: str
    ours: str
    theirs: str
    dims: tuple[int, int] = (8, 16)
    patches: dict[str, Any] = field(default_factory=dict)


SEVEN = {
    "stages.0.token_mixer.key": {"type": "rep_depthwise", "kernel": 7},
    "stages.0.token_mixer.value": {"type": "rep_depthwise", "kernel": 7},
}
BLOCK = ("stages.0.blocks.0", "stages.0.0")
TOKENS = (f"{BLOCK[0]}.token_mixer", f"{BLOCK[1]}.token_mixer.0.main")
CHANNELS = (f"{BLOCK[0]}.channel_mixer", f"{BLOCK[1]}.channel_mixer.main")

CASES = {
    "rep_s1": Part("ffnet_1", f"{TOKENS[0]}.key", f"{TOKENS[1]}.conv1", patches=SEVEN),
    "rep_s2": Part("ffnet_1", "stages.1.downsample.0", "stages.1.0.proj.0", dims=(8, 24)),
    "skip": Part("ffnet_1", "stages.1.downsample.1", "stages.1.0.proj.1", dims=(6, 12)),
    "merge": Part("ffnet_1", "stages.1.downsample", "stages.1.0"),
    "tm7": Part("ffnet_1", *TOKENS, patches=SEVEN),
    "tm3": Part("ffnet_1", *TOKENS),
    "cm7": Part("ffnet_2", *CHANNELS),
    "cm3": Part("ffnet_1", *CHANNELS),
    "block_ls": Part("ffnet_3", *BLOCK, patches=SEVEN),
}


def filled(case: str) -> nn.Module:
    part, about = CASES[case], json.loads((GOLDEN / "modules.json").read_text())[case]
    dims = {f"stages.{i}.dim": dim for i, dim in enumerate(part.dims)}
    dims |= {f"stages.{i}.dim": 4 * part.dims[1] for i in (2, 3)}
    whole = archdsl.build(archdsl.load(part.spec, set={**dims, **part.patches}))
    official = names("ffnet_1")
    assert official is not None

    def published(name: str) -> str:
        theirs = official.theirs(f"{part.ours}.{name}")
        assert theirs.startswith(f"{part.theirs}.")
        return theirs.removeprefix(f"{part.theirs}.")

    module = whole.get_submodule(part.ours)
    shapes = {name: tuple(shape) for name, shape in about["state_dict"].items()}
    assert {published(name) for name in module.state_dict()} == set(shapes)
    fill(module, published, ffnet_rule, shapes)
    return module.eval()


@pytest.mark.parametrize("case", CASES)
def test_both_forms_give_what_the_published_code_gives(case: str) -> None:
    expected = torch.from_numpy(np.load(GOLDEN / "modules.npz")[case])
    about = json.loads((GOLDEN / "modules.json").read_text())[case]
    module, x = filled(case), image(*about["input_shape"])
    with torch.no_grad():
        for form in (module, archdsl.fuse(module)):
            assert (form(x).double() - expected).abs().max() < SINGLE
        module, x = module.double(), x.double()
        fused = archdsl.fuse(module)
        for form in (module, fused):
            assert (form(x) - expected).abs().max() < DOUBLE
    assert not any(isinstance(inner, nn.BatchNorm2d) for inner in fused.modules())


def test_every_case_is_run_as_it_is_and_none_is_left_out() -> None:
    (mark,) = test_both_forms_give_what_the_published_code_gives.pytestmark  # type: ignore[attr-defined]
    assert mark.name == "parametrize"
    assert list(mark.args[1]) == [
        "rep_s1", "rep_s2", "skip", "merge", "tm7", "tm3", "cm7", "cm3", "block_ls",
    ]  # fmt: skip
    # what the file has beside them squeezes and excites outside the residual
    assert set(np.load(GOLDEN / "modules.npz")) - set(CASES) == {"block_se"}
    assert (SINGLE, DOUBLE) == (1e-5, 1e-10)
