"""What a page says of decisions and curves: with much to say, with little, and with nothing."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest

from archdsl.language.settings import Objective
from archdsl.printable import printable_line
from archdsl.study.final.winner import Won
from archdsl.study.halving.spent import Spent
from archdsl.study.record.events import Training
from archdsl.study.report.page import page
from tests.study.pages import parsed, words
from tests.study.records import drawn, made, record
from tests.study.test_report_hostile import PAYLOADS, SOME, shapes

pytestmark = pytest.mark.drawn


def won(trials):
    best = max((t for t in trials if t.values), key=lambda t: t.values[-1], default=None)
    if best is None:
        return None
    return Won(best, Training(best.number, "search", 0, 0), best.metrics, best.values)


def shown(trials, *objectives: Objective, **more) -> str:
    return page(record(trials, *([objectives] if objectives else []), won=won(trials), **more))


@functools.cache
def many() -> tuple:
    noise = np.random.default_rng(0).normal(0, 0.01, 80)
    return tuple(
        made(n, m, float(m["params.width"] / 100 + noise[n])) for n, m in enumerate(drawn(80))
    )


def test_importance_is_named_told_from_an_effect_and_drawn() -> None:
    said = words(shown(many()))
    assert "PED-ANOVA (Watanabe et al., 2023) as Optuna computes it, by accuracy" in said
    assert "the best 8 of 80 whole trials" in said
    assert "An importance is not an effect" in said and "By chance is what 95 % of" in said
    html = shown(many())
    assert 'aria-label="importance of the decisions by PED-ANOVA"' in html
    assert 'aria-label="effect of answers on accuracy"' in html


def test_effects_stand_beside_the_means_with_how_they_were_found() -> None:
    said = words(shown(many()))
    assert "given all 80 trials" in said
    assert "what decisions do only together counts as noise, of which a figure has 0.0" in said
    (row,) = re.findall(r"params\.width answer effect 95 % interval trials mean 95 % interval "
                        r"8 (\S+) (\S+) to (\S+) (\d+) ", said)  # fmt: skip
    change, low, high, trials = map(float, row)
    assert low < change < high < 0 and trials == sum(
        t.decisions["params.width"] == 8 for t in many()
    )
    assert "decisions that follow from it change with it" in said


def test_two_objectives_pruned_and_failed_trials_are_spoken_of() -> None:
    trials = [made(n, t.decisions, t.values[0], values=(float(n), t.values[0]))
              for n, t in enumerate(many())]  # fmt: skip
    two = words(shown(trials, Objective("macs", "minimize"), Objective("accuracy", "maximize")))
    assert "by accuracy and not by the other objective" in two
    pruned = words(shown(many(), spent=Spent(10, 20, 5)))
    assert pruned.count("Only trials that were trained to their end count") == 2
    failed = words(shown([*many(), made(80, {"a": 1}, None)]))
    assert "Trials that failed do not count." in failed


@pytest.mark.parametrize(
    ("trials", "says"),
    [
        ([made(n, m, n / 9) for n, m in enumerate(drawn(9))],
         "9 trials are whole: importance takes 20."),
        ([made(0, drawn(1)[0], 0.5)], "1 trial is whole: importance takes 20."),
        ([made(n, m, 0.5) for n, m in enumerate(drawn(40))],
         "All trials came to the same accuracy: nothing made a difference."),
        ([made(n, m, float(n < 30)) for n, m in enumerate(drawn(40))],
         "30 of 40 trials tie for the best accuracy, too many to be told from the rest."),
        ([made(n, {"a": 1}, n / 40) for n in range(40)], "No decision was answered in two ways."),
        ([made(n, {"a": 1, "b": n % 3}, n / 40) for n in range(40)],
         "Answered alike by all trials that took it, so that nothing can be said of it: a."),
        ([made(n, {"a": n % 2}, n / 9) for n in range(9)],
         "The effect of an answer is not told: that takes 30 whole trials that differ."),
    ],
)  # fmt: skip
def test_where_there_is_nothing_it_says_why(trials, says: str) -> None:
    assert says in words(shown(trials))


@pytest.mark.parametrize("count", [0, 2])
def test_a_record_without_a_whole_trial_says_nothing_of_decisions(count: int) -> None:
    said = words(shown([made(n, {"a": n}, None) for n in range(count)]))
    assert "What mattered" not in said and "Decision by decision" not in said


def test_on_noise_alone_it_says_that_no_effect_is_told() -> None:
    noise = np.random.default_rng(3).normal(size=40)
    said = words(shown([made(n, {"a": n % 2}, float(v)) for n, v in enumerate(noise)]))
    assert "No answer's effect can be told from none." in said


def test_curves_of_trials_that_went_equally_far_are_drawn_in_sum() -> None:
    def epochs(count: int):
        return tuple({"step": n, "accuracy": n / 10} for n in range(1, count + 1))

    trials = [made(n, {}, 0.5, epochs=epochs(4)) for n in range(3)]
    trials += [
        made(3 + n, {}, None, state="paused", cause=None, epochs=epochs(2)) for n in range(5)
    ]
    html = shown(trials, spent=Spent(10, 20, 5))
    said = words(html)
    assert "accuracy after each epoch of 8 trials" in said
    assert "is no gain of training" in said
    assert "to the end, 3 trials" in html and "to epoch 2, 5 trials" in html
    assert "Learning curves in sum" not in words(shown(many()))


@pytest.mark.parametrize(
    "evil",
    [
        pytest.param(evil, id=name, marks=() if name in SOME else pytest.mark.slow)
        for name, evil in PAYLOADS.items()
    ],
)
def test_no_answer_and_no_address_becomes_an_element(evil: str) -> None:
    def trials(text: str):
        noise = np.random.default_rng(0).normal(0, 0.01, 40)
        return [
            made(n, {f"d{text}": f"a{text}{n % 2}", f"d{text}.e": n % 2, f"f{text}": text},
                 n % 2 + noise[n], epochs=tuple({"step": s, "accuracy": s} for s in (1, 2)))
            for n in range(40)
        ]  # fmt: skip

    html = shown(trials(evil))
    parsed(html)
    assert shapes(html) == shapes(shown(trials("plain")))
    assert " ".join(printable_line(f"a{evil}0").split()) in words(html)
