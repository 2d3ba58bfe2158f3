"""Every shipped baseline: it reads, writes, counts, builds and leaves; and what it says is so."""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest
import torch

import archdsl
from tests.soon import soon

FOLDER = Path(__file__).parents[1] / "specs" / "baselines"
FILES = sorted(FOLDER.glob("*.yaml"))

# name: MACs, params and params in training; deployed, of contractions alone, at the own input
FIGURES = {
    "poolformer_s12": (1_812_267_008, 11_915_176, 11_915_176),
    "poolformer_s24": (3_392_208_896, 21_388_968, 21_388_968),
    "poolformer_s36": (4_972_150_784, 30_862_760, 30_862_760),
    "poolformer_m36": (8_758_788_096, 56_172_520, 56_172_520),
    "poolformer_m48": (11_533_320_192, 73_473_448, 73_473_448),
    "metaformer_id_s12": (1_812_267_008, 11_915_176, 11_915_176),
    "metaformer_pppa_s12": (1_919_944_704, 14_038_440, 14_038_440),
    "metaformer_ppaa_s12": (2_549_151_744, 16_535_592, 16_535_592),
    "metaformer_pppf_s12": (1_814_725_632, 11_919_978, 11_919_978),
    "metaformer_ppff_s12": (1_888_484_352, 12_150_474, 12_150_474),
    "identityformer_s12": (1_812_267_008, 11_891_712, 11_891_712),
    "identityformer_s24": (3_392_208_896, 21_341_464, 21_341_464),
    "identityformer_s36": (4_972_150_784, 30_791_216, 30_791_216),
    "identityformer_m36": (8_758_788_096, 56_077_168, 56_077_168),
    "identityformer_m48": (11_533_320_192, 73_346_056, 73_346_056),
    "randformer_s12": (1_888_484_352, 12_127_010, 12_127_010),
    "randformer_s24": (3_544_643_584, 21_812_060, 21_812_060),
    "randformer_s36": (5_200_802_816, 31_497_110, 31_497_110),
    "randformer_m36": (9_035_383_296, 56_783_062, 56_783_062),
    "randformer_m48": (11_902_113_792, 74_287_248, 74_287_248),
    "poolformerv2_s12": (1_812_267_008, 11_891_712, 11_891_712),
    "poolformerv2_s24": (3_392_208_896, 21_341_464, 21_341_464),
    "poolformerv2_s36": (4_972_150_784, 30_791_216, 30_791_216),
    "poolformerv2_m36": (8_758_788_096, 56_077_168, 56_077_168),
    "poolformerv2_m48": (11_533_320_192, 73_346_056, 73_346_056),
    "convformer_s18": (3_940_984_320, 26_774_448, 26_774_448),
    "convformer_s36": (7_639_683_072, 40_012_152, 40_012_152),
    "convformer_m36": (12_842_333_568, 57_051_640, 57_051_640),
    "convformer_b36": (22_629_413_376, 99_882_616, 99_882_616),
    "caformer_s18": (4_106_941_440, 26_341_656, 26_341_656),
    "caformer_s36": (7_971_597_312, 39_297_102, 39_297_102),
    "caformer_m36": (13_240_630_656, 56_204_878, 56_204_878),
    "caformer_b36": (23_160_476_160, 98_753_614, 98_753_614),
    # the convolutions' published count, and the classifier
    "ffnet_1": (2_984_189_952 + 640_000, 13_660_152, 13_775_656),
    "ffnet_2": (6_002_647_040 + 704_000, 26_908_440, 27_208_408),
    "ffnet_3": (10_145_464_320 + 768_000, 48_330_632, 48_817_896),
    "ffnet_4": (19_164_954_624 + 1_024_000, 79_200_360, 79_868_968),
    # fvcore's totals less what it counts of norms, pooling and position biases
    "transnext_micro": (2_532_603_648, 12_809_304, 12_809_304),
    "transnext_tiny": (5_556_357_504, 28_258_960, 28_258_960),
    "transnext_small": (9_978_888_960, 49_741_564, 49_741_564),
    "transnext_base": (17_906_525_184, 89_721_496, 89_721_496),
    "transnext_micro_aaaa": (3_191_282_688, 13_114_008, 13_114_008),
    "transnext_small_384": (31_042_368_000, 49_741_564, 49_741_564),
    "transnext_base_384": (54_954_153_984, 89_721_496, 89_721_496),
}

TRAINABLE = {
    "randformer_s12": 11_891_712,
    "randformer_s24": 21_341_464,
    "randformer_s36": 30_791_216,
    "randformer_m36": 56_077_168,
    "randformer_m48": 73_346_056,
}

DROP_PATH = {
    "poolformer": {"s12": 0.1, "s24": 0.1, "s36": 0.2, "m36": 0.3, "m48": 0.4},
    "identityformer": {"s12": 0.1, "s24": 0.1, "s36": 0.2, "m36": 0.3, "m48": 0.4},
    "randformer": {"s12": 0.1, "s24": 0.1, "s36": 0.2, "m36": 0.3, "m48": 0.3},
    "poolformerv2": {"s12": 0.1, "s24": 0.1, "s36": 0.2, "m36": 0.3, "m48": 0.4},
    "convformer": {"s18": 0.2, "s36": 0.3, "m36": 0.4, "b36": 0.6},
    "caformer": {"s18": 0.15, "s36": 0.3, "m36": 0.4, "b36": 0.6},
    "ffnet": {"1": 0.1, "2": 0.15, "3": 0.35, "4": 0.4},
    "transnext": {
        "micro": 0.15, "tiny": 0.25, "small": 0.45, "base": 0.6, "micro_aaaa": 0.15,
        "small_384": 0.7, "base_384": 0.8,
    },
}  # fmt: skip
HEAD_DROPOUT = {"caformer_s36": 0.4, "caformer_m36": 0.4, "caformer_b36": 0.5}


