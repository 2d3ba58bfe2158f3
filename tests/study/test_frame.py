"""The columns of the table of trials: one for each thing that is told, whatever it is called."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from archdsl.study.frame import columns
from archdsl.study.trial import Trial

TRIAL = Trial(0, "random", {}, "", {}, "n", "complete", seconds=2.5)
NAMES = st.sampled_from(
    ["state", "macs", "stages.0.depth", "metric.macs", "metric.metric.macs", "cost.state",
     "accuracy", "answer.macs", "metric.state"]
)  # fmt: skip
VALUES = st.dictionaries(NAMES, st.integers(), max_size=5)


@given(costs=VALUES, answers=VALUES, metrics=VALUES)
def test_nothing_hides_anything_else_whatever_it_is_called(costs, answers, metrics) -> None:
    trial = dataclasses.replace(TRIAL, costs=costs, decisions=answers, metrics=metrics)
    found = columns([trial, TRIAL])
    own = ["state", "origin", "seconds", "cause"]
    assert list(found)[:4] == own
    told = [*costs.values(), *metrics.values(), *answers.values()]
    assert sorted(its[0] for name, its in found.items() if name not in own) == sorted(told)
    assert [found[name] for name in own] == [
        ["complete"] * 2, ["random"] * 2, [2.5] * 2, [None] * 2
    ]  # fmt: skip
    for name in ("stages.0.depth", "accuracy"):  # nothing else is called so
        holders = [its for its in (costs, answers, metrics) if name in its]
        if len(holders) == 1:
            assert found[name] == [holders[0][name], None]


def test_a_metric_that_is_called_as_something_else_says_that_it_is_a_metric() -> None:
    trial = dataclasses.replace(
        TRIAL, costs={"macs": 5}, decisions={"drop_path": 0.1},
        metrics={"macs": 1.0, "cause": 2.0, "drop_path": 3.0, "accuracy": 4.0},
    )  # fmt: skip
    assert list(columns([trial])) == [
        "state", "origin", "seconds", "cause", "macs",
        "metric.macs", "metric.cause", "metric.drop_path", "accuracy", "drop_path",
    ]  # fmt: skip


def test_of_two_metrics_each_has_its_column() -> None:
    trial = dataclasses.replace(TRIAL, costs={"macs": 5}, metrics={"macs": 1.0, "metric.macs": 2.0})
    found = columns([trial])
    assert (found["macs"], found["metric.macs"], found["metric.metric.macs"]) == ([5], [2.0], [1.0])
