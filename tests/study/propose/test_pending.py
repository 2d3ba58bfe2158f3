"""What each sampler makes of trials that have no result yet."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.amounts import Budget
from archdsl.study.propose.samplers import Evolution, Gp, History, Seen, Tpe
from archdsl.study.propose.samplers.gaussian import Lengths, Posterior, kernel
from tests.study.conftest import tiny_space

BUDGET = Budget({"macs": (0, 60_000)})
SIZES = [3, 4, 2]
GROUPS = np.repeat(np.arange(len(SIZES)), SIZES)


def columns(count: int, draws: np.random.Generator) -> Any:
    codes = [np.eye(size)[draws.integers(0, size, count)] for size in SIZES]
    return np.hstack(codes)


@given(st.integers(2, 15), st.integers(1, 12), st.integers(0, 2**16))
def test_what_is_believed_of_pending_members_moves_no_mean_and_leaves_less_in_doubt(
    count, waiting, seed
) -> None:
    draws = np.random.default_rng(seed)
    seen, pending, others = columns(count, draws), columns(waiting, draws), columns(20, draws)
    lengths = Lengths(draws.uniform(0.05, 2, len(SIZES)), draws.uniform(0.5, 2), 0.01)
    belief = Posterior(GROUPS, lengths, seen, draws.normal(size=count))
    means, deviations = belief.given(kernel(GROUPS, lengths.weights, seen, others))
    for order in (np.arange(waiting), draws.permutation(waiting)):
        believing = belief.believing(pending[order])
        both = np.vstack([seen, pending[order]])
        then, left = believing.given(kernel(GROUPS, lengths.weights, both, others))
        assert then == pytest.approx(means, abs=1e-8)
        assert (left <= deviations + 1e-9).all()
        own = believing.given(kernel(GROUPS, lengths.weights, both, pending))[1]
        assert (own**2 <= lengths.noise + 1e-9).all()


def history_of(space: Any, count: int, values: np.random.Generator) -> History:
    history = History()
    for number, drawn in enumerate(space.draws(count, BUDGET, 3, "stagewise")):
        history.add(Seen(number, drawn.decisions, (float(values.random()),)))
    return history


def proposed(sampler: Any, history: History, count: int = 12) -> list[dict[str, Any]]:
    given_ = sampler(tiny_space(), BUDGET).propose(history, np.random.default_rng(5))
    return [drawn.decisions for drawn in islice(given_, count)]


def test_tpe_counts_a_pending_trial_as_one_that_is_not_good() -> None:
    space, waiting = tiny_space(), list(tiny_space().draws(3, BUDGET, 8, "stagewise"))
    one = history_of(space, 56, np.random.default_rng(0))
    without = proposed(Tpe, one)
    other = history_of(space, 56, np.random.default_rng(0))
    for number, drawn in enumerate(waiting, start=56):
        one.wait(number, drawn.decisions)
        other.add(Seen(number, drawn.decisions, (-1.0,)))
    assert proposed(Tpe, one) == proposed(Tpe, other) != without


def test_evolution_breeds_from_what_is_over() -> None:
    history = history_of(tiny_space(), 24, np.random.default_rng(0))
    without = proposed(Evolution, history)
    for number, drawn in enumerate(tiny_space().draws(5, BUDGET, 8, "stagewise"), start=24):
        history.wait(number, drawn.decisions)
    assert proposed(Evolution, history) == without


@pytest.mark.parametrize("sampler", [Gp, Tpe])
def test_what_is_being_tried_again_and_again_is_no_longer_the_first(sampler) -> None:
    history = history_of(tiny_space(), 24, np.random.default_rng(0))
    first, *_ = proposed(sampler, history, 1)
    for number in range(24, 40):
        history.wait(number, first)
    assert proposed(sampler, history, 1) != [first]


@pytest.mark.parametrize("sampler", [Evolution, Gp, Tpe])
def test_the_order_in_which_they_began_makes_no_difference(sampler) -> None:
    waiting = list(tiny_space().draws(8, BUDGET, 8, "stagewise"))
    found = []
    for numbers in (range(8), [3, 0, 7, 5, 1, 2, 6, 4]):
        history = history_of(tiny_space(), 16, np.random.default_rng(0))
        for number in numbers:
            history.wait(16 + number, waiting[number].decisions)
        found.append(proposed(sampler, history, 3))
    assert found[0] == found[1]
