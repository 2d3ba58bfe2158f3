"""DeiT, ResMLP, ConvNeXt and MLP-Mixer: the published code's numbers.

The weights are made from the published names, so that one wrong name is a wrong number.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.nn.filling import image
from tests.nn.golden import apart, assert_feature, assert_runs, watched
from tests.nn.published_comparators import filled

GOLDEN = Path(__file__).parents[1] / "golden" / "metaformer"
SINGLE, DOUBLE = 1e-5, 1e-9

CASES = {
    "deit_small_224_b2": "deit_small",
    "resmlp_12_224_b2": "resmlp_s12",
    "convnext_tiny_224_b2": "convnext_tiny",
    "mixer_s16_224_b2": "mixer_s16",
}


def golden(case: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((GOLDEN / f"{case}.json").read_text())
    return content


def taps(model: nn.Module) -> dict[str, str]:
    """Where the golden files look: name -> path."""
    stages = [name for name, _ in model.get_submodule("stages").named_children()]
    if len(stages) > 1:
        found = {f"stage{int(stage) + 1}": f"stages.{stage}" for stage in stages}
        return {"stem": "stem", **found, "pooled_norm": "head.pool_norm"}
    depth = len(list(model.get_submodule("stages.0.blocks").children()))
    blocks = (0, depth // 2 - 1, depth - 1)
    found = {f"block{block}": f"stages.0.blocks.{block}" for block in blocks}
    return {"stem": "stem", **found, "final_norm": "head.norm"}


def laid_out(map_: Tensor, layout: str) -> Tensor:
    """A map as the golden files list it: NCHW, or tokens as NLC."""
    return map_.flatten(2).transpose(1, 2) if layout == "NLC" else map_


@pytest.mark.parametrize("case", CASES)
def test_logits_and_features_are_those_of_the_published_code(case: str) -> None:
    expected = golden(case)
    model, weights = filled(CASES[case])
    lines = sorted(f"{n}:{'x'.join(map(str, w.shape))}" for n, w in weights.items())
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert digest == expected["state_dict_sha256"]
    total = sum(float(w.double().abs().sum()) for w in weights.values())
    assert total == pytest.approx(expected["fill_abs_sum"], rel=1e-12)
    assert sum(p.numel() for p in model.parameters()) == expected["params"]
    x = image(*expected["input_shape"])
    assert x.flatten()[:8].tolist() == expected["input_first8"]
    with torch.no_grad():
        single = model(x)
        seen = watched(model.double(), taps(model))
        double = model(x.double())
    assert apart(single, expected["logits_f64"]) < SINGLE
    assert apart(double, expected["logits_f64"]) < DOUBLE
    assert set(seen) == set(expected["features_f64"])
    for name, feature in expected["features_f64"].items():
        assert_feature(laid_out(seen[name], feature["layout"]), feature, DOUBLE, name)


def test_every_case_is_run_as_it_is_and_none_is_left_out() -> None:
    cases = [
        "deit_small_224_b2", "resmlp_12_224_b2", "convnext_tiny_224_b2", "mixer_s16_224_b2",
    ]  # fmt: skip
    assert_runs(test_logits_and_features_are_those_of_the_published_code, cases)
    assert (SINGLE, DOUBLE) == (1e-5, 1e-9)
