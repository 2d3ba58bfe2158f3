"""The names under which the comparison models were published, and how their weights start."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
import torch
from torch import Tensor

import archdsl
from archdsl.checkpoints.tables import namings
from tests.nn.published_comparators import MIXER, NAMINGS, SPECS, filled, published, rules

GOLDEN = Path(__file__).parents[1] / "golden" / "metaformer"

TENSORS = {
    "deit_tiny": 152, "deit_small": 152, "deit_base": 152,
    "resmlp_s12": 150, "resmlp_s24": 294, "resmlp_s36": 438,
    "resmlp_b24": 294, "resmlp_b24_patch8": 294,
    "convnext_tiny": 182, "convnext_small": 344, "convnext_base": 344,
    "mixer_s16": 102, "mixer_b16": 150,
    "swin_tiny": 173, "swin_small": 329, "swin_base": 329,
}  # fmt: skip


@pytest.mark.parametrize(("spec", "naming"), NAMINGS)
def test_names_and_shapes_go_both_ways(spec: str, naming: str) -> None:
    how = rules(spec, naming)
    with torch.device("meta"):
        state = archdsl.build(spec).state_dict()
    found = {}
    for name, tensor in state.items():
        renamed = how.theirs(name)
        assert renamed is not None, name
        theirs, axes = renamed
        assert how.ours(theirs) == name
        found[theirs] = axes.their_shape(tuple(tensor.shape))
    assert len(found) == len(state) == TENSORS[spec]
    assert found == published(spec, naming)


def test_every_comparison_model_is_held_to_its_names() -> None:
    assert set(TENSORS) == set(SPECS)
    assert {(spec, one.label) for spec in SPECS for one in namings(spec)} == set(NAMINGS)


@pytest.mark.parametrize(
    ("case", "spec"),
    [
        ("deit_small_224_b2", "deit_small"),
        ("resmlp_12_224_b2", "resmlp_s12"),
        ("convnext_tiny_224_b2", "convnext_tiny"),
        ("mixer_s16_224_b2", "mixer_s16"),
    ],
)
def test_state_dicts_are_those_of_the_published_code(case: str, spec: str) -> None:
    golden = json.loads((GOLDEN / f"{case}.json").read_text())
    assert published(spec, "timm") == {name: tuple(shape) for name, shape in golden["state_dict"]}


def test_what_swin_stores_and_does_not_use_is_passed_over() -> None:
    for naming in ("official", "timm"):
        how = rules("swin_tiny", naming)
        for name in ("attn_mask", "attn.relative_position_index"):
            assert how.ignores(f"layers.1.blocks.1.{name}")
            assert how.ours(f"layers.1.blocks.1.{name}") is None
        assert not how.ignores("layers.1.blocks.1.attn.relative_position_bias_table")


@pytest.mark.parametrize("spec", ["deit_tiny", "resmlp_s12", "convnext_tiny", "swin_tiny"])
def test_an_official_checkpoint_becomes_the_model(spec: str, tmp_path: Path) -> None:
    model, _ = filled(spec)
    official: dict[str, Tensor] = {}
    for name, tensor in model.state_dict().items():
        renamed = rules(spec, "official").theirs(name)
        assert renamed is not None
        official[renamed[0]] = renamed[1].to_theirs(tensor)
    if spec == "swin_tiny":
        official["layers.0.blocks.1.attn_mask"] = torch.zeros(64, 49, 49)
        official["layers.0.blocks.1.attn.relative_position_index"] = torch.zeros(49, 49).long()
    torch.save({"model": official, "epoch": 300}, tmp_path / "checkpoint.pth")
    loaded = archdsl.build(spec, weights=tmp_path / "checkpoint.pth").state_dict()
    assert loaded.keys() == model.state_dict().keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in model.state_dict().items())


# How weights start, by our names, the first pattern that matches: a constant; "normal" and its
# std; "cut" and the std of a normal that is cut at two of its own standard deviations; "uniform"
# and the std of torch's own start, 1 / sqrt(3 · fan-in).
SMALL = ("normal", 0.02)
NORMS = {r".*norm\d?\.weight": 1.0, r".*norm\d?\.bias": 0.0}
STARTS: dict[str, dict[str, float | tuple[str, float]]] = {
    "deit_tiny": {
        r"stem\.0\.conv\.(weight|bias)": ("uniform", (3 * 768) ** -0.5),
        r"class_token\.token|.*pos_embed\.map": SMALL,
        **NORMS,
        r".*\.(qkv|proj|fc1|fc2|classifier)\.weight": SMALL,
        r".*\.bias": 0.0,
    },
    "resmlp_s12": {
        r"stem\.0\.conv\.(weight|bias)": ("uniform", (3 * 768) ** -0.5),
        **NORMS,
        r".*layer_scale\d\.scale": 1e-4,
        r".*\.(fc1|fc2|classifier)\.weight": SMALL,
        r".*\.bias": 0.0,
    },
    "convnext_tiny": {
        **NORMS,
        r".*layer_scale2\.scale": 1e-6,
        r".*\.(conv|key|value|classifier)\.weight": SMALL,
        r".*\.bias": 0.0,
    },
    "mixer_s16": {
        r"stem\.0\.conv\.weight": ("cut", 768**-0.5),
        **NORMS,
        r".*token_mixer\.fc1\.weight": ("cut", 196**-0.5),
        r".*token_mixer\.fc2\.weight": ("cut", 256**-0.5),
        r".*channel_mixer\.fc1\.weight": ("cut", 512**-0.5),
        r".*channel_mixer\.fc2\.weight": ("cut", 2048**-0.5),
        r"head\.classifier\.weight": 0.0,
        r".*\.bias": 0.0,
    },
    "swin_tiny": {
        r"stem\.0\.conv\.(weight|bias)": ("uniform", (3 * 48) ** -0.5),
        **NORMS,
        r".*\.(qkv|proj|fc1|fc2|linear|classifier)\.weight|.*offset_bias": SMALL,
        r".*\.bias": 0.0,
    },
}
BEYOND = {  # the share that is farther out than 1.5 of the standard deviation
    "uniform": 1 - 1.5 / math.sqrt(3),
    "cut": 1 - math.erf(1.5 * 0.87962566 / math.sqrt(2)) / math.erf(2 / math.sqrt(2)),
    "normal": 1 - math.erf(1.5 / math.sqrt(2)),
}
FARTHEST = {"uniform": math.sqrt(3), "cut": 2 / 0.87962566, "normal": 6.5}


@pytest.mark.parametrize("spec", STARTS)
def test_weights_start_as_the_originals_do(spec: str) -> None:
    torch.manual_seed(0)
    groups: dict[str, list[Tensor]] = {}
    for name, tensor in archdsl.build(spec).state_dict().items():
        pattern = next(p for p in STARTS[spec] if re.fullmatch(p, name))
        groups.setdefault(pattern, []).append(tensor.double().flatten())
    assert groups.keys() == STARTS[spec].keys()
    for pattern, tensors in groups.items():
        start = STARTS[spec][pattern]
        for tensor in [*tensors, torch.cat(tensors)]:
            if isinstance(start, float):
                assert torch.equal(tensor, torch.full_like(tensor, start).float().double()), pattern
                continue
            (how, std), n = start, tensor.numel()
            assert abs(float(tensor.mean())) < 5 * std / math.sqrt(n), pattern
            assert float(tensor.std()) == pytest.approx(std, rel=5 / math.sqrt(2 * n)), pattern
            assert float(tensor.abs().max()) <= FARTHEST[how] * std * (1 + 1e-6), pattern
            if n > 10_000:  # the tails tell one shape from another
                beyond = float((tensor.abs() > 1.5 * std).double().mean())
                share = BEYOND[how]
                assert beyond == pytest.approx(share, abs=5 * math.sqrt(share / n)), pattern


@pytest.mark.parametrize(
    ("spec", "init"),
    [("resmlp_s12", 1e-4), ("resmlp_s24", 1e-5), ("resmlp_s36", 1e-6), ("resmlp_b24", 1e-6),
     ("resmlp_b24_patch8", 1e-6), *((f"convnext_{size}", 1e-6) for size in ("small", "base"))],
)  # fmt: skip
def test_layer_scales_start_as_the_depth_wants(spec: str, init: float) -> None:
    blocks = archdsl.load(spec).network().blocks()
    assert {branch.layer_scale for block in blocks for branch in block.branches} == {init}


DROPPED = {
    "deit_tiny": 0.1, "deit_small": 0.1, "deit_base": 0.1,
    "resmlp_s12": 0.05, "resmlp_s24": 0.05, "resmlp_s36": 0.05, "resmlp_b24": 0.05,
    "resmlp_b24_patch8": 0.05,
    "convnext_tiny": 0.1, "convnext_small": 0.4, "convnext_base": 0.5,
    "mixer_s16": 0.1, "mixer_b16": 0.1,
    "swin_tiny": 0.2, "swin_small": 0.3, "swin_base": 0.5,
}  # fmt: skip


@pytest.mark.parametrize("spec", SPECS)
def test_branches_are_dropped_at_the_published_rates(spec: str) -> None:
    blocks = archdsl.load(spec).network().blocks()
    rates = [block.branches[0].drop_path for block in blocks]
    constant = spec.startswith("resmlp") or spec in MIXER
    assert rates[0] == (DROPPED[spec] if constant else 0)
    assert rates[-1] == pytest.approx(DROPPED[spec])
    assert rates == sorted(rates)
