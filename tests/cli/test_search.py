"""`archdsl search`: what it passes on, what it says, how it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.language.settings import Objective
from archdsl.study.final.winner import Won
from archdsl.study.hypervolume import hypervolume
from archdsl.study.record.events import Training
from archdsl.study.result import Ending, Result
from archdsl.study.survey import Survey
from archdsl.study.trial import Trial

SURVEY = Survey(27, 27, 27, {}, True)
COSTS = {"macs": 1_812_267, "params": 98_200, "train_params": 98_200, "activations": 512}
GOOD = Trial(0, "default", {"stages.0.depth": 2}, "", COSTS, "a", "complete",
             metrics={"accuracy": 0.5}, values=(0.5,), seconds=1.0)  # fmt: skip
BAD = Trial(1, "tpe", {"stages.0.depth": 3}, "", COSTS, "b", "failed", cause="out of memory")


def result(*trials: Trial, ended: Ending = "done", folder: Path | None = None) -> Result:
    best = next((trial for trial in trials if trial.values), None)
    front = () if best is None else (best,)
    winner = None
    if best is not None:
        assert best.values is not None
        winner = Won(best, Training(best.number, "search", 0, 0), best.metrics, best.values)
    return Result(best, trials, front, ended, "2 trials are done", SURVEY, folder, winner=winner)


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """`archdsl.search` as a stand-in that keeps what it was given and returns `result`."""
    kept: dict[str, Any] = {"result": result(GOOD, BAD)}

    def stand_in(x: object, **given: object) -> Result:
        kept.update(given, x=x)
        return kept["result"]

    monkeypatch.setattr(archdsl, "search", stand_in)
    return kept


def test_the_space_its_patches_and_the_folder_are_passed_on(run, searched, tiny_space, tmp_path):
    done = run("search", tiny_space, "--set", "search.trials=7", "--out", tmp_path / "run")
    assert done.code == 0
    assert searched["x"].settings().trials == 7
    assert searched["out"] == tmp_path / "run"
    assert callable(searched["listener"])


def test_the_winner_is_shown_with_its_metrics_cost_and_decisions(run, searched, tiny_space):
    lines = run("search", tiny_space).out.splitlines()
    at = lines.index("the best is trial 0 of 2:")
    shown = [" ".join(line.split()) for line in lines[at + 1 :]]
    assert shown[:3] == ["accuracy 0.5000", "macs 1,812,267", "params 98,200"]
    assert "stages.0.depth 2" in shown
    assert shown[-1] == "2 trials are done"


def test_what_was_written_is_named(run, searched, tiny_space, tmp_path):
    (tmp_path / "best.yaml").write_text("")
    searched["result"] = result(GOOD, folder=tmp_path)
    assert run("search", tiny_space).out.splitlines()[-1] == f"in {tmp_path}: best.yaml"


def test_json_has_every_trial_and_nothing_else_on_stdout(run, searched, tiny_space):
    data = run("search", tiny_space, "--json").data
    assert (data["best"], data["front"], data["ended"]) == (0, [0], "done")
    assert data["hypervolume"] is None
    assert [trial["cause"] for trial in data["trials"]] == [None, "out of memory"]


def test_two_objectives_are_summed_up_in_a_front_and_its_hypervolume(run, searched, tiny_space):
    objectives = (Objective("accuracy", "maximize"), Objective("macs", "minimize"))
    values = [(0.5, 1_812_267.0), (0.25, 604_089.0), (0.75, 906_133.5)]
    trials = tuple(replace(GOOD, number=n, values=pair) for n, pair in enumerate(values))
    searched["result"] = Result(
        trials[2], trials, (trials[2], trials[1]), "done", "3 trials done", SURVEY, None,
        hypervolume=hypervolume(objectives, trials),
    )  # fmt: skip
    lines = run("search", tiny_space).out.splitlines()
    at = lines.index("no other trial is better in both objectives than any of")
    assert lines[at + 1 : at + 3] == [
        "  2 1",
        "the front's hypervolume is 0.75: 1 is the box from accuracy 0.25, macs 1.81M to "
        "accuracy 0.75, macs 604k, the worst and the best of each among the first 3 trials",
    ]
    data = run("search", tiny_space, "--json").data
    assert data["hypervolume"] == {
        "value": pytest.approx(0.75),
        "worst": {"accuracy": 0.25, "macs": 1_812_267},
        "best": {"accuracy": 0.75, "macs": 604_089},
        "first": 3,
    }


def test_an_interrupted_search_is_130_and_says_how_to_go_on(run, searched, tiny_space):
    searched["result"] = result(GOOD, ended="interrupted")
    done = run("search", tiny_space)
    assert done.code == 130
    assert "2 trials are done" in done.out


def test_a_search_without_a_success_is_the_users_to_mend(run, searched, tiny_space):
    searched["result"] = result(BAD)
    done = run("search", tiny_space)
    assert done.code == 2
    assert "2 trials are done" in done.err


def test_a_search_that_cannot_start_is_an_error_in_words(run, monkeypatch, tiny_space):
    def refused(*_: object, **__: object) -> None:
        raise SearchError("no images in ./flowers")

    monkeypatch.setattr(archdsl, "search", refused)
    done = run("search", tiny_space)
    assert (done.code, done.err) == (2, "no images in ./flowers\n")


@pytest.mark.slow
def test_a_real_search_leaves_a_winner_that_the_other_verbs_take(run, tmp_path):
    few = ("--set", "search.trials=2", "--set", "search.proxy.epochs=1", "--out", tmp_path / "run")
    done = run("search", "digits", *few)
    assert done.code == 0, done.err
    assert "trial 1  2 of 2" in done.out
    best = tmp_path / "run" / "best.yaml"
    assert run("check", best).code == 0
    code = run("export", best, "--to", "code").out
    assert code == (tmp_path / "run" / "best.py").read_text()
    again = run("search", "digits", *few, "--json")
    assert len(json.loads(again.out)["trials"]) == 2
    assert "2 of 2 trials on record already" in again.err
