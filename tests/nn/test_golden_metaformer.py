"""Published models, with their weights made from names, give the published code's logits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import archdsl
from tests.nn import published_names as names
from tests.nn import published_specs as specs
from tests.nn.filling import fill, image, metaformer_rule

GOLDEN = Path(__file__).parents[1] / "golden" / "metaformer"

CASES = {
    "poolformer_s12_224_b2": ("poolformer_s12", names.POOLFORMER),
    "poolformer_s12_192x256_b1": ("poolformer_s12", names.POOLFORMER),
    "poolformer_s24_224_b2": ("poolformer_s24", names.POOLFORMER),
    "metaformer_ppaa_s12_224_b2": (
        specs.poolformer_ablation(
            ("pooling", "pooling", specs.ATTENTION_WITH_BIAS, specs.ATTENTION_WITH_BIAS),
            specs.LAYER_NORM_1E5,
            pos_embed="learned",
        ),
        names.POOLFORMER_PPAA,
    ),
    "metaformer_ppff_s12_224_b2": (
        specs.poolformer_ablation(
            ("pooling", "pooling", specs.POSITIONS_LINEAR, specs.POSITIONS_LINEAR), "group_norm"
        ),
        names.POOLFORMER,
    ),
    "identityformer_s12_224_b2": (
        specs.metaformer(("identity",) * 4, norm=specs.GROUP_NORM),
        names.METAFORMER,
    ),
    "randformer_s12_224_b2": (
        specs.metaformer(("identity", "identity", "random", "random"), norm=specs.GROUP_NORM),
        names.METAFORMER,
    ),
    "poolformerv2_s12_224_b2": (
        specs.metaformer(("pooling",) * 4, norm=specs.GROUP_NORM),
        names.METAFORMER,
    ),
    "convformer_s18_224_b2": (
        specs.metaformer(("sep_conv",) * 4, specs.S18, head="mlp"),
        names.METAFORMER,
    ),
    "caformer_s18_224_b2": (
        specs.metaformer(("sep_conv", "sep_conv", "attention", "attention"), specs.S18, head="mlp"),
        names.METAFORMER,
    ),
    "deit_small_224_b2": (specs.DEIT_SMALL, names.DEIT),
    "mixer_s16_224_b2": (specs.MIXER_S16, names.MIXER),
    "convnext_tiny_224_b2": (specs.CONVNEXT_TINY, names.CONVNEXT),
}


SLOW = {"convformer_s18_224_b2"}


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.slow] * (case in SLOW)) for case in CASES]
)
def test_logits_are_those_of_the_published_code(case: str) -> None:
    spec, rules = CASES[case]
    golden = json.loads((GOLDEN / f"{case}.json").read_text())
    expected = torch.tensor(golden["logits_f64"], dtype=torch.float64)
    shapes = {name: tuple(shape) for name, shape in golden["state_dict"]}
    renamed = names.by(rules)

    model = archdsl.build(spec).eval()
    assert {renamed(name) for name in model.state_dict()} == set(shapes)
    assert sum(p.numel() for p in model.parameters()) == golden["params"]

    fill(model, renamed, metaformer_rule, shapes)
    x = image(*golden["input_shape"])
    with torch.no_grad():
        single = model(x)
        double = model.double()(x.double())
    assert (single.double() - expected).abs().max() < 1e-5
    assert (double - expected).abs().max() < 1e-9


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("poolformer_s12", 11_915_176),
        ("poolformer_s24", 21_388_968),
        ("poolformer_s36", 30_862_760),
        ("poolformer_m36", 56_172_520),
        ("poolformer_m48", 73_473_448),
    ],
)
def test_poolformers_have_the_published_number_of_params(name: str, params: int) -> None:
    with torch.device("meta"):
        model = archdsl.build(name)
    assert sum(p.numel() for p in model.parameters()) == params


def test_what_is_frozen_is_not_trained() -> None:
    spec, _ = CASES["randformer_s12_224_b2"]
    with torch.device("meta"):
        model = archdsl.build(spec)
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 11_891_712
