"""FFNet: the published code's numbers, in the training form and deployed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import archdsl
from archdsl.specification import Spec
from tests.nn.filling import ffnet_rule, fill, image
from tests.nn.golden import apart, assert_feature, assert_runs, watched
from tests.nn.names import Names, names
from tests.nn.published_specs import ffnet_tiny

GOLDEN = Path(__file__).parents[1] / "golden" / "ffnet"
SINGLE, DOUBLE = 1e-5, 1e-10

CASES = {
    "ffnet_1_224_b2": "ffnet_1",
    "ffnet_2_224_b2": "ffnet_2",
    "ffnet_1_192x256_b1": "ffnet_1",
    "tiny_a_64_b2": "tiny_a",
}


def spec(name: str) -> Spec:
    return ffnet_tiny() if name == "tiny_a" else archdsl.load(name)


def official() -> Names:
    rules = names("ffnet_1")
    assert rules is not None
    return rules


def filled(name: str) -> nn.Module:
    model = archdsl.build(spec(name))
    shapes = dict(
        official().published(name, tuple(tensor.shape))
        for name, tensor in model.state_dict().items()
    )
    fill(model, official().theirs, ffnet_rule, shapes)
    return model.eval()


TAPS = {
    "patch_embed": "stem",
    **{f"stages.{stage}": f"stages.{stage}" for stage in range(4)},
    "norm": "head.norm",
}


@pytest.mark.parametrize("case", CASES)
def test_both_forms_give_what_the_published_code_gives(case: str) -> None:
    arrays = np.load(GOLDEN / f"{case}.npz")
    about = json.loads((GOLDEN / f"{case}.json").read_text())
    model, x = filled(CASES[case]), image(*about["input_shape"])
    fused = archdsl.fuse(model)
    assert sum(p.numel() for p in model.parameters()) == about["params_train"]
    assert sum(p.numel() for p in fused.parameters()) == about["params_deploy"]
    assert x.flatten()[:16].tolist() == about["input"]["first16"]
    with torch.no_grad():
        assert apart(model(x), arrays["logits_f64"]) < SINGLE
        assert apart(fused(x), arrays["logits_deploy_f64"]) < SINGLE
        model, x = model.double(), x.double()
        fused = archdsl.fuse(model)
        for form, logits in ((model, "logits_f64"), (fused, "logits_deploy_f64")):
            seen = watched(form, TAPS)
            assert apart(form(x), arrays[logits]) < DOUBLE
            seen["pooled"] = seen["norm"].mean(dim=(2, 3))
            assert apart(seen["pooled"], arrays["pooled_f64"]) < DOUBLE
            assert set(seen) == set(about["stages"])
            for name, feature in about["stages"].items():
                assert_feature(seen[name], feature, DOUBLE, name)


FUSED = {"fused_ffnet_1": "ffnet_1", "fused_tiny_a": "tiny_a"}


@pytest.mark.parametrize("case", FUSED)
def test_every_fused_tensor_is_that_of_the_published_code(case: str) -> None:
    golden = json.loads((GOLDEN / f"{case}.json").read_text())
    state = archdsl.fuse(filled(FUSED[case]).double()).state_dict()
    tensors = {official().theirs(name): tensor for name, tensor in state.items()}
    assert {name for name, tensor in tensors.items() if tensor.is_floating_point()} == set(golden)
    for name, expected in golden.items():
        tensor = tensors[name].double()
        assert tensor.numel() == np.prod(expected["shape"]), name
        assert tensor.sum().item() == pytest.approx(expected["sum"], abs=1e-9), name
        assert tensor.abs().sum().item() == pytest.approx(expected["abs"], abs=1e-9), name
        first = tensor.flatten()[: len(expected["first4"])].tolist()
        assert first == pytest.approx(expected["first4"], abs=1e-12), name


@pytest.mark.parametrize("name", ["ffnet_1", "ffnet_2", "tiny_a"])
def test_the_deployed_state_dict_is_that_of_the_published_code(name: str) -> None:
    golden = json.loads((GOLDEN / "keys" / f"{name}_deploy.json").read_text())
    with torch.device("meta"):
        state = archdsl.fuse(archdsl.build(spec(name))).state_dict()
    found = dict(official().published(name, tuple(t.shape)) for name, t in state.items())
    assert found == {name: tuple(shape) for name, shape in golden}


def test_every_case_is_run_as_it_is_and_none_is_left_out() -> None:
    run = {
        test_both_forms_give_what_the_published_code_gives: [
            "ffnet_1_224_b2", "ffnet_2_224_b2", "ffnet_1_192x256_b1", "tiny_a_64_b2",
        ],
        test_every_fused_tensor_is_that_of_the_published_code: ["fused_ffnet_1", "fused_tiny_a"],
    }  # fmt: skip
    for function, cases in run.items():
        assert_runs(function, cases)
    assert (SINGLE, DOUBLE) == (1e-5, 1e-10)
