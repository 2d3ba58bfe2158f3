"""The sum over layers against one count of the whole model by an oracle; published figures."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.cost import count
from tests.cost.oracle import whole
from tests.nn import published_specs as published

SPECS = Path(__file__).parents[2] / "specs"
SHIPPED = sorted(path.relative_to(SPECS) for path in SPECS.rglob("*.yaml"))
SPACES = [path for path in SHIPPED if path.parts[0] == "spaces"]


def ids(paths):
    return [path.stem for path in paths]


def agrees(spec):
    network = spec.network()
    cost, seen = count(network), whole(network)
    assert (cost.macs, cost.params, cost.train_params) == (
        seen.macs, seen.params, seen.train_params,
    )  # fmt: skip
    for address, row in cost.by_address.items():
        shapes = tuple((*shape, 1, 1)[:3] for shape in seen.shapes[address])
        got, gave = shapes
        if "mixer" in address and got != row.in_shape:  # it sees tokens
            got, gave = ((c, *row.in_shape[1:]) for n, c, _ in shapes)
        assert (got, gave) == (row.in_shape, row.out_shape)


@pytest.mark.parametrize("path", SHIPPED, ids=ids(SHIPPED))
def test_every_shipped_spec_costs_what_its_whole_model_costs(path):
    agrees(archdsl.load(SPECS / path))


@pytest.mark.parametrize("path", SPACES, ids=ids(SPACES))
def test_members_of_a_shipped_space_cost_what_their_whole_models_cost(path):
    for member in archdsl.space(SPECS / path).sample(6, seed=1):
        agrees(member)


@pytest.mark.slow
@pytest.mark.parametrize("path", SPACES, ids=ids(SPACES))
def test_200_members_of_a_shipped_space_cost_what_their_whole_models_cost(path):
    for member in archdsl.space(SPECS / path).sample(200, seed=0):
        agrees(member)


@pytest.mark.parametrize(
    ("name", "macs", "params"),
    [
        ("poolformer_s12", 1_812_267_008, 11_915_176),
        ("poolformer_s24", 3_392_208_896, 21_388_968),
        ("poolformer_s36", 4_972_150_784, 30_862_760),
        ("poolformer_m36", 8_758_788_096, 56_172_520),
        ("poolformer_m48", 11_533_320_192, 73_473_448),
    ],
)
def test_poolformers_cost_what_is_published(name, macs, params):
    cost = archdsl.count(name)
    assert (cost.macs, cost.params, cost.train_params) == (macs, params, params)
    assert cost.activations == cost.by_address["stages.0.blocks.0.norm1"].activations


POOLING, SEP_CONV, ATTENTION = "pooling", "sep_conv", "attention"
CONVFORMER = published.metaformer((SEP_CONV,) * 4, published.S18, head="mlp")
CAFORMER = published.metaformer(
    (SEP_CONV, SEP_CONV, ATTENTION, ATTENTION), published.S18, head="mlp"
)
RANDFORMER = published.metaformer(
    ("identity", "identity", "random", "random"), norm=published.GROUP_NORM
)
POOLFORMER_V2 = published.metaformer((POOLING,) * 4, norm=published.GROUP_NORM)


@pytest.mark.parametrize(
    ("spec", "macs", "params", "train_params"),
    [
        # the conv-only counts of the deployed FFNets at 256, and their classifiers
        (published.FFNETS["ffnet_1"], 2_984_189_952 + 640_000, 13_660_152, 13_775_656),
        (published.FFNETS["ffnet_2"], 6_002_647_040 + 704_000, 26_908_440, 27_208_408),
        (published.FFNETS["ffnet_3"], 10_145_464_320 + 768_000, 48_330_632, 48_817_896),
        (published.FFNETS["ffnet_4"], 19_164_954_624 + 1_024_000, 79_200_360, 79_868_968),
        (POOLFORMER_V2, 1_812_267_008, 11_891_712, 11_891_712),
        # frozen matrices are parameters, too
        (RANDFORMER, 1_888_484_352, 12_127_010, 12_127_010),
        (CONVFORMER, 3_940_984_320, 26_774_448, 26_774_448),
        # a tracer that does not know fused attention sees 3.90 G
        (CAFORMER, 4_106_941_440, 26_341_656, 26_341_656),
    ],
    ids=["ffnet_1", "ffnet_2", "ffnet_3", "ffnet_4", "poolformerv2_s12", "randformer_s12",
         "convformer_s18", "caformer_s18"],
)  # fmt: skip
def test_published_networks_cost_what_is_published(spec, macs, params, train_params):
    cost = archdsl.count(spec)
    assert (cost.macs, cost.params, cost.train_params) == (macs, params, train_params)


@pytest.mark.parametrize(
    "spec",
    [
        published.FFNETS["ffnet_2"], published.FFNET_TINY, RANDFORMER, CAFORMER,
        published.CONVNEXT_TINY, published.MIXER_S16,
    ],
    ids=["ffnet_2", "ffnet_tiny", "randformer", "caformer", "convnext_tiny", "mixer_s16"],
)  # fmt: skip
def test_published_networks_cost_what_their_whole_models_cost(spec):
    agrees(archdsl.load(spec))


def test_a_network_with_a_class_token_and_positions():
    spec = archdsl.load(published.DEIT_SMALL)
    cost = archdsl.count(spec)
    assert cost.params == 22_050_664
    assert cost.by_address["class_token"].params == 384
    assert cost.by_address["stages.0.pos_embed"].params == 384 * 197
    agrees(spec)


def test_the_oracle_can_disagree():
    spec = archdsl.load(CONVFORMER)
    other = archdsl.load(CAFORMER)
    assert whole(spec.network()).macs != archdsl.count(other).macs
