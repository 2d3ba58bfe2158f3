"""Attention in shifted windows, the merging of patches, and Swin whole, against plain forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.compiler.builder import build_layer
from archdsl.compiler.network import Layer
from archdsl.components.component import component
from tests.nn import plain_swin
from tests.nn.filling import image
from tests.nn.published_comparators import filled

Make = Callable[..., nn.Module]

DIM, HEAD_DIM = 8, 4


def windows(
    size: tuple[int, int], depth_index: int = 1, std: float = 1.0, **options: Any
) -> nn.Module:
    """A window attention in double precision whose parameters are all from one normal."""
    part = component("token_mixer", "window_attention", head_dim=HEAD_DIM, **options)
    context = (("dim", DIM), ("size", size), ("depth_index", depth_index))
    mixer = build_layer(Layer("here", part, context, (DIM, *size), (DIM, *size)))
    for parameter in mixer.parameters():
        nn.init.normal_(parameter, std=std)
    return mixer.double().eval().requires_grad_(False)


def plain(mixer: nn.Module, x: Tensor, window: int, depth_index: int = 1, **how: Any) -> Tensor:
    state = {f"attn.{name}": tensor for name, tensor in mixer.state_dict().items()}
    state["attn.relative_position_bias_table"] = state.pop("attn.offset_bias")
    made = [
        plain_swin.attention(state, "attn.", one, window, HEAD_DIM, depth_index, **how)
        for one in x.permute(0, 2, 3, 1)
    ]
    return torch.stack(made).permute(0, 3, 1, 2)


def some(*shape: int) -> Tensor:
    x = torch.randn(*shape, dtype=torch.float64)
    return x.contiguous(memory_format=torch.channels_last)


SIZES = {
    "windows that tile the map": ((8, 8), 4),
    "a map that is not square": ((4, 12), 2),
    "an odd window": ((9, 15), 3),
    "a window of Swin": ((14, 7), 7),
    "padding below and at the right": ((9, 11), 4),
    "padding along one side": ((8, 5), 4),
    "a window as large as the map": ((4, 4), 4),
    "a window larger than the map": ((3, 5), 7),
    "a window longer than one side": ((3, 8), 4),
    "a single position": ((1, 1), 7),
    "windows of one position": ((3, 4), 1),
}


@pytest.mark.parametrize("depth_index", [0, 1, 4, 7])
@pytest.mark.parametrize(("size", "window"), SIZES.values(), ids=SIZES.keys())
def test_it_is_attention_window_by_window(
    size: tuple[int, int], window: int, depth_index: int
) -> None:
    mixer = windows(size, depth_index, window=window)
    x = some(2, DIM, *size)
    expected = plain(mixer, x, window, depth_index)
    torch.testing.assert_close(mixer(x), expected, atol=1e-12, rtol=1e-12)


def test_without_shift_the_windows_of_all_blocks_are_the_same() -> None:
    mixer = windows((8, 8), 1, window=4, shift=None)
    x = some(1, DIM, 8, 8)
    expected = plain(mixer, x, 4, shifts=False)
    torch.testing.assert_close(mixer(x), expected, atol=1e-12, rtol=1e-12)
    x[:, :, :4, :4] += 1
    changed = (mixer(x) - expected).abs().sum(dim=(0, 1)) > 1e-9
    assert changed[:4, :4].all()
    assert not changed[4:].any()
    assert not changed[:, 4:].any()


def test_shifted_windows_look_over_the_borders_of_the_others_and_not_over_the_maps() -> None:
    mixer = windows((8, 8), 1, 0.3, window=4)
    x = some(1, DIM, 8, 8)
    before = mixer(x)
    x[:, :, 3, 3] += 1  # beside the meeting point of four unshifted windows
    changed = (mixer(x) - before).abs().sum(dim=(0, 1)) > 1e-9
    inside = torch.zeros(8, 8, dtype=torch.bool)
    inside[2:6, 2:6] = True
    assert torch.equal(changed, inside)
    x = some(1, DIM, 8, 8)
    before = mixer(x)
    x[:, :, 0, 0] += 1  # brought together with the other three corners, and kept apart
    changed = (mixer(x) - before).abs().sum(dim=(0, 1)) > 1e-9
    inside = torch.zeros(8, 8, dtype=torch.bool)
    inside[:2, :2] = True
    assert torch.equal(changed, inside)


def test_another_size_than_its_own_is_taken() -> None:
    mixer = windows((4, 4), 1, window=4)  # nothing to shift
    x = some(2, DIM, 12, 10)
    expected = plain(mixer, x, 4)
    torch.testing.assert_close(mixer(x), expected, atol=1e-12, rtol=1e-12)


def test_single_precision_is_near() -> None:
    mixer = windows((9, 11), window=4)
    x = some(2, DIM, 9, 11)
    torch.testing.assert_close(
        mixer.float()(x.float()).double(), mixer.double()(x), atol=1e-4, rtol=1e-4
    )


def test_gradients_are_those_of_the_plain_form() -> None:
    mixer = windows((9, 6), window=4).requires_grad_(True)
    x = some(1, DIM, 9, 6).requires_grad_(True)
    weights = torch.randn(1, DIM, 9, 6, dtype=torch.float64)
    inputs = [x, *mixer.parameters()]
    found = torch.autograd.grad((mixer(x) * weights).sum(), inputs)
    tensors = dict(mixer.named_parameters())
    state = {f"attn.{name}": tensor for name, tensor in tensors.items()}
    state["attn.relative_position_bias_table"] = state.pop("attn.offset_bias")
    made = plain_swin.attention(state, "attn.", x[0].permute(1, 2, 0), 4, HEAD_DIM, 1)
    expected = torch.autograd.grad((made.permute(2, 0, 1) * weights[0]).sum(), inputs)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-10, rtol=1e-10)


def test_what_is_kept_in_eval_follows_the_parameters_and_the_size() -> None:
    mixer, other = windows((8, 8), window=4), windows((8, 8), window=4)
    small, large = some(1, DIM, 8, 8), some(3, DIM, 12, 8)
    for _ in range(2):
        for x in (small, large):
            torch.testing.assert_close(mixer(x), plain(mixer, x, 4))
    mixer.load_state_dict(other.state_dict())
    assert torch.equal(mixer(small), other(small))
    assert set(mixer.state_dict()) == {
        "offset_bias", "qkv.weight", "qkv.bias", "proj.weight", "proj.bias",
    }  # fmt: skip


TEMPLATE = """
archdsl: 1
name: case
input: [3, 64, 64]
class_token: {token}
stem: {{type: conv, kernel: 16, stride: 16, padding: 0}}
downsample: {downsample}
block: {{token_mixer: {mixer}}}
stages: [{{dim: 48, depth: 1}}{second}]
"""
GOOD = {"mixer": "window_attention", "downsample": "patch_merge", "token": "false", "second": ""}
SECOND = ", {dim: 96, depth: 1}"

REFUSED = {
    "heads that do not divide": (
        {"mixer": "{type: window_attention, head_dim: 36}"},
        {"mixer": "{type: window_attention, head_dim: 24}"},
        "dim is 48, which window_attention cannot split into heads of 36",
        "choose head_dim from 1 2 3 4 6 8 12 16 24 48, or widths that are multiples of 36",
    ),
    "a shift of another kind": (
        {"mixer": "{type: window_attention, head_dim: 24, shift: always}"},
        {"mixer": "{type: window_attention, head_dim: 24, shift: none}"},
        "'always' is not one of alternate",
        "",
    ),
    "a class token": (
        {"mixer": "{type: window_attention, head_dim: 24}", "token": "true"},
        {"mixer": "{type: attention, head_dim: 24}", "token": "true"},
        "window_attention needs a map, and with a class token there is a sequence",
        "choose a mixer that works on a sequence, such as attention",
    ),
    "a norm that does not fit four positions": (
        {"mixer": "none", "second": SECOND,
         "downsample": "{type: patch_merge, norm: {type: group_norm, groups: 5}}"},
        {"mixer": "none", "second": SECOND,
         "downsample": "{type: patch_merge, norm: {type: group_norm, groups: 64}}"},
        "patch_merge has group_norm on 192 channels, which it cannot split into 5 groups",
        "choose groups that divide 192, or widths that are multiples of 5",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_fit_is_refused_with_the_reason(
    case: tuple[dict[str, str], dict[str, str], str, str],
) -> None:
    bad, good, words, cure = case
    with pytest.raises(archdsl.errors.SpecError) as caught:
        archdsl.loads(TEMPLATE.format(**{**GOOD, **bad}))
    assert words in caught.value.problem
    assert cure in caught.value.cure
    archdsl.build(archdsl.loads(TEMPLATE.format(**{**GOOD, **good})))


@pytest.mark.parametrize("size", [(4, 6), (5, 6), (4, 7), (3, 3), (1, 1)], ids=str)
def test_merging_takes_a_patch_column_by_column(make: Make, size: tuple[int, int]) -> None:
    norm = component("norm", "layer_norm", eps=1e-5)
    layer = make("layer", "patch_merge", dim=4, dim_out=6, norm=norm).double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    x = some(2, 4, *size)
    state = {f"down.{name}": tensor for name, tensor in layer.state_dict().items()}
    state["down.reduction.weight"] = state.pop("down.linear.weight")
    expected = torch.stack(
        [plain_swin.merged(state, "down.", one) for one in x.permute(0, 2, 3, 1)]
    ).permute(0, 3, 1, 2)
    with torch.no_grad():
        found = layer(x)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12)
    assert found.is_contiguous(memory_format=torch.channels_last)
    after = component("layer", "patch_merge").definition.cls.out_size(size)  # type: ignore[attr-defined]
    assert tuple(found.shape[2:]) == after


def test_merging_without_a_norm_is_a_linear_layer(make: Make) -> None:
    layer = make("layer", "patch_merge", dim=4, dim_out=6, norm=None, bias=True)
    assert {name: tuple(p.shape) for name, p in layer.named_parameters()} == {
        "linear.weight": (6, 16),
        "linear.bias": (6,),
    }
    x = torch.randn(1, 4, 4, 4)
    torch.testing.assert_close(layer(2 * x) - layer(x), layer(x) - layer(0 * x))


# what is patched, the sides of the windows, and the images
WHOLE: dict[str, tuple[dict[str, Any], int, tuple[int, ...]]] = {
    "as published": ({}, 7, (1, 3, 224, 224)),
    "padded everywhere, windows larger than the last maps": (
        {"input": [3, 100, 152], "stages.2.depth": 2},
        7,
        (2, 3, 100, 152),
    ),
    "other windows": (
        {"input": [3, 128, 64], "block.token_mixer.window": 4, "stages.2.depth": 3},
        4,
        (1, 3, 128, 64),
    ),
}


@pytest.mark.parametrize(
    ("patches", "window", "shape"),
    [pytest.param(*case, id=name, marks=pytest.mark.slow if name == "as published" else [])
     for name, case in WHOLE.items()],
)  # fmt: skip
def test_swin_is_what_its_description_says(
    patches: dict[str, Any], window: int, shape: tuple[int, ...]
) -> None:
    model, weights = filled("swin_tiny", archdsl.load("swin_tiny", set=patches))
    x = image(*shape)
    with torch.no_grad():
        expected = plain_swin.logits(
            {name: weight.double() for name, weight in weights.items()}, x.double(), window, 32
        )
        single = model(x)
        double = model.double()(x.double())
    assert expected.std() > 0.1
    assert (single.double() - expected).abs().max() < 1e-5
    assert (double - expected).abs().max() < 1e-9
