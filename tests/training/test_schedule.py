"""The schedule with a stable trunk: what branches off from it is a whole shorter training."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archdsl.errors import SearchError
from archdsl.training import Recipe
from archdsl.training.optimisation.schedules import rate_of, stable_rate
from archdsl.training.train import train_model

WSD = Recipe(epochs=4, batch=500, lr=1e-2, schedule="wsd", cooldown=0.25)


def test_the_rate_rises_in_a_line_stays_and_falls_as_the_root_says():
    rates = [stable_rate(step, 4, 8, 12) for step in range(13)]
    assert rates[:9] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert rates[9:] == pytest.approx([0.5, 1 - 0.5**0.5, 1 - 0.75**0.5, 0.0])
    assert stable_rate(12, 4, 8, 12, final=0.25) == 0.25
    assert stable_rate(9, 4, 8, 12, final=0.25) == pytest.approx(0.625)


def test_a_warm_up_longer_than_the_training_never_ends():
    recipe = Recipe(epochs=2, warmup=4, schedule="wsd")
    assert [rate_of(recipe, 4)(step) for step in range(4)] == [1 / 8, 2 / 8, 3 / 8, 4 / 8]


@pytest.mark.parametrize(
    ("epochs", "cooldown", "after"), [(18, 0.2, 14), (2, 0.2, 1), (1, 0.2, 0), (4, 0.9, 0)]
)
def test_the_rate_falls_from_the_end_of_an_epoch_on(epochs, cooldown, after):
    assert Recipe(epochs=epochs, schedule="wsd", cooldown=cooldown).falls_after == after


@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(1, 7), st.floats(0, 9),
    st.floats(0.01, 0.99),
)  # fmt: skip
def test_until_a_branch_leaves_it_the_rates_of_a_trunk_are_the_branchs(
    short, more, steps, warmup, cooldown
):
    branch = Recipe(epochs=short, warmup=warmup, schedule="wsd", cooldown=cooldown)
    trunk = dataclasses.replace(branch, epochs=short + more)
    assert branch.falls_after <= trunk.falls_after
    of_branch, of_trunk = (rate_of(one, one.epochs * steps) for one in (branch, trunk))
    for step in range(branch.falls_after * steps + 1):
        assert of_branch(step) == of_trunk(step)


def test_a_branch_is_a_training_of_its_length_and_leaves_the_trunk_as_it_is(
    tmp_path: Path, network, digits
):
    recipe = dataclasses.replace(WSD, batch=digits.recipe.batch, steps_per_epoch=None)
    trunk, own = tmp_path / "trunk.ckpt", tmp_path / "own.ckpt"
    branch = dataclasses.replace(recipe, epochs=3)
    train_model(network(), recipe, digits, 0, checkpoint=trunk, until=branch.falls_after)
    before, trained, resumed = trunk.read_bytes(), list[int](), list[int]()

    def branched(checkpoint: Path) -> dict[str, torch.Tensor]:
        return train_model(
            network(), branch, digits, 0, checkpoint=checkpoint, trunk=trunk,
            on_epoch=lambda epoch, metrics: trained.append(epoch + 1),
            on_resume=lambda history: resumed.append(len(history)),
        ).state_dict  # fmt: skip

    alone = train_model(network(), branch, digits, 0)
    found = branched(own)
    assert (resumed, trained) == ([2], [3])
    assert all(torch.equal(found[name], value) for name, value in alone.state_dict.items())
    assert trunk.read_bytes() == before
    branched(own)
    assert (resumed, trained) == ([2, 3], [3])  # it has a checkpoint of its own, and is over

    whole = train_model(network(), recipe, digits, 0)
    on = train_model(network(), recipe, digits, 0, checkpoint=trunk)
    assert on.history == whole.history
    trunk_beyond = branched(tmp_path / "another.ckpt")
    assert trained == [3, 1, 2, 3]
    assert all(torch.equal(trunk_beyond[name], value) for name, value in found.items())


def test_nothing_branches_off_from_a_cosine(tmp_path: Path, network, digits):
    recipe = dataclasses.replace(digits.recipe, epochs=2)
    path = tmp_path / "trunk.ckpt"
    train_model(network(), recipe, digits, 0, checkpoint=path, until=1)
    other = dataclasses.replace(recipe, schedule="wsd")
    with pytest.raises(SearchError) as caught:
        train_model(network(), other, digits, 0, checkpoint=tmp_path / "own", trunk=path)
    assert str(caught.value) == (
        f"{path} is the checkpoint of another training: its schedule was cosine, and now it is "
        "wsd.  name another file, or delete this one"
    )
