"""One frame holds attention, MLPs and convolutional mixers; what means nothing is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import archdsl
from archdsl.components.component import Component, component

Make = Callable[..., nn.Module]


def part(kind: str, name: str, **options: Any) -> Component:
    return component(kind, name, **options)


POINTWISE = part("query", "pointwise")
SOFTMAX = part("act", "softmax")
DYNAMIC = part("key", "dynamic", head_dim=4)
OUT = part("out", "pointwise")


@pytest.mark.parametrize("bias", [False, True])
def test_the_dynamic_form_is_attention(make: Make, bias: bool) -> None:
    attention = make("token_mixer", "attention", head_dim=4, qkv_bias=bias, proj_bias=bias)
    mixer = make(
        "token_mixer",
        "meta_mixer",
        query=part("query", "pointwise", bias=bias),
        key=part("key", "dynamic", head_dim=4, bias=bias),
        act=SOFTMAX,
        value=part("value", "dynamic", bias=bias),
        out=part("out", "pointwise", bias=bias),
    )
    theirs = {name.removeprefix("mixer."): t for name, t in attention.state_dict().items()}
    state = {}
    for i, name in enumerate(("query.conv", "key", "value")):
        for what in ("weight", "bias")[: 1 + bias]:
            rows = theirs[f"qkv.{what}"][8 * i : 8 * i + 8]
            state[f"{name}.{what}"] = rows if what == "bias" else rows[:, :, None, None]
    state["out.weight"] = theirs["proj.weight"][:, :, None, None]
    if bias:
        state["out.bias"] = theirs["proj.bias"]
    mixer.load_state_dict(state)
    x = torch.randn(2, 8, 5, 7).contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(mixer(x), attention(x), atol=1e-6, rtol=1e-5)


def test_its_default_parts_have_as_many_params_as_attention(make: Make) -> None:
    attention = make("token_mixer", "attention", dim=64)
    mixer = make(
        "token_mixer",
        "meta_mixer",
        dim=64,
        query=POINTWISE,
        key=part("key", "dynamic"),
        act=SOFTMAX,
        value=part("value", "dynamic"),
        out=OUT,
    )
    count = [sum(p.numel() for p in m.parameters()) for m in (attention, mixer)]
    assert count[0] == count[1] == 4 * 64 * 64


def test_dynamic_coefficients_without_softmax_are_a_mean_over_positions(make: Make) -> None:
    mixer = make(
        "token_mixer",
        "meta_mixer",
        key=DYNAMIC,
        act=part("act", "relu"),
        value=part("value", "dynamic"),
    )
    x = torch.randn(2, 8, 3, 5)
    state = mixer.state_dict()
    q = x.flatten(2)
    k = F.conv2d(x, state["key.weight"]).flatten(2)
    v = F.conv2d(x, state["value.weight"]).flatten(2)
    expected = []
    for first in (0, 4):
        qh, kh, vh = (m[:, first : first + 4] for m in (q, k, v))
        coefficients = (torch.einsum("bcn,bcm->bnm", qh, kh) / 2).relu()
        expected.append(torch.einsum("bnm,bcm->bcn", coefficients, vh) / 15)
    torch.testing.assert_close(mixer(x), torch.cat(expected, dim=1).reshape(x.shape))


def test_pointwise_key_and_value_are_an_mlp(make: Make) -> None:
    mlp = make("channel_mixer", "mlp", ratio=3)
    mixer = make(
        "channel_mixer",
        "meta_mixer",
        key=part("key", "pointwise", ratio=3),
        value=part("value", "pointwise"),
    )
    names = {"fc1": "key", "fc2": "value"}
    mixer.load_state_dict(
        {names[n.split(".")[0]] + "." + n.split(".")[1]: t for n, t in mlp.state_dict().items()}
    )
    x = torch.randn(2, 8, 5, 7)
    assert torch.equal(mixer(x), mlp(x))


def test_a_depthwise_value_with_out_is_a_separable_convolution(make: Make) -> None:
    sep_conv = make("token_mixer", "sep_conv", ratio=2, kernel=5, act=part("act", "gelu"))
    mixer = make(
        "token_mixer",
        "meta_mixer",
        key=part("key", "pointwise", ratio=2, bias=False),
        value=part("value", "depthwise", kernel=5, bias=False),
        out=OUT,
    )
    names = {"widen": "key", "depthwise": "value", "narrow": "out"}
    mixer.load_state_dict(
        {f"{names[n.split('.')[0]]}.weight": t for n, t in sep_conv.state_dict().items()}
    )
    x = torch.randn(2, 8, 5, 7)
    assert torch.equal(mixer(x), sep_conv(x))


def test_a_pooling_value_of_the_query_itself_is_pooling(make: Make) -> None:
    mixer = make(
        "token_mixer",
        "meta_mixer",
        key=None,
        act=part("act", "identity"),
        value=part("value", "pooling", kernel=5),
    )
    x = torch.randn(2, 8, 5, 7)
    assert not mixer.state_dict()
    assert torch.equal(mixer(x), make("token_mixer", "pooling", kernel=5)(x))


def test_the_query_meets_the_keys_and_the_input_does_not(make: Make) -> None:
    mixer = make(
        "token_mixer",
        "meta_mixer",
        query=POINTWISE,
        key=part("key", "depthwise"),
        value=part("value", "depthwise"),
    )
    with torch.no_grad():
        dict(mixer.named_parameters())["query.conv.weight"].zero_()
    one, other = mixer(torch.randn(1, 8, 5, 5)), mixer(torch.randn(1, 8, 5, 5))
    assert torch.equal(one, other)


TEMPLATE = """
archdsl: 1
name: case
input: [3, 32, 32]
stem: {{type: conv, kernel: 4, stride: 4, padding: 0}}
block:
  token_mixer: {{type: meta_mixer, {options}}}
