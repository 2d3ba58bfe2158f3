"""Optuna's own samplers in our search: what they propose outside the budget is not trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.language.settings import Objective, SearchSettings
from archdsl.study import Candidate
from archdsl.study.causes import Failures
from archdsl.study.propose.optunas import OptunaSampler, made
from archdsl.study.report.page import page
from archdsl.study.report.read import read
from archdsl.study.trial import Trial
from tests.study.conftest import judged

TIGHT = {"macs": "40k"}
SAMPLERS: list[Any] = [
    "optuna:TPESampler",
    {"type": "optuna:TPESampler", "multivariate": True, "group": True, "n_startup_trials": 4},
    {"type": "optuna:NSGAIISampler", "population_size": 4},
    {"type": "optuna:NSGAIIISampler", "population_size": 4},
    pytest.param({"type": "optuna:GPSampler", "n_startup_trials": 4}, marks=pytest.mark.slow),
    {"type": "optuna:QMCSampler", "qmc_type": "halton", "scramble": True},
    "optuna:RandomSampler",
]


def names(sampler: Any) -> str:
    return sampler if isinstance(sampler, str) else "+".join(map(str, sampler.values()))


def tried(result: Any) -> list[tuple[str, dict[str, Any], Any]]:
    return [(trial.state, trial.decisions, trial.values) for trial in result.trials]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=names)
def test_trials_outside_the_budget_count_and_are_not_trained(tiny, run, sampler) -> None:
    space = tiny(budget=TIGHT, trials=24, sampler=sampler)
    budget = space.spec.settings().budget
    trained: list[int] = []

    def evaluate(candidate: Candidate) -> float:
        trained.append(candidate.number)
        return judged(candidate)

    result = run(space, evaluate=evaluate)
    assert [trial.number for trial in result.trials] == list(range(24))
    assert [trial.origin for trial in result.trials] == ["default", *["optuna"] * 23]
    assert trained == [trial.number for trial in result.trials if trial.trained]
    assert any(trial.state == "outside" for trial in result.trials)
    for trial in result.trials:
        assert (trial.state == "outside") == (not budget.allows(trial.costs))
        assert (trial.values is None) == (trial.state == "outside")
    assert result.best is not None and result.best.state == "complete"


@pytest.mark.parametrize(
    "sampler",
    [pytest.param(one, marks=pytest.mark.slow) if isinstance(one, dict) else one
     for one in SAMPLERS],
    ids=names,
)  # fmt: skip
def test_a_search_that_goes_on_tries_what_it_would_have_tried(tiny, run, tmp_path, sampler) -> None:
    given = {"budget": TIGHT, "sampler": sampler, "trials": 20}
    whole = run(tiny(**given))
    for trials in (5, 11, 20):
        parts = run(tiny(**{**given, "trials": trials}), out=tmp_path / "run")
    assert tried(parts) == tried(whole)


def test_what_stands_on_record_is_answered_from_it(tiny, run) -> None:
    patches = {"params.width": 8}
    space = tiny(patches, budget={"macs": "30k"}, trials=60, sampler="optuna:RandomSampler")
    seen: list[str] = []

    def evaluate(candidate: Candidate) -> float:
        seen.append(repr(candidate.spec.network()))
        return judged(candidate)

    result = run(space, evaluate=evaluate)
    repeated = [trial for trial in result.trials if trial.state == "repeated"]
    assert len(seen) == len(set(seen)) == sum(trial.trained for trial in result.trials)
    assert repeated
    for trial in repeated:
        first = next(t for t in result.trials if t.network == trial.network)
        assert (trial.values, trial.metrics) == (first.values, first.metrics)
        assert first.number < trial.number and first.state == "complete"


def test_the_sampler_is_told_by_how_much_a_member_is_outside(tiny) -> None:
    space = tiny(budget=TIGHT, sampler="optuna:RandomSampler")
    settings = space.spec.settings()
    sampler = OptunaSampler(space, settings)

    def told(number: int, origin: Any, member: Any, state: Any, values: Any) -> Any:
        costs = space.cost(member).totals()
        decisions = dict(member.decisions)
        trial = Trial(number, origin, decisions, "", costs, "", state, values=values)
        sampler.take(trial)
        sampler.tell(trial)
        return sampler._study.trials[-1]

    first = told(0, "default", space.default(), "complete", (0.25,))
    assert (first.values, first.constraints) == ([0.25], {"budget": 0.0})
    for number in range(1, 12):
        member = sampler.propose()
        macs = space.cost(member).macs
        state, values = ("complete", (0.5,)) if macs <= 40_000 else ("outside", None)
        known = told(number, "optuna", member, state, values)
        over = max(0.0, macs / 40_000 - 1)
        assert known.constraints == pytest.approx({"budget": over})
        assert known.values == ([0.5] if over == 0 else [0.25])
        assert known.params == member.decisions


def test_two_objectives(tiny, run) -> None:
    space = tiny(
        maximize="accuracy",
        minimize="macs",
        budget=TIGHT,
        trials=20,
        sampler="optuna:NSGAIISampler",
    )
    result = run(space)
    assert len(result.trials) == 20
    assert all(space.spec.settings().budget.allows(trial.costs) for trial in result.front)


def test_trials_answered_at_once_neither_excuse_failures_nor_add_to_them() -> None:
    def trial(state: Any) -> Trial:
        cause = "no data" if state == "failed" else None
        return Trial(0, "optuna", {}, "", {}, "", state, cause=cause)

    def hopeless(trials: list[Trial]) -> bool:
        failures = Failures()
        return [failures.hopeless(one) for one in trials][-1]

    failed, outside, repeated = map(trial, ("failed", "outside", "repeated"))
    assert hopeless([failed, outside, failed, repeated, failed])
    assert not hopeless([failed, failed, failed, outside])
    assert not hopeless([outside, failed, failed, repeated])
    assert not hopeless([outside])
    assert not hopeless([*[failed] * 3, trial("complete"), *[failed] * 9])
    assert hopeless([*[failed] * 3, trial("complete"), *[failed] * 10])


def test_the_report_says_what_was_not_trained(tiny, run, tmp_path: Path) -> None:
    sampler = {"type": "optuna:TPESampler", "multivariate": True}
    out = tmp_path / "run"
    run(tiny(budget=TIGHT, trials=20, sampler=sampler), out=out)
    record = read(out)
    outside, repeated = len(record.outside), len(record.repeated)
    assert outside and outside + repeated + len(record.complete) == 20
    said = " ".join(page(record).split())
    assert "<code>optuna:TPESampler</code>, multivariate True, seed 0." in said
    assert f"proposed {outside} outside the budget and {repeated} that were on record" in said
    assert said.count(">outside</td>") == outside * len(record.trials[0].metrics)


def test_other_options_are_another_search(tiny, run, tmp_path: Path) -> None:
    def once(startup: int) -> None:
        sampler = {"type": "optuna:TPESampler", "n_startup_trials": startup}
        run(tiny(budget=TIGHT, trials=2, sampler=sampler), out=tmp_path / "run")

    once(4)
    with pytest.raises(SearchError, match=r"in which search.sampler.n_startup_trials was 4, and"):
        once(5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"multivariat": True},
            "search.sampler.multivariat: TPESampler of Optuna 5.0.0 has no such option that a text "
            "can say.  did you mean 'multivariate'?  it takes: ",
        ),
        ({"seed": 3}, "search.sampler.seed: TPESampler of Optuna 5.0.0 has no such option"),
        ({"gamma": 3}, "search.sampler.gamma: TPESampler of Optuna 5.0.0 has no such option"),
        ({"multivariate": 1}, "search.sampler.multivariate: 1 is not bool or none"),
        ({"n_ei_candidates": "many"}, "search.sampler.n_ei_candidates: 'many' is not int"),
        (
            {"type": "optuna:QMCSampler", "qmc_type": "magic"},
            "search.sampler: QMCSampler cannot be ",
        ),
    ],
)
def test_an_option_that_is_none_is_refused_before_anything_is_done(
    tiny, run, options, said, monkeypatch
) -> None:
    monkeypatch.setattr("optuna.__version__", "5.0.0")
    space = tiny(sampler={"type": "optuna:TPESampler", **options})
    heard: list[Any] = []
    with pytest.raises(SearchError) as caught:
        run(space, listener=heard.append)
    assert str(caught.value).startswith(said)
    assert not heard


def test_a_sampler_that_fails_later_ends_the_search_in_words(tiny, run) -> None:
    sampler = {"type": "optuna:TPESampler", "n_startup_trials": 1, "n_ei_candidates": 0}
    with pytest.raises(SearchError, match=r"^search.sampler: optuna:TPESampler cannot propose: "):
        run(tiny(sampler=sampler, trials=9))


def test_a_sampler_by_way_of_python_is_refused_too(tiny) -> None:
    settings = SearchSettings(sampler="optuna:GridSampler")
    with pytest.raises(SearchError, match="Optuna's 'GridSampler' is not offered"):
        archdsl.study.search(tiny(), evaluate=judged, settings=settings)
    assert settings.objectives == (Objective("accuracy", "maximize"),)
    with pytest.raises(SearchError, match=r"has no such option that a text can say.  it takes"):
        made("optuna:RandomSampler", {"multivariate": True}, 0)
