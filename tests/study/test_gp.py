"""The Gaussian process as a sampler: what it proposes, given what was tried."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from archdsl.amounts import Budget
from archdsl.study.propose.samplers import Gp, History, Seen, gaussian, gp
from archdsl.study.propose.samplers.indicators import Indicators

BUDGET = Budget({"macs": (0, 60_000)})
KERNEL = "stages.1.token_mixer.sep_conv.kernel"


def history_of(space: Any, worth: Callable[..., Any], count: int = 24, seed: int = 0) -> History:
    """Random members, judged. worth: None is a failure"""
    history = History()
    for number, drawn in enumerate(space.draws(count, BUDGET, seed, "stagewise")):
        found = worth(drawn.decisions)
        scores = found if found is None or isinstance(found, tuple) else (found,)
        history.add(Seen(number, drawn.decisions, scores))
    return history


def first(sampler: Gp, history: History, count: int = 8, seed: int = 0) -> list[dict[str, Any]]:
    given = sampler.propose(history, np.random.default_rng(seed))
    return [drawn.decisions for drawn, _ in zip(given, range(count), strict=False)]


def deep(decisions: dict[str, Any]) -> float:
    return float(decisions["stages.0.depth"] + decisions["stages.1.depth"])


def kernel(decisions: dict[str, Any]) -> float:
    """Only a question that few members are asked matters."""
    return 1.0 if decisions.get(KERNEL) == 5 else 0.0


def test_candidates_are_inside_and_were_not_tried(tiny) -> None:
    space = tiny()
    history = history_of(space, deep, 60)
    tried = [seen.decisions for seen, _ in history.trials()]
    proposed = first(Gp(space, BUDGET), history, 40)
    assert not any(one in tried for one in proposed)
    assert all(space.cost(space.member(one)).macs <= 60_000 for one in proposed)
    assert all(one not in proposed[:index] for index, one in enumerate(proposed))


def test_what_was_asked_before_does_not_matter(tiny) -> None:
    space = tiny()
    one, other = history_of(space, deep), history_of(space, kernel, seed=1)
    used = Gp(space, BUDGET)
    for history in (other, one, other):
        first(used, history)
    assert first(used, one) == first(Gp(space, BUDGET), one)
    assert first(used, other) == first(Gp(space, BUDGET), other)


def test_trials_of_another_history_with_the_same_beginning_do_not_matter(tiny) -> None:
    space = tiny()
    one, other = history_of(space, deep, 24), history_of(space, deep, 24)
    later = enumerate(space.draws(6, BUDGET, 1, "stagewise"), start=24)
    for history, worth in ((one, 0.0), (other, 9.0)):
        for number, drawn in itertools.islice(later, 3):
            history.add(Seen(number - 3 * (history is other), drawn.decisions, (worth,)))
    used = Gp(space, BUDGET)
    first(used, one)
    assert first(used, other) == first(Gp(space, BUDGET), other)


@pytest.mark.parametrize("worth", [deep, kernel])
def test_what_is_better_is_proposed_first(tiny, worth) -> None:
    space = tiny()
    history = history_of(space, worth)
    drawn = np.mean([worth(seen.decisions) for seen, _ in history.trials()])
    best = max(worth(d.decisions) for d in space.draws(300, BUDGET))
    proposed = [worth(one) for one in first(Gp(space, BUDGET), history, 5)]
    assert np.mean(proposed) > drawn + 0.6 * (best - drawn)


def test_a_decision_that_is_not_taken_is_an_answer_like_another(tiny) -> None:
    space = tiny()

    def unasked(decisions: dict[str, Any]) -> float:
        return 0.0 if KERNEL in decisions else 1.0

    proposed = first(Gp(space, BUDGET), history_of(space, unasked), 5)
    assert all(KERNEL not in one for one in proposed)


def test_one_that_failed_terribly_does_not_hide_what_the_others_show(tiny) -> None:
    space = tiny()
    history = history_of(space, deep)
    (least, _), *_ = sorted(history.trials(), key=lambda trial: trial[1])
    history.add(Seen(least.number, least.decisions, (-1e12,)))
    assert np.mean([deep(one) for one in first(Gp(space, BUDGET), history, 5)]) > 5.5


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_values_that_are_all_equal_are_no_obstacle(tiny, value) -> None:
    space = tiny()
    proposed = first(Gp(space, BUDGET), history_of(space, lambda decisions: value))
    assert len(proposed) == 8


def test_a_space_without_a_question_left_is_no_obstacle(tiny) -> None:
    space = tiny({
        "params.width": 8, "block.token_mixer": "pooling", "stages.0.depth": 1, "stages.1.depth": 1,
    })  # fmt: skip
    history = History()
    history.add(Seen(0, {}, (0.5,)))
    assert first(Gp(space, Budget()), history, 1) == [{}]


def test_two_objectives_are_weighed_otherwise_from_trial_to_trial(tiny) -> None:
    space = tiny()

    def both(decisions: dict[str, Any]) -> tuple[float, float]:
        return deep(decisions), -deep(decisions)

    depths = list[float]()
    for count in range(16, 40, 4):
        history = history_of(space, both, count)
        depths.append(min(deep(one) for one in first(Gp(space, BUDGET), history, 1)))
    assert max(depths) - min(depths) >= 3


def test_of_two_trials_the_one_better_in_both_objectives_is_worth_more() -> None:
    scores = np.random.default_rng(0).random((30, 2))
    scores[1] = scores[0] + [0.01, 0.0]
    for direction in range(50):
        values = gp.as_one(scores, direction)
        better = (scores[:, None] > scores).all(axis=2)
        assert (values[:, None] > values)[better].all()
        assert values[1] > values[0]


def test_one_objective_is_itself_and_one_that_never_differs_is_no_matter() -> None:
    scores = np.array([[1.0, 7.0], [3.0, 7.0], [2.0, 7.0]])
    assert gp.as_one(scores[:, :1], 3).tolist() == [1.0, 3.0, 2.0]
    assert np.argsort(gp.as_one(scores, 3)).tolist() == [0, 2, 1]


def test_of_many_trials_the_best_and_the_youngest_are_learnt_from(monkeypatch) -> None:
    monkeypatch.setattr(gp, "LEARNT", 3)
    values = np.array([5.0, 9.0, 1.0, 7.0, 8.0, 0.0, 2.0, 3.0, 4.0])
    assert gp.informative(values).tolist() == [1, 3, 4, 6, 7, 8]
    assert gp.informative(values[:6]).tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.slow
def test_of_any_number_of_trials_two_thousand_are_looked_at(tiny, monkeypatch) -> None:
    """So that neither its time nor its memory grows with those that are over or pending."""
    rows: dict[str, list[int]] = {"inverted": [], "fitted": [], "told apart": []}
    factor, fitted, told = gaussian.cholesky, gp.fitted, Indicators.of

    def inverted(matrix: Any, **given: Any) -> Any:
        rows["inverted"].append(len(matrix))
        return factor(matrix, **given)

    def learnt(groups: Any, columns: Any, values: Any) -> Any:
        rows["fitted"].append(len(columns))
        return fitted(groups, columns, values)

    def apart(self: Indicators, members: Any) -> Any:
        found = told(self, members)
        rows["told apart"].append(len(found))
        return found

    monkeypatch.setattr(gaussian, "cholesky", inverted)
    monkeypatch.setattr(gp, "fitted", learnt)
    monkeypatch.setattr(Indicators, "of", apart)
    space = tiny()
    few = [drawn.decisions for drawn in space.draws(30, BUDGET, 0, "stagewise")]
    history = History()
    for number in range(2_500):
        history.add(Seen(number, few[number % 30], (deep(few[number % 30]),)))
    assert first(Gp(space, BUDGET), history, 1)
    assert max(rows["inverted"]) == max(rows["fitted"]) == 200
    assert max(rows["told apart"]) <= gp.AT_RANDOM + len(gp.HEATS) * gp.GUIDED
    for number in range(2_500, 5_000):
        history.wait(number, few[number % 30])
    assert first(Gp(space, BUDGET), history, 1)
    assert max(rows["inverted"]) == 2_000
    assert max(rows["fitted"]) == 200
    assert max(rows["told apart"]) == 1_800


def test_weights_of_many_decisions_stay_finite(tiny, monkeypatch) -> None:
    """However sharply the process tells answers apart."""
    monkeypatch.setattr(gp, "HEATS", ((1e-9, True), (1e-9, False)))
    space = tiny()
    proposed = first(Gp(space, BUDGET), history_of(space, deep), 5)
    assert math.isfinite(sum(map(deep, proposed)))


@pytest.mark.parametrize("values", [(1e308, -1e308), (1e308, 1e308), (1e-308, -1e-308), (0.5, 0.5)])
@pytest.mark.parametrize("objectives", [1, 2])
def test_scores_of_any_size_are_learnt_from(tiny, values, objectives) -> None:
    space, budget = tiny(), Budget({"macs": (0, 60_000)})
    history = History()
    for number, drawn in enumerate(space.draws(12, budget)):
        history.add(
            Seen(number, drawn.decisions, (values[number % 2], -float(number))[:objectives])
        )
    drawn = next(Gp(space, budget).propose(history, np.random.default_rng(0)))
    assert drawn.costs["macs"] <= 60_000
