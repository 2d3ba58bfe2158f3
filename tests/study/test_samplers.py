"""The samplers by themselves: functions of a history and of what is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archdsl.study.samplers import Evolution, Gp, History, Seen, Tpe


@pytest.mark.parametrize("sampler", [Evolution, Gp, Tpe])
def test_a_history_and_a_seed_give_the_same_proposals(tiny, sampler) -> None:
    space, budget = tiny(), {"macs": (0, 60_000)}
    history = History()
    for number, drawn in enumerate(space.draws(12, budget)):
        history.add(Seen(number, drawn.decisions, (float(drawn.costs["params"]),)))

    def proposed() -> list[dict[str, Any]]:
        given = sampler(space, budget).propose(history, np.random.default_rng(7))
        return [next(given).decisions for _ in range(6)]

    assert proposed() == proposed()
    assert all(space.cost(space.member(one)).macs <= 60_000 for one in proposed())
