"""PoolFormer, its ablations and the MetaFormer baselines: the published code's numbers.

The weights are made from the published names, so that one wrong name is a wrong number.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import archdsl
from tests.nn.filling import fill, image, metaformer_rule
from tests.nn.golden import apart, assert_feature, assert_runs, watched
from tests.nn.names import names

GOLDEN = Path(__file__).parents[1] / "golden" / "metaformer"
SINGLE, DOUBLE = 1e-5, 1e-9

CASES = {
    "poolformer_s12_224_b2": "poolformer_s12",
    "poolformer_s12_192x256_b1": "poolformer_s12",
    "poolformer_s24_224_b2": "poolformer_s24",
    "metaformer_ppaa_s12_224_b2": "metaformer_ppaa_s12",
    "metaformer_ppff_s12_224_b2": "metaformer_ppff_s12",
    "identityformer_s12_224_b2": "identityformer_s12",
    "randformer_s12_224_b2": "randformer_s12",
    "poolformerv2_s12_224_b2": "poolformerv2_s12",
    "convformer_s18_224_b2": "convformer_s18",
    "caformer_s18_224_b2": "caformer_s18",
}


def golden(case: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((GOLDEN / f"{case}.json").read_text())
    return content


def filled(case: str, patch: dict[str, Any] | None = None) -> nn.Module:
    """The shipped spec's model, patched or not, with the weights of a case."""
    spec = CASES[case]
    published = names(spec)
    assert published is not None
    shapes = {name: tuple(shape) for name, shape in golden(case)["state_dict"]}
    model = archdsl.build(archdsl.load(spec, set=patch)).eval()
    assert {published.theirs(name) for name in model.state_dict()} == set(shapes)
    fill(model, published.theirs, metaformer_rule, shapes)
    return model


def taps(model: nn.Module) -> dict[str, str]:
    """Where the golden files look: name -> path."""
    found = {"stem": "stem", **{f"stage{stage + 1}": f"stages.{stage}" for stage in range(4)}}
    paths = dict(model.named_modules())
    for name, path in (("final_norm", "head.norm"), ("pooled_norm", "head.pool_norm")):
        if path in paths:
            found[name] = path
    return found


@pytest.mark.parametrize("case", CASES)
def test_logits_and_features_are_those_of_the_published_code(case: str) -> None:
    expected = golden(case)
    model = filled(case)
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
        map_ = seen[name].flatten(len(feature["shape"]) - 1)
        assert_feature(map_, feature, DOUBLE, name)


def test_every_case_is_run_as_it_is_and_none_is_left_out() -> None:
    cases = [
        "poolformer_s12_224_b2", "poolformer_s12_192x256_b1", "poolformer_s24_224_b2",
        "metaformer_ppaa_s12_224_b2", "metaformer_ppff_s12_224_b2", "identityformer_s12_224_b2",
        "randformer_s12_224_b2", "poolformerv2_s12_224_b2", "convformer_s18_224_b2",
        "caformer_s18_224_b2",
    ]  # fmt: skip
    assert_runs(test_logits_and_features_are_those_of_the_published_code, cases)
    assert (SINGLE, DOUBLE) == (1e-5, 1e-9)


@pytest.mark.parametrize(
    ("case", "patch", "moved"),
    [
        ("poolformer_s12_224_b2", {"block.norm.eps": 1e-6, "head.norm.eps": 1e-6}, 9.2e-5),
        ("poolformerv2_s12_224_b2", {"block.norm.eps": 1e-5}, 7.5e-5),
        ("poolformerv2_s12_224_b2", {"head.pool_norm.eps": 1e-5}, 3.2e-5),
        ("convformer_s18_224_b2", {"head.hidden_norm": "layer_norm"}, 9.0e-5),
    ],
)
def test_a_wrong_eps_shows(case: str, patch: dict[str, Any], moved: float) -> None:
    expected = golden(case)
    with torch.no_grad():
        found = filled(case, patch)(image(*expected["input_shape"]))
    assert apart(found, expected["logits_f64"]) == pytest.approx(moved, rel=0.05)
