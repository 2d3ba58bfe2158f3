"""What a proposal knows of a record, whoever finishes first and however often it goes on."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archdsl.study.phases.in_order import InOrder
from archdsl.study.propose.known import known
from archdsl.study.record.events import Created, Finished, Proposed, Running, Session, Training
from archdsl.study.record.state import State
from archdsl.study.trial import Trial

SETUP = {"settings": {"objectives": [{"name": "accuracy", "direction": "maximize"}]}}
SESSIONS = st.lists(st.tuples(st.integers(0, 25), st.integers(1, 6)), min_size=1, max_size=4)
"""How many trials a session proposes, and how many workers it has."""


class Noted:
    """Stands for the proposals, and notes what it was told before each."""

    learns = True

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.told: list[tuple[int, Any]] = []

    def take(self, trial: Trial) -> None:
        self.taken.append(trial.number)

    def tell(self, trial: Trial) -> None:
        assert trial.number in self.taken
        self.told.append((trial.number, trial.values))

    def next(self, number: int) -> tuple[list[int], list[tuple[int, Any]]]:
        assert self.taken == list(range(number))
        return list(self.taken), list(self.told)


def lag(workers: int) -> int:
    """How many trials before a proposal the last one is whose result it knows."""
    return 1 if workers == 1 else 2 * workers


def knows(sessions: list[tuple[int, int]]) -> list[int]:
    """How many results each proposal knows: those two rounds ago, and no fewer than the last."""
    counts = list[int]()
    for more, workers in sessions:
        for _ in range(more):
            own = len(counts) + 1 - lag(workers)
            counts.append(max(own, counts[-1] if counts else 0))
    return counts


@dataclass
class Simulated:
    """A record that grows as workers finish in an order that is drawn."""

    draws: random.Random
    state: State
    running: list[int]

    def propose(self) -> None:
        number = len(self.state.trials)
        self.state.hear(
            Proposed(number, "gp", {"a": number}, "text", {"macs": 5}, f"network {number}")
        )
        self.state.hear(Running(Training(number, "search", 0, 0), None, 1.0))
        self.running.append(number)

    def finish_one(self) -> None:
        number = self.running.pop(self.draws.randrange(len(self.running)))
        value = None if number % 5 == 3 else [float(number)]
        state = "failed" if value is None else "complete"
        self.state.hear(Finished(number, state, {}, value, None, None, 1.0, 1.0, 2.0))


@given(SESSIONS, st.integers(0, 2**16))
def test_a_proposal_knows_the_results_two_rounds_ago_and_the_rest_as_pending(
    sessions, seed
) -> None:
    draws = random.Random(seed)
    simulated = Simulated(draws, State(), [])
    state = simulated.state
    state.hear(Created("tiny", "name: tiny\n", SETUP, {}))
    given_to: list[tuple[list[int], list[tuple[int, Any]]]] = []
    for more, workers in sessions:
        state.hear(Session("", len(state.trials), {}, {}, workers))
        noted = Noted()
        asked = InOrder(noted)  # type: ignore[arg-type]  # afresh, as when a search goes on
        for _ in range(more):
            # as many as there are workers run; each is asked whether there is more, and may wait
            while len(simulated.running) >= workers or not asked.ready(state):
                simulated.finish_one()
            for _ in range(draws.randrange(len(simulated.running) + 1)):
                simulated.finish_one()  # what came in early is not looked at
            assert asked.ready(state)
            given_to.append(asked.next(state))  # type: ignore[arg-type]
            simulated.propose()
    counts = knows(sessions)
    assert [known(number, state.sessions) for number in range(len(counts))] == counts
    for number, (taken, told) in enumerate(given_to):
        assert taken == list(range(number))
        expected = [(n, None if n % 5 == 3 else (float(n),)) for n in range(max(0, counts[number]))]
        assert told == expected


@given(SESSIONS, st.integers(1, 6), st.integers(0, 2**16))
def test_it_waits_for_those_results_and_for_no_others(sessions, workers, seed) -> None:
    """The first that is missing among those that it is to know holds it up, no later one."""
    draws = random.Random(seed)
    simulated = Simulated(draws, State(), [])
    state = simulated.state
    state.hear(Created("tiny", "name: tiny\n", SETUP, {}))
    for more, many in sessions:
        state.hear(Session("", len(state.trials), {}, {}, many))
        for _ in range(more):
            simulated.propose()
    state.hear(Session("", len(state.trials), {}, {}, workers))
    needed = max(0, known(len(state.trials), state.sessions))
    while simulated.running:
        ready = InOrder(Noted()).ready(state)  # type: ignore[arg-type]
        assert ready == (not any(number < needed for number in simulated.running))
        simulated.finish_one()
    assert InOrder(Noted()).ready(state)  # type: ignore[arg-type]
