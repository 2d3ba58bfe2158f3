"""The sum over layers against one count of the whole model by an oracle; published figures."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.cost import count
from tests.cost.oracle import whole
from tests.nn import published_specs as published
from tests.soon import SMALLEST, soon

SPECS = Path(__file__).parents[2] / "specs"
SHIPPED = sorted(
    path.relative_to(SPECS)
    for part in ("baselines", "spaces")
    for path in SPECS.glob(f"{part}/*.yaml")
)
SPACES = [path for path in SHIPPED if path.parts[0] == "spaces"]


def ids(paths):
    return [path.stem for path in paths]


def marked(paths):
    """The meta mixer's table takes a minute where nothing is in the cache."""
    return [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * (path.stem == "meta_mixer"))
        for path in paths
    ]


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


@pytest.mark.parametrize("path", soon(SHIPPED, {*SMALLEST, *ids(SPACES)}, lambda p: p.stem))
def test_every_shipped_spec_costs_what_its_whole_model_costs(path):
    agrees(archdsl.load(SPECS / path))


@pytest.mark.parametrize("path", marked(SPACES))
def test_members_of_a_shipped_space_cost_what_their_whole_models_cost(path):
    for member in archdsl.space(SPECS / path).sample(2, seed=1):
        agrees(member)


@pytest.mark.slow
@pytest.mark.parametrize("path", SPACES, ids=ids(SPACES))
def test_200_members_of_a_shipped_space_cost_what_their_whole_models_cost(path):
    for member in archdsl.space(SPECS / path).sample(200, seed=0):
        agrees(member)


def test_a_poolformer_is_widest_where_its_first_norm_stands():
    cost = archdsl.count("poolformer_s12")
    assert cost.activations == cost.by_address["stages.0.blocks.0.norm1"].activations


def test_an_ffnet_of_unlike_stages_costs_what_its_whole_model_costs():
    agrees(published.ffnet_tiny())


def test_a_network_with_a_class_token_and_positions():
    cost = archdsl.count("deit_small")
    assert cost.params == 22_050_664
    assert cost.by_address["class_token"].params == 384
    assert cost.by_address["stages.0.pos_embed"].params == 384 * 197


def test_the_oracle_can_disagree():
    spec = archdsl.load("convformer_s18")
    other = archdsl.load("caformer_s18")
    assert whole(spec.network()).macs != archdsl.count(other).macs
