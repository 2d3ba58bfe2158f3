"""Which decisions mattered: Optuna's own figures, and what is said where there are none."""

from __future__ import annotations

import warnings

import numpy as np
import optuna
import pytest
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution
from optuna.importance import PedAnovaImportanceEvaluator

from archdsl.components.options import written
from archdsl.language.settings import Objective
from archdsl.study.report.answers import answers_of
from archdsl.study.report.mattered import LEAST, SHARE, TOP, mattered, mattered_of
from tests.soon import law
from tests.study.records import drawn, made, record


def optunas(trials) -> dict[str, float]:
    """What Optuna's evaluator says of trials of which more is better, as shares."""
    table = answers_of(trials)
    kinds = {
        a: CategoricalDistribution(v) for a, v in zip(table.addresses, table.answers, strict=True)
    }
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize")
    optuna.logging.set_verbosity(level)
    study.add_trials(
        optuna.trial.create_trial(
            params={a: written(answer) for a, answer in one.decisions.items()},
            distributions={a: kinds[a] for a in one.decisions},
            value=one.values[0],
        )
        for one in trials
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a decision that one trial alone took
        found = PedAnovaImportanceEvaluator(target_quantile=max(SHARE, TOP / len(trials))).evaluate(
            study
        )
    several = {a for a, v in zip(table.addresses, table.answers, strict=True) if len(v) > 1}
    total = sum(found.values()) or 1.0
    return {address: share / total for address, share in found.items() if address in several}


@law(st.integers(0, 10**6), st.integers(LEAST, 120), st.integers(1, 6), few=10, many=200)
def test_shares_are_those_of_optunas_evaluator(seed: int, count: int, kinds: int) -> None:
    values = np.random.default_rng(seed).integers(0, 10**kinds, count) / 10**kinds
    trials = [made(n, one, float(values[n])) for n, one in enumerate(drawn(count, seed))]
    found = mattered(record(trials))
    if found.nothing is None:
        assert {one.address: one.share for one in found.importances} == pytest.approx(
            optunas(trials), abs=1e-9
        )
    else:
        assert found.nothing in ("tied", "equal")


def test_what_decides_is_above_chance_and_what_does_not_is_as_chance_has_it() -> None:
    members = drawn(400)
    noise = np.random.default_rng(1).normal(0, 0.1, 400)
    trials = [
        made(n, one, float(one["params.width"] / 8 + noise[n])) for n, one in enumerate(members)
    ]
    first, *others = mattered(record(trials)).importances
    assert first.address == "params.width"
    low, high = first.interval
    assert first.by_chance < low <= first.share <= high
    assert sum(one.share > one.by_chance for one in others) <= len(others) / 5


def test_it_is_the_same_again_and_with_a_loss_for_a_metric() -> None:
    values = np.random.default_rng(0).normal(size=90)
    members = drawn(90)
    good = [made(n, one, float(values[n])) for n, one in enumerate(members)]
    lost = [made(n, one, float(-values[n])) for n, one in enumerate(members)]
    found = mattered(record(good))
    assert found == mattered(record(good))
    assert found == mattered(record(lost, [Objective("accuracy", "minimize")]))


def test_of_two_objectives_the_metric_counts() -> None:
    values = np.random.default_rng(0).normal(size=60)
    one = [made(n, m, float(values[n])) for n, m in enumerate(drawn(60))]
    two = [
        made(n, m, float(values[n]), values=(9.0 - n, float(values[n])))
        for n, m in enumerate(drawn(60))
    ]
    objectives = Objective("macs", "minimize"), Objective("accuracy", "maximize")
    assert mattered(record(two, objectives)) == mattered(record(one))


def test_only_whole_trials_count() -> None:
    members, values = drawn(80), np.random.default_rng(0).normal(size=80)
    whole = [made(n, m, float(values[n])) for n, m in enumerate(members[:60])]
    rest = [
        made(60, members[60], None),
        made(61, members[61], None, state="paused"),
        made(62, members[62], None, state="outside"),
        made(63, members[63], 9.0, state="repeated"),
    ]
    assert mattered(record([*rest, *whole])) == mattered(record(whole))


def test_a_conditional_decision_counts_for_those_that_took_it() -> None:
    trials = [made(n, m, n / 100) for n, m in enumerate(drawn(100))]
    found = {one.address: one for one in mattered(record(trials)).importances}
    took = sum("stages.0.blocks.2.token_mixer" in one.decisions for one in trials)
    assert found["stages.0.blocks.2.token_mixer"].asked == took / 100
    assert found["params.width"].asked == 1


@pytest.mark.parametrize("count", [0, 1, 2, 9, LEAST - 1])
def test_few_trials_say_nothing(count: int) -> None:
    found = mattered(record([made(n, m, n / 9) for n, m in enumerate(drawn(count))]))
    assert (found.nothing, found.importances, found.trials) == ("few", (), count)
    enough = mattered(record([made(n, m, n / 9) for n, m in enumerate(drawn(LEAST))]))
    assert enough.nothing is None and enough.best == TOP


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([0.5] * 40, "equal"),
        ([1.0] * 21 + [0.5] * 19, "tied"),
        ([1.0] * 20 + [0.5] * 20, None),
        ([float("nan")] * 40, "few"),
        ([float("nan")] * 15 + [float("inf")] + [n / 9 for n in range(24)], None),
    ],
)
def test_ties_and_what_is_no_figure(values: list[float], why: str | None) -> None:
    found = mattered_of(answers_of([made(n, m, 0.0) for n, m in enumerate(drawn(40))]),
                        np.array(values))  # fmt: skip
    assert found.nothing == why
    assert all(np.isfinite([one.share, *one.interval]).all() for one in found.importances)


def test_decisions_that_all_answer_alike_are_named_and_have_no_importance() -> None:
    trials = [made(n, {"a": 1, "b": n % 3}, n / 60) for n in range(60)]
    found = mattered(record(trials))
    assert found.alike == ("a",) and [one.address for one in found.importances] == ["b"]
    assert found.importances[0].share in (0.0, 1.0), "it is all there is"
    alone = mattered(record([made(n, {"a": 1}, n / 60) for n in range(60)]))
    assert (alone.nothing, alone.alike) == ("single", ("a",))
    assert mattered(record([made(n, {}, n / 60) for n in range(60)])).nothing == "single"
