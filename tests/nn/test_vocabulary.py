"""The vocabulary as a user meets it: names, help, messages, sequences, costs."""

from __future__ import annotations

import pytest
import torch

import archdsl
from archdsl.components import registry

KINDS = sorted(set(registry.KINDS) - {"data"})

VOCABULARY = {
    "token_mixer": (
        "aggregated_attention attention cosine_attention depthwise identity meta_mixer pooling "
        "random sep_conv spatial_mlp window_attention"
    ),
    "channel_mixer": "conv_glu glu meta_mixer mlp",
    "norm": "affine batch_norm group_norm layer_norm rms_norm",
    "layer": "conv patch_merge rep_depthwise residual",
    "query": "depthwise pointwise rep_depthwise",
    "key": "depthwise dynamic pointwise rep_depthwise",
    "value": "depthwise dynamic pointwise pooling rep_depthwise",
    "out": "pointwise",
    "pos_embed": "learned",
    "head": "linear mlp",
}


@pytest.mark.parametrize("kind", VOCABULARY)
def test_the_names_are_a_promise(kind: str) -> None:
    assert " ".join(registry.named(kind)) == VOCABULARY[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_component_and_every_option_says_what_it_is_for(kind: str) -> None:
    for name, definition in registry.named(kind).items():
        assert definition.doc, name
        if definition.cls.__module__.startswith("archdsl."):
            assert len(definition.doc) <= 80, name
        for option in definition.options.values():
            assert option.help, f"{name}.{option.name}"


TEMPLATE = """
archdsl: 1
name: case
input: [3, 64, 64]
class_token: {token}
stem: {{type: conv, kernel: 16, stride: 16, padding: 0}}
block: {{token_mixer: {token_mixer}, channel_mixer: {channel_mixer}}}
stages: [{{dim: {dim}, depth: 1}}]
"""


def spec(
    token_mixer: str = "none", channel_mixer: str = "none", token: str = "false", dim: int = 32
) -> archdsl.specification.Spec:
    return archdsl.loads(
        TEMPLATE.format(token_mixer=token_mixer, channel_mixer=channel_mixer, token=token, dim=dim)
    )


def test_the_options_of_sep_conv_are_listed_in_order_with_their_defaults() -> None:
    with pytest.raises(archdsl.errors.SpecError) as caught:
        spec("{type: sep_conv, kernal: 7}")
    assert caught.value.problem == "sep_conv has no option 'kernal'"
    assert caught.value.cure == (
        "did you mean 'kernel'?  sep_conv takes: kernel (odd int, 7), ratio (number, 2), "
        "act (star_relu), bias (false)"
    )


@pytest.mark.parametrize(
    ("dim", "divisors"),
    [
        (240, "1 2 3 4 5 6 8 10 12 15 16 …"),
        (48, "1 2 3 4 6 8 12 16 24 48"),
        (1024 + 32 - 16, "1 2 4 5 8 10 13 16 20 26 40 …"),
    ],
)
def test_heads_that_do_not_divide_are_told_what_would(dim: int, divisors: str) -> None:
    with pytest.raises(archdsl.errors.SpecError) as caught:
        spec("attention", dim=dim)
    assert caught.value.problem == f"dim is {dim}, which attention cannot split into heads of 32"
    assert caught.value.cure == (
        f"choose head_dim from {divisors}, or widths that are multiples of 32"
    )


REFUSED = {
    "softmax in an mlp": (
        {"channel_mixer": "{type: mlp, act: softmax}"},
        {"channel_mixer": "{type: mlp, act: sigmoid}"},
        "mlp activates each element by itself, and softmax compares elements",
    ),
    "an mlp with nothing inside": (
        {"channel_mixer": "{type: mlp, ratio: 0.01}"},
        {"channel_mixer": "{type: mlp, ratio: 0.1}"},
        "mlp has no hidden channels with a ratio of 0.01",
    ),
    "a negative ratio": (
        {"token_mixer": "{type: sep_conv, ratio: -1}"},
        {"token_mixer": "{type: sep_conv, ratio: 1}"},
        "sep_conv has no hidden channels with a ratio of -1",
    ),
    "a gate with nothing inside": (
        {"channel_mixer": "{type: glu, ratio: 0.05}"},
        {"channel_mixer": "{type: glu, ratio: 0.0625}"},
        "glu has no hidden channels with a ratio of 0.05",
    ),
    "an activation that nothing uses": (
        {"token_mixer": "{type: spatial_mlp, ratio: none, act: relu}"},
        {"token_mixer": "{type: spatial_mlp, ratio: none}"},
        "spatial_mlp has no hidden layer for relu with  ratio: none",
    ),
    "an even kernel": (
        {"token_mixer": "{type: pooling, kernel: 4}"},
        {"token_mixer": "{type: pooling, kernel: 5}"},
        "4 is not an odd int",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_a_mixer_that_does_not_fit_is_refused_with_the_reason(
    case: tuple[dict[str, str], dict[str, str], str],
) -> None:
    bad, good, words = case
    with pytest.raises(archdsl.errors.SpecError) as caught:
        spec(**bad)
    assert words in str(caught.value)
    archdsl.build(spec(**good))


def sequence_mixers(kind: str) -> dict[str, bool]:
    return {
        name: getattr(definition.cls, "sequence", False)
        for name, definition in registry.named(kind).items()
        if name != "meta_mixer"
    }


@pytest.mark.parametrize("kind", ["token_mixer", "channel_mixer"])
def test_what_works_on_a_sequence_runs_beside_a_class_token_and_nothing_else_does(
    kind: str,
) -> None:
    mixers = sequence_mixers(kind)
    assert set(mixers.values()) == {True, False}
    for name, fits in mixers.items():
        if fits:
            model = archdsl.build(spec(**{kind: name}, token="true"))
            model(torch.randn(2, 3, 64, 64))
        else:
            with pytest.raises(archdsl.errors.SpecError, match="with a class token there is a seq"):
                spec(**{kind: name}, token="true")
