"""The counter against a formula written by hand, for every built-in component and size."""

from __future__ import annotations

import pytest

from archdsl.components import registry
from archdsl.components.component import component
from archdsl.cost import layer_cost
from tests.cost.closed_forms import FORMS, expected
from tests.cost.single import single

GRID = [(24, 8, 8), (48, 14, 14), (16, 7, 5), (8, 1, 1), (32, 1, 9)]
LARGE = [(64, 56, 56), (320, 14, 14)]


def some(kind, name, **options):
    return component(kind, name, **options)


BN, LN, GN = (some("norm", n) for n in ("batch_norm", "layer_norm", "group_norm"))
RELU, STAR, SOFTMAX = (some("act", n) for n in ("relu", "star_relu", "softmax"))


def meta(query=None, key=None, act=None, value=None, out=None):
    return {"query": query, "key": key, "act": act or some("act", "gelu"), "value": value,
            "out": out}  # fmt: skip


META = [
    # FFNet's token mixer, its large kernels, its channel mixer; ConvNeXt
    meta(some("query", "pointwise", norm=BN), some("key", "depthwise"),
         value=some("value", "depthwise")),
    meta(some("query", "pointwise", norm=BN), some("key", "rep_depthwise"),
         value=some("value", "rep_depthwise", kernel=9)),
    meta(some("query", "depthwise", norm=BN), some("key", "pointwise", ratio=3),
         value=some("value", "pointwise")),
    meta(some("query", "depthwise", kernel=7, norm=LN), some("key", "pointwise", ratio=4),
         act=STAR, value=some("value", "pointwise", bias=False)),
    # values that keep the width of wide coefficients, brought back by `out`
    meta(None, some("key", "pointwise", ratio=2), value=some("value", "depthwise", kernel=5),
         out=some("out", "pointwise")),
    meta(some("query", "rep_depthwise"), some("key", "pointwise", ratio=0.5),
         value=some("value", "pooling"), out=some("out", "pointwise", bias=True)),
    # PoolFormer's pooling, and what no key leaves to a value
    meta(None, None, some("act", "identity"), some("value", "pooling")),
    meta(some("query", "pointwise"), None, value=some("value", "pointwise")),
    # attention, fused and with another activation
    meta(some("query", "pointwise"), some("key", "dynamic", head_dim=8), SOFTMAX,
         some("value", "dynamic"), some("out", "pointwise")),
    meta(None, some("key", "dynamic", head_dim=4, bias=True), RELU,
         some("value", "dynamic", bias=True)),
]  # fmt: skip

