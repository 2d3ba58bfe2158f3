"""The report: made from the run directory alone, and claiming no more than it holds."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from archdsl.errors import SearchError
from archdsl.language.settings import Objective
from archdsl.study import write_report
from archdsl.study.final.winner import Won
from archdsl.study.record import files
from archdsl.study.record.events import Training
from archdsl.study.record.rounds import SplitLook
from archdsl.study.report import findings
from archdsl.study.report.page import page
from archdsl.study.report.read import Record, read
from archdsl.study.survey import Survey
from archdsl.study.trial import Trial
from tests.study.pages import parsed, words

pytestmark = pytest.mark.drawn


def searched(run: Any, space: Any, out: Path) -> str:
    run(space, out)
    return (out / "report.html").read_text()


def test_it_is_one_page_that_needs_nothing_else(tiny, run, tmp_path) -> None:
    html = searched(run, tiny(trials=14, budget={"macs": "60k"}), tmp_path / "run")
    found = parsed(html)
    assert found.links == []
    assert re.findall(r"<script[^>]*>", html) == [
        '<script type="application/octet-stream" id="record">',
        '<script type="application/octet-stream" id="texts">',
        "<script>",  # the plotting library
        "<script>",  # ours
    ]
    assert "@import" not in html and "url(http" not in html
    assert '<meta name="viewport"' in html and "prefers-color-scheme" in html
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawings) == 3
    for drawing in drawings:
        assert "currentColor" in drawing and "#010203" not in drawing
        ElementTree.fromstring(drawing)


def test_it_says_what_was_searched_and_what_came_of_it(tiny, run, tmp_path) -> None:
    space = tiny(trials=14, budget={"macs": ["20k", "60k"]}, seed=3)
    result = run(space, tmp_path / "run")
    said = words((tmp_path / "run" / "report.html").read_text())
    best = result.best
    assert "288 architectures." in said
    assert f"{result.survey.fits} of them" in said and "counted, not estimated" in said
    assert "macs: 20k to 60k" in said and "seed 3" in said and "14 of 14 trials" in said
    assert f"The winner: trial {best.number}" in said
    assert f"{best.costs['macs']:,}" in said
    assert "nothing here measured how much of its lead is noise" in said
    assert "random architectures inside the budget: accuracy" in said
    assert "The first trial is the member inside the budget nearest to the default." in said
    (session,) = read(tmp_path / "run").sessions
    assert f"optuna {session['versions']['optuna']}" in said


def test_it_is_made_from_the_folder_alone_and_always_the_same(tiny, run, tmp_path) -> None:
    html = searched(run, tiny(trials=6), tmp_path / "run")
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    (tmp_path / "copy" / "report.html").unlink()
    assert write_report(tmp_path / "copy").read_text() == html


def test_an_own_text_cannot_break_out_of_the_page(tiny, run, tmp_path) -> None:
    def nasty(candidate: Any) -> Any:
        if candidate.number == 1:
            raise ValueError("<script>alert(1)</script>")
        return {"accuracy": 0.5, "<b>&": 1.0}

    run(tiny(trials=4), tmp_path / "run", evaluate=nasty)
    html = (tmp_path / "run" / "report.html").read_text()
    parsed(html)
    assert "<script>alert" not in html and "&lt;script&gt;alert(1)" in html
    assert "<b>" not in html


def test_failures_are_shown_with_their_causes_and_specs(tiny, run, tmp_path) -> None:
    def fails(candidate: Any) -> float:
        if candidate.number in (1, 3):
            raise MemoryError
        return 0.5

    run(tiny(trials=5), tmp_path / "run", evaluate=fails)
    said = words((tmp_path / "run" / "report.html").read_text())
    assert "2 of them failed" in said
    assert "Failures trial cause 1 out of memory" in said


def test_a_search_without_a_success_has_a_report(tiny, run, tmp_path) -> None:
    def fails(candidate: Any) -> float:
        raise ValueError(f"no {'abc'[candidate.number]}")

    run(tiny(trials=3), tmp_path / "run", evaluate=fails)
    said = words((tmp_path / "run" / "report.html").read_text())
    assert "No trial succeeded, so there is no winner." in said
    assert "3 of them failed" in said


def test_a_search_without_a_trial_has_a_report(tiny, run, tmp_path) -> None:
    def interrupted(candidate: Any) -> float:
        raise KeyboardInterrupt

    run(tiny(trials=3), tmp_path / "run", evaluate=interrupted)
    assert "0 of 3 trials" in words((tmp_path / "run" / "report.html").read_text())


def test_a_front_is_a_table(tiny, run, tmp_path) -> None:
    space = tiny(trials=20, maximize="accuracy", minimize="macs")
    result = run(space, tmp_path / "run")
    said = words((tmp_path / "run" / "report.html").read_text())
    assert len(result.front) > 1
    assert "No other trial is better in both objectives" in said
    for trial in result.front:
        assert f"{trial.number} {trial.values[0]:.4g} {trial.costs['macs']:,}" in said


def test_a_folder_without_a_search_has_none(tmp_path) -> None:
    with pytest.raises(SearchError, match=r"holds no search: there is no record.jsonl"):
        write_report(tmp_path)


def test_half_a_last_line_is_left_out(tiny, run, tmp_path) -> None:
    run(tiny(trials=3), tmp_path / "run")
    lines = (tmp_path / "run" / "record.jsonl").read_text()
    (tmp_path / "run" / "record.jsonl").write_text(lines[:-30])
    assert len(read(tmp_path / "run").trials) == 2


def trial(number: int, accuracy: float, **decisions: Any) -> Trial:
    costs = {"macs": 1000 + number, "params": 10, "train_params": 10, "activations": 5}
    origin: Any = "default" if number == 0 else "random"
    return Trial(number, origin, decisions, "", costs, str(number), "complete",
                 metrics={"accuracy": accuracy}, values=(accuracy,))  # fmt: skip


SPACE = "archdsl: 1\nname: mine\nsearch: {trials: 9}\n"


def seen(looks: dict[int, dict[str, float]]) -> dict[Training, SplitLook]:
    """What trials came to on the test split."""
    return {Training(n, "search", 0, 0): SplitLook(metrics) for n, metrics in looks.items()}


def best_of(trials: Sequence[Trial]) -> Won | None:
    """The winner of a search without a final round."""
    best = max(trials, key=lambda one: one.values or (), default=None)
    if best is None or best.values is None:
        return None
    return Won(best, Training(best.number, "search", 0, 0), best.metrics, best.values)


def record(*trials: Trial, looks: dict[int, dict[str, float]] | None = None) -> Record:
    survey = Survey(100, 20, 31, {"macs": 9}, True)
    return Record(
        folder=Path("run"), name="mine", survey=survey,
        objectives=(Objective("accuracy", "maximize"),),
        settings={"budget": {"macs": [0, 5000]}, "trials": 9, "sampler": "tpe", "seed": 0,
                  "proxy": {"epochs": 3, "data": None, "datamodule": None, "module": None}},
        own_evaluate=False, sessions=[], trials=list(trials), looks=seen(looks or {}),
        data={"words": "digits", "counts": {"val": 400}}, space=SPACE, winner="", has_code=False,
        has_weights=True, won=best_of(trials),
    )  # fmt: skip


def look(accuracy: float, n: int = 400) -> dict[str, float]:
    return {"accuracy": accuracy, "n": n}


def test_a_difference_within_noise_is_called_so() -> None:
    said = findings.verdict(
        record(trial(0, 0.90), trial(1, 0.95), looks={0: look(0.90), 1: look(0.92)})
    )
    assert "differs from the space's default by +2.0 points (95 % interval -2.0 points to" in said
    assert "The difference is within noise" in said


def test_every_held_out_figure_is_shown_and_an_interval_only_where_it_is_sound() -> None:
    both = [trial(0, 0.90), trial(1, 0.95)]
    looks = {n: {**look(0.9 + n / 50), "f1": 0.5 + n / 8, "loss": 1.25} for n in range(2)}
    said = words(page(record(*both, looks=looks)))
    assert "model accuracy 95 % interval f1 loss images" in said
    assert "trial 1, the winner 0.92 0.8892 to 0.9428 0.625 1.25 400" in said
    assert "Intervals are Wilson's" in said


@pytest.mark.parametrize(
    "metrics",
    [
        {"accuracy": 0.9},  # of how many images?
        {"accuracy": 0.90013, "n": 400},  # a mean over classes
        {"accuracy": 3.0, "n": 400},
        {"accuracy": float("nan"), "n": 400},
        {"f1": 0.5, "n": 400},
    ],
)
def test_without_a_share_of_a_known_number_of_images_there_is_no_interval(metrics) -> None:
    (seen,) = findings.looks(record(trial(0, 0.9), looks={0: metrics}))
    assert seen.interval is None
    assert seen.n == metrics.get("n")
    said = words(page(record(trial(0, 0.9), looks={0: metrics})))
    assert "There is no interval: that takes the number of images" in said
    assert ("unknown" in said) == ("n" not in metrics)


@pytest.mark.parametrize("n", [1, 7, 397, 10_000, 50_000])
def test_a_share_in_single_precision_is_one(n) -> None:
    import numpy as np

    for hits in (0, 1, n // 3, n):
        assert findings.share_interval(float(np.float32(hits) / np.float32(n)), n) is not None
    if n > 1:
        assert findings.share_interval((n // 3 + 0.5) / n, n) is None


def test_a_metric_of_ones_own_on_the_test_split_is_compared_without_a_claim() -> None:
    looks = {n: {"f1": 0.5 + n / 8, "n": 64} for n in range(2)}
    mine = record(trial(0, 0.90), trial(1, 0.95), looks=looks)
    mine = dataclasses.replace(mine, objectives=(Objective("f1", "maximize"),))
    assert findings.verdict(mine) == (
        "On the test split, which no trial saw, the winner's f1 is 0.625, and that of the space's "
        "default 0.5. How much of the difference is noise is not known."
    )


def test_the_steps_of_an_epoch_are_shown_with_the_epochs() -> None:
    mine = record(trial(0, 0.9))
    assert "trained for 3 epochs each" in words(page(mine))
    mine.settings["proxy"]["steps_per_epoch"] = 1200
    assert "trained for 3 epochs of 1,200 steps each" in words(page(mine))


def test_a_difference_beyond_noise_is_called_so_with_its_limits() -> None:
    said = findings.verdict(
        record(trial(0, 0.70), trial(1, 0.95), looks={0: look(0.70), 1: look(0.95)})
    )
    assert "larger than what the choice of test images explains" in said
    assert "Each was trained once; another seed would move both." in said


def test_a_loss_on_the_test_split_is_not_hidden() -> None:
    said = findings.verdict(
        record(trial(0, 0.90), trial(1, 0.95), looks={0: look(0.95), 1: look(0.80)})
    )
    assert "by -15.0 points" in said


def test_a_default_that_nothing_beats_is_no_victory() -> None:
    assert "No trial was better than the first" in findings.verdict(
        record(trial(0, 0.9), trial(1, 0.8), looks={0: look(0.9)})
    )


def test_bounds_of_a_count_are_called_bounds() -> None:
    said = words(page(record(trial(0, 0.9), trial(1, 0.95))))
    assert "between 20 and 31 (not certified) of them are inside the budget, 20 % to 31 %" in said


def test_a_validation_figure_has_its_interval() -> None:
    interval = findings.validation_interval(record(trial(0, 0.9)), trial(0, 0.9))
    assert interval == pytest.approx((0.8667, 0.9257), abs=1e-4)
    assert findings.validation_interval(record(trial(0, 3.0)), trial(0, 3.0)) is None


def test_decisions_are_averaged_by_answer_with_counts_and_intervals() -> None:
    found = findings.by_decision(
        record(
            trial(0, 0.5, depth=2, act="relu"), trial(1, 0.7, depth=10, act="relu"),
            trial(2, 0.9, depth=10, act="relu"), trial(3, 0.1, depth=2, act="relu", kernel=3),
        )
    )  # fmt: skip
    assert list(found) == ["depth"]  # what was always answered alike tells nothing
    two, ten = found["depth"]
    assert (two.answer, two.count, two.mean) == ("2", 2, pytest.approx(0.3))
    assert (ten.answer, ten.count, ten.mean) == ("10", 2, pytest.approx(0.8))
    assert ten.interval is not None and ten.interval[0] < 0.8 < ten.interval[1]


def test_stages_are_in_their_order() -> None:
    trials = [
        trial(n, 0.5, **{"stages.10.depth": n, "stages.2.depth": n, "params.w": n})
        for n in range(2)
    ]
    assert list(findings.by_decision(record(*trials))) == [
        "params.w", "stages.2.depth", "stages.10.depth"
    ]  # fmt: skip


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch) -> None:
    files.write_text(tmp_path / "a", "old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SearchError, match=r"a cannot be written: No space left on device"):
        files.write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
