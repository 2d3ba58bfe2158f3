"""What is tried with several workers follows from space, seed and their number alone."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archdsl.errors import SearchError
from archdsl.study import Candidate, Result, events
from archdsl.study.engines.job import Outcome, Over
from archdsl.study.engines.work import Work
from archdsl.study.record.folder import read_state
from tests.study.conftest import judged
from tests.study.engines.delayed import Delayed

SAMPLERS: list[Any] = [
    "gp", "tpe", "evolution", "random", "grid", "optuna:TPESampler",
    {"type": "optuna:TPESampler", "constant_liar": True, "n_startup_trials": 4},
    {"type": "optuna:NSGAIISampler", "population_size": 4},
    "optuna:QMCSampler",
]  # fmt: skip
GIVEN = {"budget": {"macs": "60k"}, "trials": 32}
WORKERS = 3


def fragile(candidate: Candidate) -> float:
    if candidate.number % 7 == 5:
        raise ValueError("this one cannot be trained")
    return judged(candidate)


def names(sampler: Any) -> str:
    return sampler if isinstance(sampler, str) else "+".join(map(str, sampler.values()))


@pytest.fixture
def side_by_side(run) -> Callable[..., Result]:
    """Search with some workers that take as long as `seed` says."""

    def searched(
        space: Any, seed: int = 0, out: Path | None = None, workers: int = WORKERS, **given: Any
    ) -> Result:
        evaluate = given.setdefault("evaluate", fragile)
        engine = Delayed(Work(evaluate, space=space), workers, seed)
        result: Result = run(space, out, engine=engine, **given)
        return result

    return searched


def told(result: Result) -> list[Any]:
    return [
        (t.number, t.origin, t.decisions, t.state, t.values, t.cause, t.epochs)
        for t in result.trials
    ]


@pytest.mark.slow
@pytest.mark.parametrize("sampler", SAMPLERS, ids=names)
def test_who_finishes_first_makes_no_difference(tiny, side_by_side, sampler) -> None:
    space = tiny(**GIVEN, sampler=sampler)
    one, *others = [side_by_side(space, seed) for seed in range(3)]
    assert len(one.trials) == 32
    for other in others:
        assert told(other) == told(one)
        assert (other.best.number, other.ended) == (one.best.number, one.ended)


def test_they_do_finish_in_another_order(tiny, run) -> None:
    space = tiny(**GIVEN)
    engines = [Delayed(Work(fragile, space=space), WORKERS, seed) for seed in range(2)]
    for engine in engines:
        run(space, evaluate=fragile, engine=engine)
        assert engine.most == WORKERS and engine.order != sorted(engine.order)
    assert engines[0].order != engines[1].order


@pytest.mark.slow
@pytest.mark.parametrize("sampler", SAMPLERS, ids=names)
@pytest.mark.parametrize("last", [16, 27])
def test_a_proposal_follows_from_no_result_later_than_it_knows(
    tiny, side_by_side, sampler, last
) -> None:
    space = tiny(**GIVEN, sampler=sampler)
    known = last - 2 * WORKERS

    def altered(candidate: Candidate) -> float:
        if candidate.number <= known:
            return fragile(candidate)
        if candidate.number % 2:
            raise ValueError("nor this one")
        return -float(candidate.number)

    one, other = side_by_side(space), side_by_side(space, evaluate=altered)
    proposed = [[(t.origin, t.decisions) for t in result.trials] for result in (one, other)]
    assert proposed[0][: last + 1] == proposed[1][: last + 1]
    if sampler in ("gp", "tpe", "evolution") and last == 16:
        assert proposed[0] != proposed[1]  # what it does know, it uses


@pytest.mark.parametrize("sampler", ["random", "grid"])
def test_who_learns_nothing_waits_for_nothing(tiny, run, sampler) -> None:
    """The first trial is over last."""
    space = tiny(**GIVEN, sampler=sampler)

    class FirstLast(Delayed):
        def submit(self, job: Any) -> None:
            super().submit(job)
            if job.trial == 0:
                self._due = {1e9: job}

    engine = FirstLast(Work(judged, space=space), WORKERS, 0)
    run(space, engine=engine)
    assert engine.order[-1] == 0
    alone = run(space)
    assert [t.decisions for t in alone.trials] == [t.decisions for t in run(space).trials]


def test_a_worker_that_ends_before_its_job_begins_costs_no_trial(tiny, run) -> None:
    space = tiny(**{**GIVEN, "trials": 8}, sampler="random")

    class Killed(Delayed):
        """Trial 3 never begins where it is tried the first time."""

        killed = False

        def events(self, hear: Any) -> None:
            early = next((job for job in self._begun if job.trial == 3), None)
            if early is None or self.killed:
                super().events(hear)
                return
            self.killed = True
            self._begun.remove(early)
            self._due = {due: job for due, job in self._due.items() if job is not early}
            hear(Over(early, Outcome("failed", cause="killed: from outside", fault="killed")))

    engine = Killed(Work(judged, space=space), WORKERS, 0)
    heard: list[Any] = []
    assert told(run(space, engine=engine, listener=heard.append)) == told(run(space))
    assert engine.killed
    assert [e.number for e in heard if isinstance(e, events.TrialRetried)] == [3]


def lines_of(out: Path) -> list[bytes]:
    return (out / "record.jsonl").read_bytes().splitlines(keepends=True)


def half(out: Path, kept: int, at: Path) -> Path:
    """A run as a kill after so many events leaves it."""
    shutil.rmtree(at, ignore_errors=True)
    at.mkdir()
    (at / "record.jsonl").write_bytes(b"".join(lines_of(out)[:kept]))
    return at


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["gp", "evolution", SAMPLERS[6]], ids=names)
def test_a_search_that_is_killed_goes_on_as_if_it_had_not_been(
    tiny, side_by_side, tmp_path, sampler
) -> None:
    space = tiny(**{**GIVEN, "trials": 24}, sampler=sampler)
    whole = side_by_side(space, out=tmp_path / "whole")
    for kept in range(3, len(lines_of(tmp_path / "whole")), 17):
        out = half(tmp_path / "whole", kept, tmp_path / "half")
        assert told(side_by_side(space, kept, out)) == told(whole)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["gp", SAMPLERS[6]], ids=names)
@pytest.mark.parametrize("workers", [1, 5])
def test_the_number_of_workers_may_change_when_it_goes_on(
    tiny, side_by_side, tmp_path, sampler, workers
) -> None:
    space = tiny(**{**GIVEN, "trials": 24}, sampler=sampler)
    whole = side_by_side(space, out=tmp_path / "whole")
    out = half(tmp_path / "whole", 45, tmp_path / "one")
    state = read_state(out)
    assert state is not None and state.pending
    first = len(state.trials)
    one = side_by_side(space, 1, out, workers)
    other = side_by_side(space, 2, half(tmp_path / "whole", 45, tmp_path / "other"), workers)
    assert told(one) == told(other)
    assert told(one)[:first] == told(whole)[:first]
    after = read_state(out)
    assert after is not None
    spans = [(session.first_trial, session.workers) for session in after.sessions]
    assert spans == [(0, WORKERS), (first, workers)]
    # and killed once more, later: what each proposal knew is on record
    again = half(out, len(lines_of(out)) - 9, tmp_path / "again")
    assert told(side_by_side(space, 3, again, workers)) == told(one)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["gp", "tpe", "evolution", "random", "grid"])
def test_a_space_is_exhausted_when_all_of_it_was_tried(tiny, side_by_side, sampler) -> None:
    patches = {"stages.0.depth": 1, "stages.1.depth": 1}
    space = tiny(patches, trials=99, sampler=sampler, budget={"macs": "18k"})
    fitting = {repr(m.network()) for m in space.enumerate() if space.cost(m).macs <= 18_000}
    for seed, workers in itertools.product(range(2), (3, 40)):
        result = side_by_side(space, seed, workers=workers, evaluate=lambda candidate: 0.5)
        assert result.ended == "exhausted"
        assert {repr(trial.spec.network()) for trial in result.trials} == fitting
        assert len(result.trials) == len(fitting)


@pytest.mark.slow
def test_a_search_that_finds_nothing_new_ends_once_all_is_over(
    tiny, side_by_side, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("archdsl.study.propose.members.ENUMERABLE", 0)
    monkeypatch.setattr("archdsl.study.propose.proposals.LIMIT", 40)
    smallest = min(tiny().cost(m).params for m in tiny().enumerate())
    space = tiny(budget={"params": smallest}, sampler="random", trials=99)
    for seed in range(3):
        with pytest.raises(SearchError, match="40 draws inside the budget"):
            side_by_side(space, seed, tmp_path / f"{seed}", evaluate=judged)
    states = [read_state(tmp_path / f"{seed}") for seed in range(3)]
    assert not any(state is None or state.pending for state in states)
    assert len({len(state.finished) for state in states if state is not None}) == 1


def test_what_is_being_trained_already_is_answered_when_it_is_over(tiny, side_by_side) -> None:
    space = tiny(
        {"params.width": 8}, budget={"macs": "30k"}, trials=60, sampler="optuna:RandomSampler"
    )
    seen: list[str] = []

    def evaluate(candidate: Candidate) -> float:
        seen.append(repr(candidate.spec.network()))
        return fragile(candidate)

    one, other = [side_by_side(space, seed, evaluate=evaluate, workers=8) for seed in (0, 1)]
    assert told(one) == told(other)
    assert len(set(seen)) == sum(trial.trained for trial in one.trials) == len(seen) / 2
    repeated = [trial for trial in one.trials if trial.state == "repeated"]
    early = 0
    for trial in repeated:
        first = next(t for t in one.trials if t.network == trial.network)
        assert (trial.values, trial.metrics, trial.cause) == (
            first.values, first.metrics, first.cause,
        )  # fmt: skip
        early += trial.number - first.number < 16  # it was pending when this was proposed
    assert early


def test_a_kill_before_the_answer_does_not_have_it_trained(tiny, side_by_side, tmp_path) -> None:
    space = tiny(trials=30, budget={"macs": "40k"}, sampler="optuna:RandomSampler")
    whole = side_by_side(space, out=tmp_path / "whole")
    trial = next(trial for trial in whole.trials if trial.state == "outside")
    proposed = f'"event": "proposed", "trial": {trial.number},'.encode()
    kept = next(at for at, line in enumerate(lines_of(tmp_path / "whole"), 1) if proposed in line)
    out = half(tmp_path / "whole", kept, tmp_path / "half")
    assert told(side_by_side(space, 5, out)) == told(whole)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_search_gives_up_by_the_order_of_the_numbers(tiny, side_by_side, tmp_path, seed) -> None:
    def hopeless(candidate: Candidate) -> float:
        if candidate.number >= 4:
            raise ValueError(f"no data for {candidate.number}")
        return 0.5

    space = tiny(**GIVEN, sampler="random")
    with pytest.raises(SearchError) as caught:
        side_by_side(space, seed, tmp_path / "run", evaluate=hopeless)
    said = str(caught.value)
    assert said.startswith(
        "10 trials in a row failed of the same cause: ValueError: no data for 13"
    )


def test_trials_are_listed_by_number(tiny, side_by_side, tmp_path) -> None:
    result = side_by_side(tiny(**GIVEN), 1, tmp_path / "run")
    lines = (tmp_path / "run" / "trials.jsonl").read_text().splitlines()
    assert [line.startswith(f'{{"number": {n},') for n, line in enumerate(lines)] == [True] * 32
    assert len(result.trials) == 32


def test_workers_that_have_no_trial_are_noted(tiny, side_by_side) -> None:
    def noted(workers: int) -> list[str]:
        heard: list[Any] = []
        space = tiny(trials=2, sampler="random", workers=workers)
        side_by_side(space, evaluate=judged, listener=heard.append)
        return [event.text for event in heard if isinstance(event, events.Notice)]

    assert noted(9) == ["search.workers: 9 workers for 2 trials, 7 of them with no trial to judge"]
    assert noted(2) == []