CASES = {
    ("token_mixer", "pooling"): [{}, {"kernel": 5}],
    ("token_mixer", "sep_conv"): [{}, {"kernel": 3, "ratio": 1.5, "bias": True, "act": RELU}],
    ("token_mixer", "depthwise"): [{}, {"kernel": 7, "bias": False}],
    ("token_mixer", "aggregated_attention"): [
        {"head_dim": 8, "pretrain_size": 64},
        {"head_dim": 4, "window": 5, "pool": 4, "bias": False, "interpolate_from": 32},
    ],
    ("token_mixer", "cosine_attention"): [
        {"head_dim": 8, "pretrain_size": 64},
        {"head_dim": 4, "bias": False, "interpolate_from": 32},
    ],
    ("token_mixer", "attention"): [
        {"head_dim": 8},
        {"head_dim": 4, "qkv_bias": True, "proj_bias": True},
    ],
    ("token_mixer", "window_attention"): [
        {"head_dim": 8},
        {"head_dim": 4, "window": 4, "shift": None, "qkv_bias": False, "proj_bias": False},
    ],
    ("token_mixer", "spatial_mlp"): [{}, {"ratio": None, "bias": False}, {"ratio": 2, "act": STAR}],
    ("token_mixer", "meta_mixer"): META,
    ("channel_mixer", "meta_mixer"): META,
    ("channel_mixer", "mlp"): [{}, {"ratio": 2.5, "bias": False, "act": STAR}],
    ("channel_mixer", "glu"): [{}, {"ratio": 3, "bias": False, "act": STAR}],
    ("channel_mixer", "conv_glu"): [{}, {"ratio": 8, "kernel": 5, "bias": False}],
    ("norm", "layer_norm"): [{}, {"bias": False}],
    ("norm", "group_norm"): [{}, {"groups": 4, "bias": False}],
    ("layer", "conv"): [
        {"kernel": 3},
        {"kernel": 1, "act": STAR},
        {"kernel": 7, "stride": 2, "padding": 3, "norm": BN},
        {"kernel": 1, "pre_norm": BN},
        {"kernel": 3, "pre_norm": BN, "norm": LN},
        {"kernel": 3, "stride": 2, "norm": BN, "bias": True},
        {"kernel": 3, "groups": 8, "bias": False},
        {"kernel": 1, "pre_norm": BN, "groups": 4},
    ],
    ("layer", "patch_merge"): [{}, {"norm": None, "bias": True}, {"norm": GN}],
    ("layer", "rep_depthwise"): [{}, {"kernel": 5, "stride": 2}],
    ("layer", "residual"): [
        {"of": some("layer", "conv", kernel=1, pre_norm=BN)},
        {"of": some("layer", "conv", kernel=1)},
        {"of": some("layer", "conv", kernel=1, bias=False)},
        {"of": some("layer", "conv", kernel=3, norm=BN, act=RELU)},
        {"of": some("layer", "rep_depthwise", kernel=5)},
    ],
    ("query", "pointwise"): [{}, {"norm": BN}, {"norm": LN, "bias": True}],
    ("query", "depthwise"): [{}, {"norm": BN}, {"kernel": 7, "norm": LN}],
    ("key", "pointwise"): [{}, {"ratio": 2.5, "bias": False}],
    ("key", "dynamic"): [{"head_dim": 8}],
    ("act", "threshold"): [{"threshold": 0.1, "value": 0.0}],
    ("head", "linear"): [{}, {"norm": GN, "pool_norm": LN}, {"norm": BN}],
    ("head", "mlp"): [{}, {"norm": LN, "pool_norm": LN, "ratio": 2, "hidden_norm": None}],
}
KINDS = sorted(set(registry.KINDS) - {"data"})


def built_in():
    for kind in KINDS:
        for name, definition in registry.named(kind).items():
            if definition.cls.__module__.startswith(("archdsl.", "torch.")):
                yield kind, name


def agree(layer):
    row = layer_cost(layer)
    assert (row.macs, row.params) == expected(layer)
    assert type(row.macs) is type(row.params) is int


def test_every_component_has_a_closed_form():
    assert set(built_in()) == set(FORMS)


@pytest.mark.parametrize(("kind", "name"), sorted(built_in()))
def test_the_counter_equals_the_closed_form(kind, name):
    for options in CASES.get((kind, name), [{}]):
        made = component(kind, name, **options)
        for shape in GRID:
            if kind in ("key", "value") and name != "pooling":
                width = dict(made.options).get("ratio", 1)
                agree(single(made, shape, out_shape=(int(shape[0] * width), *shape[1:])))
            else:
                agree(single(made, shape))


@pytest.mark.parametrize("name", ["conv", "patch_merge", "rep_depthwise"])
def test_a_layer_that_changes_the_width(name):
    for options in CASES["layer", name]:
        for shape in GRID[:3]:
            agree(single(component("layer", name, **options), shape, dim_out=2 * shape[0]))


def test_values_and_outs_that_change_the_width():
    for kind, name in (("value", "pointwise"), ("value", "dynamic"), ("out", "pointwise")):
        layer = single(component(kind, name), (48, 7, 5), out_shape=(16, 7, 5))
        context = tuple((key, 16 if key == "dim" else 48) for key, _ in layer.context)
        agree(type(layer)(layer.address, layer.component, context, (48, 7, 5), (16, 7, 5)))


@pytest.mark.parametrize("classes", [0, 1, 1000])
def test_a_linear_head_of_any_number_of_classes(classes):
    agree(single(component("head", "linear", norm=GN), (64, 7, 7), classes=classes))


def test_a_head_that_reads_the_class_token():
    agree(single(component("head", "linear", pool="token", norm=LN), (64, 50, 1)))


@pytest.mark.parametrize("shape", LARGE)
@pytest.mark.parametrize(
    ("kind", "name"), [("token_mixer", "sep_conv"), ("channel_mixer", "mlp"), ("layer", "conv")]
)
def test_the_sizes_of_a_real_network(kind, name, shape):
    agree(single(component(kind, name, **({"kernel": 3} if kind == "layer" else {})), shape))
