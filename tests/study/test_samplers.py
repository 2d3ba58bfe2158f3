"""The samplers by themselves: functions of a history and of what is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archdsl.amounts import Budget
from archdsl.study.propose.samplers import Evolution, Gp, History, Seen, Tpe


@pytest.mark.parametrize("sampler", [Evolution, Gp, Tpe])
def test_a_history_and_a_seed_give_the_same_proposals(tiny, sampler) -> None:
    space, budget = tiny(), Budget({"macs": (0, 60_000)})
    history = History()
    for number, drawn in enumerate(space.draws(12, budget)):
        history.add(Seen(number, drawn.decisions, (float(drawn.costs["params"]),)))

    def proposed() -> list[dict[str, Any]]:
        given = sampler(space, budget).propose(history, np.random.default_rng(7))
        return [next(given).decisions for _ in range(6)]

    assert proposed() == proposed()
    assert all(space.cost(space.member(one)).macs <= 60_000 for one in proposed())


@pytest.mark.parametrize("sampler", [Evolution, Gp, Tpe])
def test_what_was_proposed_before_makes_no_difference(tiny, sampler) -> None:
    """As after a resume, and where parallel trials finish in another order than they began."""
    space, budget = tiny(), Budget({"macs": (0, 60_000)})
    seen = [
        Seen(number, drawn.decisions, None if number % 5 == 1 else (float(drawn.costs["params"]),))
        for number, drawn in enumerate(space.draws(40, budget))
    ]
    history, asked = History(), sampler(space, budget)
    for one in [*seen[20:30], *seen[:10], *seen[30:], *reversed(seen[10:20])]:
        history.add(one)
        if history.successes >= 10:
            given = asked.propose(history, np.random.default_rng(one.number))
            afresh = sampler(space, budget).propose(history, np.random.default_rng(one.number))
            assert next(given).decisions == next(afresh).decisions


def test_a_failure_counts_as_the_worst_of_the_trials_that_are_looked_at() -> None:
    history = History()
    for number, scores in [(3, (1.0, 5.0)), (0, None), (2, (2.0, 3.0)), (1, (4.0, 4.0))]:
        history.add(Seen(number, {}, scores))
    assert [seen.number for seen, _ in history.trials()] == [0, 1, 2, 3]
    assert history.trials()[0][1] == (1.0, 3.0)
    assert history.trials(2)[0][1] == (4.0, 4.0)
    assert history.trials(1) == []
    assert history.successes == 3


@pytest.mark.parametrize(
    ("count", "settled"),
    [
        (3, 3),
        (8, 8),
        (15, 8),
        (16, 16),
        (199, 192),
        (255, 240),
        (256, 256),
        (271, 256),
        (1000, 960),
    ],
)
def test_trials_settle_in_steps_that_grow_with_their_number(count, settled) -> None:
    history = History()
    for number in range(count):
        history.add(Seen(number, {}, (0.0,)))
    assert len(history.settled(8)) == settled
