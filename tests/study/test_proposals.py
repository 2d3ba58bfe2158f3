"""What is tried: inside the budget, never twice, the same for the same seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from archdsl.errors import SearchError
from archdsl.study import Result

SAMPLERS = ("gp", "tpe", "evolution", "random", "grid")


def tried(result: Result) -> list[dict[str, Any]]:
    return [trial.decisions for trial in result.trials]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_trial_is_inside_the_budget_and_a_network_of_its_own(tiny, run, sampler) -> None:
    space = tiny(budget={"macs": ["20k", "60k"], "params": "9k"}, trials=24, sampler=sampler)
    result = run(space)
    budget = space.spec.settings().budget
    assert len(result.trials) == 24
    assert all(budget.allows(trial.costs) for trial in result.trials)
    assert len({repr(trial.spec.network()) for trial in result.trials}) == 24
    assert [trial.number for trial in result.trials] == list(range(24))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_same_seed_gives_the_same_trials(tiny, run, sampler) -> None:
    given = {"budget": {"macs": "60k"}, "trials": 16, "sampler": sampler}
    one, other = run(tiny(**given)), run(tiny(**given))
    assert tried(one) == tried(other)
    assert [trial.origin for trial in one.trials] == [trial.origin for trial in other.trials]


@pytest.mark.parametrize("sampler", ["tpe", "gp", "random"])
def test_another_seed_gives_other_trials(tiny, run, sampler) -> None:
    one = run(tiny(trials=6, sampler=sampler))
    other = run(tiny(trials=6, sampler=sampler, seed=1))
    assert tried(one)[0] == tried(other)[0]
    assert tried(one) != tried(other)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_more_trials_begin_with_the_same(tiny, run, sampler) -> None:
    few = run(tiny(trials=12, sampler=sampler))
    many = run(tiny(trials=18, sampler=sampler))
    assert tried(many)[:12] == tried(few)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_first_trial_is_the_default(tiny, run, sampler) -> None:
    space = tiny(trials=2, sampler=sampler)
    first, second = run(space).trials
    assert (first.origin, first.decisions) == ("default", space.default().decisions)
    assert second.origin == ("grid" if sampler == "grid" else "random")


def test_the_grid_follows_the_enumeration(tiny, run) -> None:
    space = tiny(budget={"macs": "60k"}, trials=10, sampler="grid")
    members = [m.decisions for m in space.enumerate() if space.cost(m).macs <= 60_000]
    assert tried(run(space)) == members[:10]  # the default is the first


def test_the_grid_of_a_space_too_large_to_visit_is_the_same(tiny, run, monkeypatch) -> None:
    space = tiny(trials=10, sampler="grid", budget={"params": "9k"})
    known = tried(run(space))
    monkeypatch.setattr("archdsl.study.propose.members.ENUMERABLE", 0)
    assert tried(run(space)) == known


@pytest.mark.parametrize("sampler", ["gp", "tpe"])
def test_it_takes_over_after_ten_successes_and_finds_more(tiny, run, sampler) -> None:
    def total(sampler: str) -> float:
        result = run(tiny(trials=30, sampler=sampler))
        return sum(trial.metrics["accuracy"] for trial in result.trials[10:])

    origins = [trial.origin for trial in run(tiny(trials=14, sampler=sampler)).trials]
    assert origins == ["default", *["random"] * 9, *[sampler] * 4]
    assert total(sampler) > total("random") + 2


@pytest.mark.parametrize("sampler", ["gp", "tpe"])
def test_it_keeps_away_from_what_fails(tiny, run, sampler) -> None:
    def fragile(candidate: Any) -> float:
        if candidate.decisions["stages.0.token_mixer"] == "pooling":
            raise RuntimeError("pooling cannot be trained here")
        return candidate.decisions["stages.1.depth"] / 10

    trials = run(tiny(trials=45, seed=1, sampler=sampler), evaluate=fragile).trials
    drawn = [trial.cause is not None for trial in trials if trial.origin == "random"]
    proposed = [trial.cause is not None for trial in trials if trial.origin == sampler]
    assert len(proposed) > 20
    assert sum(proposed) / len(proposed) < 0.2 < sum(drawn) / len(drawn)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_exhausted_space_ends_the_search_and_says_so(tiny, run, sampler) -> None:
    patches = {"stages.0.depth": 1, "stages.1.depth": 1}
    space = tiny(patches, trials=99, sampler=sampler, budget={"macs": "18k"})
    fitting = [m for m in space.enumerate() if space.cost(m).macs <= 18_000]
    result = run(space, evaluate=lambda candidate: 0.5)
    assert result.ended == "exhausted"
    assert len(result.trials) == len({repr(m.network()) for m in fitting}) == len(fitting)
    assert result.message == (
        f"the space is exhausted: all {len(fitting)} different architectures inside the budget "
        "were tried, of 99 trials asked for"
    )


def test_two_records_of_one_network_are_trained_once(tiny, run) -> None:
    wider = {"type": "pooling", "kernel": {"choice": [3, 5]}, "label": "wider"}
    mixers = ["pooling", wider]  # the same under one answer
    patches = {"block.token_mixer": {"choice": mixers}, "params.width": 8}
    result = run(tiny(patches, trials=99), evaluate=lambda candidate: 0.5)
    assert result.survey.size == 27
    assert len(result.trials) == 18
    assert result.ended == "exhausted"


def test_a_space_of_one_has_one_trial(tiny, run) -> None:
    only = {"stages.0.depth": 1, "stages.1.depth": 1, "params.width": 8}
    result = run(tiny({**only, "block.token_mixer": "pooling"}), evaluate=lambda candidate: 0.5)
    assert result.survey.words() == "1 architecture"
    assert len(result.trials) == 1


def test_a_search_that_finds_nothing_new_stops(tiny, run, monkeypatch) -> None:
    # too large to be looked through, and few members fit
    monkeypatch.setattr("archdsl.study.propose.members.ENUMERABLE", 0)
    monkeypatch.setattr("archdsl.study.propose.proposals.LIMIT", 40)
    smallest = min(tiny().cost(m).params for m in tiny().enumerate())
    with pytest.raises(SearchError) as caught:
        run(tiny(budget={"params": smallest}, sampler="random", trials=99))
    said = str(caught.value)
    assert said.startswith("40 draws inside the budget") and "search.budget" in said


@pytest.mark.parametrize("sampler", ["tpe", "gp", "random"])
def test_a_small_space_is_looked_through_where_draws_fail(tiny, run, monkeypatch, sampler) -> None:
    monkeypatch.setattr("archdsl.study.propose.proposals.PATIENCE", 3)
    space = tiny(budget={"macs": "16k"}, trials=99, sampler=sampler)
    fitting = [m for m in space.enumerate() if space.cost(m).macs <= 16_000]
    result = run(space)
    assert result.ended == "exhausted"
    assert len(result.trials) == len(fitting) < 10


REPLAY = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tests.study.conftest import judged, tiny_space
from archdsl.study import search
space = tiny_space(budget={"macs": "60k"}, trials=16)
result = search(space, evaluate=judged, settings=space.spec.settings())
print(json.dumps([trial.decisions for trial in result.trials]))
"""


@pytest.mark.slow
def test_another_process_with_another_hash_seed_tries_the_same(tiny, run) -> None:
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", REPLAY, root],
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True, text=True, check=True, cwd=root,
    )  # fmt: skip
    here = run(tiny(budget={"macs": "60k"}, trials=16))
    assert json.loads(done.stdout) == tried(here)
