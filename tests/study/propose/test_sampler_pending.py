"""The samplers in a study whose trials are asked for and told of in any order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import optuna
import pytest
from optuna.trial import Trial, TrialState

import archdsl
from archdsl.errors import SearchError
from archdsl.study.propose.fingerprints import fingerprint
from tests.study.conftest import tiny_space

NAMES = ("gp", "tpe", "evolution", "random", "grid")
SPACE = tiny_space()
SMALL = tiny_space({"stages.0.depth": 1, "stages.1.depth": 1})
BUDGET = {"macs": ["16k", "60k"], "params": "9k"}
ENDS = ("value", "value", "value", "failed", "pruned", "nan")


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


class Asked:
    """A study with trials under way, each with what it tries.

    tried: networks of all trials, in the order of their numbers
    """

    def __init__(self, space: Any, budget: Any, name: str, seed: int = 0) -> None:
        self.space = space
        self.inside = archdsl.BudgetSampler(space, budget, name, seed=seed).settings.budget
        self.study = optuna.create_study(
            direction="maximize", sampler=archdsl.BudgetSampler(space, budget, name, seed=seed)
        )
        self.pending: list[tuple[Trial, float]] = []
        self.tried: list[str] = []

    def ask(self) -> None:
        trial = self.study.ask()
        try:
            member = archdsl.suggest(trial, self.space)
        except SearchError:
            self.study.tell(trial, state=TrialState.FAIL)
            raise
        cost = self.space.cost(member)
        assert self.inside.allows(cost)
        self.tried.append(fingerprint(member.network()))
        self.pending.append((trial, cost.params / 1e4))

    def end(self, which: int, how: str) -> None:
        trial, value = self.pending.pop(which % len(self.pending))
        match how:
            case "failed":
                self.study.tell(trial, state=TrialState.FAIL)
            case "pruned":
                trial.report(value, 1)
                self.study.tell(trial, state=TrialState.PRUNED)
            case "nan":
                self.study.tell(trial, float("nan"), skip_if_finished=True)
            case _:
                self.study.tell(trial, value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(2))
def test_a_space_is_gone_through_though_most_of_it_is_pending(name, seed) -> None:
    budget = {"macs": "18k"}
    inside = {
        fingerprint(one.network()) for one in SMALL.enumerate() if SMALL.cost(one).macs <= 18_000
    }
    asked, draws = Asked(SMALL, budget, name, seed), random.Random(seed)
    with pytest.raises(SearchError) as caught:
        while True:
            asked.ask()
            while len(asked.pending) > len(inside) * 0.7:
                asked.end(draws.randrange(99), draws.choice(ENDS))
    assert str(caught.value) == "every architecture inside the budget was tried"
    assert set(asked.tried) == inside and len(asked.tried) == len(inside)
    assert asked.pending
    while asked.pending:  # what is under way ends as it would
        asked.end(0, "value")
    assert max(trial.value or 0 for trial in asked.study.trials) == asked.study.best_value


@pytest.mark.parametrize("name", NAMES)
def test_threads_try_different_members_though_some_fail(name) -> None:
    asked = Asked(SPACE, BUDGET, name)

    def objective(trial: Trial) -> float:
        member = archdsl.suggest(trial, SPACE)
        assert asked.inside.allows(SPACE.cost(member))
        trial.set_user_attr("network", fingerprint(member.network()))
        if trial.number % 5 == 2:
            raise RuntimeError("this one cannot be trained")
        if trial.number % 5 == 4:
            raise optuna.TrialPruned
        return SPACE.cost(member).params / 1e4

    asked.study.optimize(objective, n_trials=32, n_jobs=4, catch=RuntimeError)
    tried = [trial.user_attrs["network"] for trial in asked.study.trials]
    assert len(tried) == len(set(tried)) == 32
    states = [trial.state for trial in asked.study.trials]
    assert (states.count(TrialState.COMPLETE), states.count(TrialState.FAIL)) == (20, 6)


@pytest.mark.parametrize("name", ["gp", "tpe", "evolution"])
def test_what_is_proposed_follows_from_what_is_over_and_what_is_pending(name) -> None:
    """And not from when the sampler heard of it: another one, asked once, proposes the same."""
    asked, draws = Asked(SPACE, BUDGET, name), random.Random(0)
    for _ in range(30):
        asked.ask()
        while len(asked.pending) > 5:
            asked.end(draws.randrange(99), "value")
    storage_knows = asked.study
    storage_knows.sampler = archdsl.BudgetSampler(SPACE, BUDGET, name)
    trial = storage_knows.ask()
    afresh = archdsl.suggest(trial, SPACE).decisions
    again = Asked(SPACE, BUDGET, name)
    draws = random.Random(0)
    for _ in range(30):
        again.ask()
        while len(again.pending) > 5:
            again.end(draws.randrange(99), "value")
    again.ask()
    assert afresh == again.study.trials[-1].params
