"""The shipped comparison models: parameters, MACs, other sizes, and their exported files."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.nn.norms import LayerNorm
from tests.exporters.test_code import assert_same_alone

# params, MACs, and what fvcore (attention counted) makes of them at 224: with 5 operations per
# element of a layer norm, and 1 per element of the last pooling where that is a module
PUBLISHED = {
    "deit_tiny": (5_717_416, 1_253_683_200, 1_258_411_200),
    "deit_small": (22_050_664, 4_598_882_304, 4_608_338_304),
    "deit_base": (86_567_656, 17_563_828_224, 17_582_740_224),
    "resmlp_s12": (15_350_872, 3_009_739_776, 3_009_739_776),
    "resmlp_s24": (30_020_680, 5_961_292_800, 5_961_292_800),
    "resmlp_s36": (44_690_488, 8_912_845_824, 8_912_845_824),
    "resmlp_b24": (115_736_776, 23_020_713_984, 23_020_713_984),
    "resmlp_b24_patch8": (129_138_280, 100_230_739_968, 100_230_739_968),
    "convnext_tiny": (28_589_128, 4_455_531_264, 4_470_437_376),
    "convnext_small": (50_223_688, 8_683_712_256, 8_705_392_128),
    "convnext_base": (88_591_464, 15_354_729_472, 15_383_635_968),
    "mixer_s16": (18_528_264, 3_776_958_464, 3_785_488_384),
    "mixer_b16": (59_880_472, 12_601_767_936, 12_620_583_936),
    "swin_tiny": (28_288_354, 4_490_566_656, 4_509_194_496),
    "swin_small": (49_606_258, 8_740_875_264, 8_768_534_784),
    "swin_base": (87_768_224, 15_430_946_816, 15_467_826_176),
}
FOLDER = Path(__file__).parents[1] / "specs" / "baselines"


def on_meta(x: Any, **options: Any) -> nn.Module:
    with torch.device("meta"):
        return archdsl.build(x, **options).eval()


def test_every_comparison_model_is_here() -> None:
    families = ("deit", "resmlp", "convnext", "mixer", "swin")
    shipped = {path.stem for family in families for path in FOLDER.glob(f"{family}_*.yaml")}
    assert shipped == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_params_and_macs_are_the_published_ones(name: str) -> None:
    params, macs, _ = PUBLISHED[name]
    cost = archdsl.count(name)
    assert (cost.params, cost.train_params, cost.macs) == (params, params, macs)
    said = " ".join(line[2:] for line in (FOLDER / f"{name}.yaml").read_text().splitlines()[:7])
    assert f" {params:,} params; {macs:,} MACs" in said


@pytest.mark.parametrize("name", PUBLISHED)
def test_other_counters_differ_by_norms_and_pooling(name: str) -> None:
    _, macs, total = PUBLISHED[name]
    model, normed = on_meta(name), []

    def note(_: nn.Module, inputs: tuple[Tensor], __: Tensor) -> None:
        normed.append(inputs[0].numel())

    for module in model.modules():
        if isinstance(module, LayerNorm):
            module.register_forward_hook(note)
    model(torch.empty(1, 3, 224, 224, device="meta"))
    pooled = prod(archdsl.load(name).network().stages[-1].shape)
    assert total - macs == 5 * sum(normed) + pooled * name.startswith("convnext")


SIZES = [(3, 384, 384), (3, 192, 320), (3, 225, 250)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    "name", ["deit_tiny", "resmlp_s12", "convnext_tiny", "mixer_s16", "swin_tiny"]
)
def test_other_sizes_are_taken(name: str, size: tuple[int, int, int]) -> None:
    spec = archdsl.load(name, set={"input": list(size)})
    shape = spec.network().stages[-1].shape
    model = on_meta(spec)
    assert model(torch.empty(2, *size, device="meta")).shape == (2, 1000)
    state = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    positions = shape[1] * shape[2]
    if name == "deit_tiny":
        assert state["stages.0.pos_embed.map"] == (1, 192, positions, 1)
    if name in ("resmlp_s12", "mixer_s16"):
        assert state["stages.0.blocks.0.token_mixer.fc1.weight"][1] == positions
    if name == "swin_tiny":
        tables = {s for key, s in state.items() if key.startswith("stages.0") and "offset" in key}
        assert tables == {(169, 3)}


@pytest.mark.parametrize(
    ("name", "size", "least"),
    [
        ("deit_tiny", (12, 50), "16x50"), ("convnext_tiny", (16, 8), "32x32"),
        ("swin_tiny", (3, 3), "4x4"), ("poolformer_s12", (1, 2), "3x3"),
    ],
)  # fmt: skip
def test_a_size_too_small_is_an_error_that_names_the_nearest(
    name: str, size: tuple[int, int], least: str
) -> None:
    with pytest.raises(archdsl.errors.SpecError, match="nothing is left of a map of") as caught:
        archdsl.load(name, set={"input": [3, *size]}).network()
    assert caught.value.cure.startswith(f"choose an input of {least} or more")
    nearest = [int(side) for side in least.split("x")]
    archdsl.load(name, set={"input": [3, *nearest]}).network()


def test_no_classes_gives_features() -> None:
    for name, dim in {"deit_tiny": 192, "mixer_s16": 512, "swin_tiny": 768}.items():
        model = on_meta(name, classes=0)
        assert model(torch.empty(1, 3, 224, 224, device="meta")).shape == (1, dim)


SMALL: dict[str, dict[str, Any]] = {
    "deit_tiny": {"stages.0.dim": 128, "stages.0.depth": 2},
    "resmlp_s12": {"stages.0.dim": 48, "stages.0.depth": 2},
    "convnext_tiny": {f"stages.{i}.depth": 1 for i in range(4)},
    "mixer_s16": {"stages.0.dim": 48, "stages.0.depth": 2},
    "swin_tiny": {f"stages.{i}.dim": 32 * 2**i for i in range(4)} | {"stages.2.depth": 2},
}


SIZE = [3, 80, 112]  # Swin pads both sides of three of its maps


@pytest.mark.parametrize("name", SMALL)
def test_every_kind_of_comparison_model_learns(name: str) -> None:
    torch.manual_seed(0)
    patches = {**SMALL[name], "input": SIZE, "drop_path": 0}
    model = archdsl.build(archdsl.load(name, set=patches)).train()
    for parameter in model.parameters():  # a classifier at zero would pass no gradient on
        nn.init.normal_(parameter, std=0.2)
    model(torch.randn(2, *SIZE)).logsumexp(1).sum().backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.isfinite().all(), parameter_name
        assert parameter.grad.any(), parameter_name


def test_exported_files_are_the_same_models_alone(tmp_path: Path) -> None:
    specs = [archdsl.load(name, set={"input": SIZE, **patches}) for name, patches in SMALL.items()]
    texts = assert_same_alone(specs, tmp_path)
    assert [text.count("\nclass WindowAttention(") for text in texts] == [0, 0, 0, 0, 1]