stages: [{{dim: 16, depth: 1}}]
"""

REFUSED = {
    "a softmax over a map": (
        "key: depthwise, act: softmax, value: depthwise",
        "key: {type: dynamic, head_dim: 8}, act: softmax, value: dynamic",
        "meta_mixer has softmax over the coefficients of a depthwise key, "
        "which have no positions to sum over",
    ),
    "a softmax without a key": (
        "key: none, act: softmax, value: pooling",
        "key: none, act: identity, value: pooling",
        "meta_mixer has softmax over a query, which has no positions to sum over",
    ),
    "a dynamic value without a key": (
        "key: none, value: dynamic",
        "key: none, value: depthwise",
        "meta_mixer has a dynamic value without a key, whose coefficients are a map and not "
        "weights of positions",
    ),
    "a key that is not mentioned": (
        "act: identity, value: pooling",
        "key: none, act: identity, value: pooling",
        "meta_mixer needs its option 'key'",
    ),
    "a dynamic value after a static key": (
        "key: depthwise, value: dynamic",
        "key: depthwise, value: depthwise",
        "meta_mixer has a dynamic value after a depthwise key, whose coefficients are a map and "
        "not weights of positions",
    ),
    "a static value after a dynamic key": (
        "key: {type: dynamic, head_dim: 8}, act: softmax, value: pooling",
        "key: {type: dynamic, head_dim: 8}, act: softmax, value: dynamic",
        "meta_mixer has a pooling value after a dynamic key, whose coefficients stand between "
        "pairs of positions",
    ),
    "a width that nothing brings back": (
        "key: {type: pointwise, ratio: 2}, value: depthwise",
        "key: {type: pointwise, ratio: 2}, value: depthwise, out: pointwise",
        "meta_mixer leaves 32 channels after its depthwise value, and the block has 16",
    ),
    "heads that do not divide": (
        "key: {type: dynamic, head_dim: 6}, act: softmax, value: dynamic",
        "key: {type: dynamic, head_dim: 4}, act: softmax, value: dynamic",
        "dim is 16, which meta_mixer cannot split into heads of 6",
    ),
    "a small window that is not smaller": (
        "key: {type: rep_depthwise, kernel: 3}, value: depthwise",
        "key: {type: rep_depthwise, kernel: 5}, value: depthwise",
        "meta_mixer has a small_kernel of 3 beside a kernel of 3",
    ),
    "no keys": (
        "key: {type: pointwise, ratio: 0.01}, value: pointwise",
        "key: {type: pointwise, ratio: 0.1}, value: pointwise",
        "meta_mixer has no hidden channels with a ratio of 0.01",
    ),
    "a norm of the query that does not fit": (
        "query: {type: pointwise, norm: {type: group_norm, groups: 3}}, key: depthwise, "
        "value: depthwise",
        "query: {type: pointwise, norm: {type: group_norm, groups: 4}}, key: depthwise, "
        "value: depthwise",
        "dim is 16, which meta_mixer cannot split into 3 groups",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_means_nothing_is_refused_with_the_reason(case: tuple[str, str, str]) -> None:
    bad, good, words = case
    with pytest.raises(archdsl.errors.SpecError) as caught:
        archdsl.loads(TEMPLATE.format(options=bad))
    assert words in str(caught.value)
    assert caught.value.cure
    archdsl.build(archdsl.loads(TEMPLATE.format(options=good)))
