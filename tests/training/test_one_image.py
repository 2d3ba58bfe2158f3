"""A batch of one image, where batch norm sees one value a channel and where it sees more."""

from __future__ import annotations

import dataclasses

import pytest

import archdsl
from archdsl.compiler.builder import build
from archdsl.compiler.network import Network
from archdsl.errors import SearchError
from archdsl.training.look import look
from archdsl.training.prepare import prepare
from archdsl.training.train import train

WORDS = (
    "search.proxy.batch: it is 1, and batch norm on a 1x1 map needs two images for a variance.  "
    "write 2 or more, or another norm there"
)


def network(norm: str = "batch_norm", patch: int = 8) -> Network:
    """Of maps of 8 / patch positions a side."""
    return archdsl.load(
        {
            "archdsl": 1,
            "name": "one",
            "input": [1, 8, 8],
            "classes": 10,
            "stem": {"type": "conv", "kernel": patch, "stride": patch, "padding": 0, "norm": norm},
            "block": {"norm": None, "token_mixer": "identity", "channel_mixer": "mlp"},
            "stages": [{"dim": 8, "depth": 1}],
        }
    ).network()


@pytest.fixture
def one(recipe):
    """A step on one image."""
    return dataclasses.replace(recipe, batch=1, epochs=1, steps_per_epoch=1)


def test_it_is_said_before_the_first_trial_and_of_a_trial(one, source) -> None:
    data = prepare(one, source, (1, 8, 8), 10)
    assert data.unproven
    for use in (
        lambda: look(build(network()), one, data, ["accuracy"]),
        lambda: train(network(), one, data, 0),
    ):
        with pytest.raises(SearchError) as caught:
            use()
        assert str(caught.value) == WORDS


@pytest.mark.parametrize("near", [{"norm": "layer_norm"}, {"patch": 4}, {"norm": "group_norm"}])
def test_another_norm_or_a_larger_map_is_trained_on_one_image(one, source, near) -> None:
    data = prepare(one, source, (1, 8, 8), 10)
    look(build(network(**near)), one, data, ["accuracy"])
    assert train(network(**near), one, data, 0).epochs == 1


def test_two_images_are_enough(one, source) -> None:
    two = dataclasses.replace(one, batch=2)
    data = prepare(two, source, (1, 8, 8), 10)
    assert not data.unproven
    assert train(network(), two, data, 0).epochs == 1
