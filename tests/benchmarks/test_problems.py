"""The problems that samplers are compared on have the optimum that they say."""

from __future__ import annotations

import json
from itertools import islice, pairwise

import pytest

import archdsl
from benchmarks.analytic import OPTIMA, analytic
from benchmarks.compare import SAMPLERS, run
from benchmarks.trained import FITS, table, trained, trained_once


def test_nothing_that_is_tried_beats_the_analytic_optimum() -> None:
    problem = analytic(5)
    optimum = json.loads(OPTIMA.read_text(encoding="utf-8"))[5]
    member = problem.space.member(optimum)
    assert problem.value(optimum) == pytest.approx(problem.best)
    assert problem.space.cost(member).macs == problem.budget["macs"][1]
    drawn = [one.decisions for one in problem.space.draws(200, dict(problem.budget))]
    assert max(map(problem.value, drawn)) < problem.best - 0.1
    near = islice(problem.space.neighbours(member, dict(problem.budget)), 60)
    # the last of an odd number of decisions stands in no pair, and only its MACs count
    assert all(problem.value(one.decisions) <= problem.best + 1e-12 for one in near)


def test_the_analytic_budget_lets_in_about_one_in_a_thousand() -> None:
    problem = analytic(5)
    count = problem.space.count(dict(problem.budget))
    assert problem.space.size > 1e20 and count.certified
    assert 0.0005 < count / problem.space.size < 0.0015


@pytest.mark.parametrize("budget", FITS)
def test_the_budgets_of_the_table_let_in_what_they_say(budget) -> None:
    problem = trained(budget)
    fitting = [e for e in table() if problem.budget.allows({"macs": e.macs})]
    assert len(fitting) == pytest.approx(FITS[budget] * 1024, abs=3)
    assert max(problem.value(e.decisions) for e in fitting) == problem.best
    once = trained_once(budget, seed=3)
    entry = fitting[0]
    assert once.value(entry.decisions) in entry.finals
    assert once.judged(entry.decisions) == problem.value(entry.decisions)
    seen = {trained_once(budget, seed).value(entry.decisions) for seed in range(20)}
    assert seen == set(entry.finals)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_regret_never_grows_and_ends_where_the_best_is(sampler) -> None:
    record = run(trained("tight"), sampler, seed=0, trials=25)
    assert all(before >= after >= 0 for before, after in pairwise(record["regret"]))
    if sampler in ("gp", "tpe", "evolution", "random"):
        assert record["inside_and_new"] == 25
    again = run(trained("tight"), sampler, seed=0, trials=25)
    assert again["regret"] == record["regret"]
    assert isinstance(trained("tight").space, archdsl.Space)