@pytest.mark.parametrize("path", soon(FILES, name=lambda path: path.stem))
def test_a_baseline_reads_writes_and_says_what_it_costs(path: Path) -> None:
    spec = archdsl.load(path.stem)
    assert spec.name == path.stem
    assert not spec.is_space
    assert archdsl.loads(spec.dump()) == spec
    assert spec.discarded == ()
    cost = archdsl.count(spec)
    comment = re.sub(r"\n# ", " ", path.read_text(encoding="utf-8").partition("archdsl: 1")[0])
    for figure in (cost.macs, cost.params, cost.train_params):
        assert f"{figure:,}" in comment
    assert "arXiv" in comment
    assert "top-1" in comment


@pytest.mark.parametrize("name", FIGURES)
def test_a_baseline_costs_what_is_published(name: str) -> None:
    cost = archdsl.count(name)
    assert (cost.macs, cost.params, cost.train_params) == FIGURES[name]


@pytest.mark.parametrize(
    ("name", "size", "macs"),
    [
        # fvcore's totals less what it counts of the last norm and the pooling
        ("ffnet_1", 224, 2_285_504_512 - 3 * 640 * 49),
        ("ffnet_2", 224, 4_596_584_128 - 3 * 704 * 49),
        ("ffnet_3", 384, 22_828_394_496 - 3 * 768 * 144),
        ("ffnet_4", 384, 43_122_614_272 - 3 * 1024 * 144),
    ],
)
def test_costs_at_another_size_are_the_published_ones(name: str, size: int, macs: int) -> None:
    assert archdsl.count(archdsl.load(name, set={"input": [3, size, size]})).macs == macs


@pytest.mark.parametrize("name", TRAINABLE)
def test_what_is_frozen_is_not_trained(name: str) -> None:
    with torch.device("meta"):
        model = archdsl.build(name)
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == TRAINABLE[name]


@pytest.mark.parametrize("family", DROP_PATH)
def test_stochastic_depth_rises_to_the_published_peak(family: str) -> None:
    for size, peak in DROP_PATH[family].items():
        blocks = list(archdsl.load(f"{family}_{size}").network().blocks())
        rates = [branch.drop_path for block in blocks for branch in block.branches]
        assert rates[0] == 0
        assert rates[-1] == pytest.approx(peak)
        steps = [after - before for before, after in zip(rates[::2], rates[2::2], strict=False)]
        assert steps == pytest.approx([peak / (len(blocks) - 1)] * len(steps))


@pytest.mark.parametrize("name", [n for n in FIGURES if n.startswith(("convformer", "caformer"))])
def test_heads_drop_what_the_published_recipes_drop(name: str) -> None:
    with torch.device("meta"):
        head = archdsl.build(name).get_submodule("head.dropout")
    assert head.p == HEAD_DROPOUT.get(name, 0)


SMALLEST = [
    "poolformer_s12", "metaformer_id_s12", "metaformer_pppa_s12", "metaformer_ppaa_s12",
    "metaformer_pppf_s12", "metaformer_ppff_s12", "identityformer_s12", "randformer_s12",
    "poolformerv2_s12", "convformer_s18", "caformer_s18", "ffnet_1", "ffnet_3",
    "transnext_micro", "transnext_micro_aaaa",
]  # fmt: skip


def shallow(name: str) -> archdsl.specification.Spec:
    """A baseline on small images, with one block in each stage, none of which is ever left out."""
    patches = {f"stages.{stage}.depth": 1 for stage in range(4)}
    patches |= {"input": [3, 64, 64], "classes": 10, "drop_path": 0}
    return archdsl.load(name, set=patches)


@pytest.mark.parametrize("name", SMALLEST)
def test_every_kind_of_baseline_learns(name: str) -> None:
    torch.manual_seed(0)
    model = archdsl.build(shallow(name)).train()
    logits = model(torch.randn(2, 3, 64, 64))
    assert logits.shape == (2, 10)
    logits.logsumexp(1).sum().backward()
    for parameter_name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, parameter_name
            assert parameter.grad.isfinite().all(), parameter_name
            assert parameter.grad.any(), parameter_name


@pytest.mark.parametrize("name", SMALLEST)
def test_every_kind_of_baseline_leaves_as_the_same_model(name: str) -> None:
    spec = shallow(name)
    module = types.ModuleType("exported")
    exec(compile(archdsl.export(spec), f"{name}.py", "exec"), module.__dict__)
    models = []
    for make in (lambda: archdsl.build(spec), getattr(module, name)):
        torch.manual_seed(0)
        models.append(make().eval())
    ours, exported = models
    state = ours.state_dict()
    assert list(state) == list(exported.state_dict())
    assert all(torch.equal(state[key], tensor) for key, tensor in exported.state_dict().items())
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        for key in state:
            if re.search(r"layer_scale\d\.scale$", key):
                state[key].fill_(0.5)  # fresh ones are near zero and hide what they scale
        exported.load_state_dict(state)
        assert torch.equal(ours(x), exported(x))


@pytest.mark.parametrize("path", soon(FILES, name=lambda path: path.stem))
def test_a_baseline_leaves_as_code_that_compiles(path: Path) -> None:
    text = archdsl.export(path.stem)
    compile(text, f"{path.stem}.py", "exec")
    assert f"\ndef {path.stem}(" in text
