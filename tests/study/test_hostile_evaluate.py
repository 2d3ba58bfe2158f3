"""Whatever `evaluate` returns, raises, reports or does, the record and the result are there."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.study.record.folder import read_state
from archdsl.study.report import write_report
from tests import started

TEXTS = ["img\udcff.png", "one\u2028two\u2029three\x85four", "\x1b[31mred", "[/x] <b>&amp;", "é"]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_of_an_error_is_recorded_and_the_search_goes_on(tiny, run, tmp_path, text) -> None:
    def evaluate(candidate: Any) -> float:
        if candidate.number == 1:
            raise ValueError(text)
        return candidate.number / 10

    out = tmp_path / "run"
    for trials in (3, 4):
        result = run(tiny(trials=trials), out, evaluate=evaluate)
        assert result.notes == () and result.trials[1].cause == f"ValueError: {text}"
    assert read_state(out).in_order() == list(result.trials)  # type: ignore[union-attr]
    for line in (out / "trials.jsonl").read_bytes().split(b"\n")[:-1]:
        json.loads(line)
    write_report(out)


@pytest.mark.drawn
@pytest.mark.parametrize("name", ["img\udcff", "a\u2028b", "a\x85b", "[/x]", "é", " a"])
def test_any_line_of_text_may_name_a_metric(tiny, run, tmp_path, name) -> None:
    def evaluate(candidate: Any) -> dict[str, float]:
        candidate.report(1, {name: 0.25})
        return {"accuracy": 0.5, name: 0.5}

    out = tmp_path / "run"
    for trials in (2, 3):
        result = run(tiny(trials=trials), out, evaluate=evaluate)
        assert result.notes == () and result.best.metrics[name] == 0.5
        assert result.best.epochs == ({"step": 1, name: 0.25},)
    said = name.replace("\udcff", r"\udcff")  # YAML has no word for it
    assert archdsl.load(out / "best.yaml").tree["found"]["metrics"][said] == 0.5


@pytest.mark.parametrize(
    ("returned", "cause"),
    [
        ({"": 1.0}, "ValueError: a metric is called ''; a name is a line of text"),
        ({" ": 1.0}, "ValueError: a metric is called ' '"),
        ({"a\nb": 1.0}, r"ValueError: a metric is called 'a\nb'"),
        ({"a\x1bb": 1.0}, r"ValueError: a metric is called 'a\x1bb'"),
        (1e308, "ValueError: accuracy is beyond 1e+300"),
        (-1e301, "ValueError: accuracy is beyond 1e+300"),
        pytest.param(10**5000, "ValueError: accuracy is beyond 1e+300", id="10**5000"),
        ({"accuracy": 0.5, "other": 1e305}, "ValueError: other is beyond 1e+300"),
        ({f"m{n}": 0.0 for n in range(1001)}, "ValueError: 1,001 metrics; evaluate returns 1,000"),
        (b"1", "TypeError: accuracy is b'1'"),
        (np.zeros(2), "TypeError: accuracy is array"),
    ],
)
def test_what_no_report_can_show_is_a_failure_with_its_cause(
    tiny, run, tmp_path, returned, cause
) -> None:
    def evaluate(candidate: Any) -> Any:
        return returned if candidate.number == 1 else {"accuracy": 0.25}

    result = run(tiny(trials=3), tmp_path / "run", evaluate=evaluate)
    assert result.trials[1].cause.startswith(cause)
    assert (result.best.number, result.notes) == (0, ())
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.drawn
@pytest.mark.parametrize(
    "returned",
    [1e300, -1e300, 10**300, np.float32(0.5), {f"m{n}": 0.0 for n in range(999)} | {"accuracy": 1}],
)
def test_the_largest_and_the_most_that_may_be_returned_are_reported(
    tiny, run, tmp_path, returned
) -> None:
    result = run(tiny(trials=3), tmp_path / "run", evaluate=lambda candidate: returned)
    assert result.notes == () and result.best is not None
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize(
    ("step", "recorded"),
    [(1, 1), (np.int64(2), 2), (np.float64(2.5), 2.5), (0.5, 0.5), (np.array(3), 3)],
)
def test_a_step_is_recorded_as_a_plain_number(tiny, run, tmp_path, step, recorded) -> None:
    import torch

    def evaluate(candidate: Any) -> float:
        candidate.report(step, 0.1)
        candidate.report(torch.tensor(7), torch.tensor(0.5))
        return 0.5

    result = run(tiny(trials=1), tmp_path / "run", evaluate=evaluate)
    assert result.best.epochs == (
        {"step": recorded, "accuracy": 0.1}, {"step": 7, "accuracy": 0.5}
    )  # fmt: skip
    assert read_state(tmp_path / "run").in_order() == list(result.trials)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("step", "value", "cause"),
    [
        (float("nan"), 0.1, "TypeError: report() was called with step nan"),
        (float("inf"), 0.1, "TypeError: report() was called with step inf"),
        ("1", 0.1, "TypeError: report() was called with step '1'"),
        (None, 0.1, "TypeError: report() was called with step None"),
        (True, 0.1, "TypeError: report() was called with step True"),
        (1, {"step": 3.0}, "ValueError: report() was given a metric called step"),
        (1, {"a\n": 3.0}, r"ValueError: a metric is called 'a\n'"),
        (1, "x", "TypeError: accuracy is 'x'"),
    ],
)
def test_a_report_that_cannot_be_recorded_fails_the_trial(
    tiny, run, tmp_path, step, value, cause
) -> None:
    def evaluate(candidate: Any) -> float:
        candidate.report(0, 0.1)
        if candidate.number == 1:
            candidate.report(step, value)
        return 0.5

    result = run(tiny(trials=2), tmp_path / "run", evaluate=evaluate)
    assert result.trials[1].cause.startswith(cause)
    assert result.trials[1].epochs == result.trials[0].epochs == ({"step": 0, "accuracy": 0.1},)


@pytest.mark.parametrize("fails", [False, True])
def test_a_report_after_the_end_is_refused_and_the_record_is_whole(
    tiny, run, tmp_path, fails
) -> None:
    candidates: list[Any] = []

    def evaluate(candidate: Any) -> float:
        candidates.append(candidate)
        candidate.report(1, 0.1)
        if candidate.number == 1:
            if fails:
                candidates[0].report(2, 0.9)
            with pytest.raises(RuntimeError, match=r"after the trial was over; wait for what"):
                candidates[0].report(3, 0.9)
        return 0.5

    out = tmp_path / "run"
    result = run(tiny(trials=3), out, evaluate=evaluate)
    assert [trial.state == "failed" for trial in result.trials] == [False, fails, False]
    assert all(trial.epochs == ({"step": 1, "accuracy": 0.1},) for trial in result.trials)
    assert read_state(out).in_order() == list(result.trials)  # type: ignore[union-attr]


def test_threads_report_one_at_a_time(tiny, run, tmp_path) -> None:
    def evaluate(candidate: Any) -> float:
        def report() -> None:
            for step in range(50):
                with suppress(ValueError):  # another thread was there before
                    candidate.report(step, 0.1)

        threads = [Thread(target=report) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return 0.5

    out = tmp_path / "run"
    result = run(tiny(trials=2), out, evaluate=evaluate)
    assert [[epoch["step"] for epoch in trial.epochs] for trial in result.trials] == [
        list(range(50))
    ] * 2
    assert read_state(out).in_order() == list(result.trials)  # type: ignore[union-attr]


def test_what_evaluate_does_to_its_candidate_is_not_recorded(tiny, run, tmp_path) -> None:
    def evaluate(candidate: Any) -> float:
        metrics = {"accuracy": 0.1}
        candidate.report(1, metrics)
        metrics["accuracy"] = object()
        candidate.epochs.append("x")
        candidate.decisions.clear()
        candidate.number, candidate.metric, candidate.seed = 99, "loss", "x"
        candidate.spec.decisions.clear()
        return 0.5

    result = run(tiny(trials=2), tmp_path / "run", evaluate=evaluate)
    for trial in result.trials:
        assert trial.epochs == ({"step": 1, "accuracy": 0.1},)
        assert trial.metrics == {"accuracy": 0.5} and trial.decisions


class _Wordless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_exception_without_words_and_one_with_five_million(tiny, run, tmp_path) -> None:
    def evaluate(candidate: Any) -> float:
        if candidate.number == 1:
            raise _Wordless
        if candidate.number == 2:
            raise ValueError("x" * 5_000_000)
        return 0.5

    out = tmp_path / "run"
    result = run(tiny(trials=4), out, evaluate=evaluate)
    assert result.trials[1].cause == "_Wordless, whose words cannot be had"
    cause = result.trials[2].cause
    assert len(cause) == 2000 and cause.endswith(
        "(the whole is in error.txt of the trial's folder)"
    )
    assert (out / "trials" / "00002" / "error.txt").stat().st_size > 5_000_000
    sizes = {path.name: path.stat().st_size for path in out.iterdir() if path.is_file()}
    assert sizes.pop("report.html") < 800_000  # most of it is the library that plots
    assert sum(sizes.values()) < 200_000
    assert len(run(tiny(trials=5), out, evaluate=evaluate).trials) == 5


def test_a_copy_of_the_process_that_comes_back_is_ended(tiny, run, tmp_path, capfd) -> None:
    def evaluate(candidate: Any) -> float:
        if candidate.number == 1:
            child = os.fork()
            if child:
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
        if candidate.number == 2:
            child = os.fork()
            if not child:
                raise ValueError("in the copy")
            os.waitpid(child, 0)
        return candidate.number / 10

    result = run(tiny(trials=4), tmp_path / "run", evaluate=evaluate)
    assert [trial.values for trial in result.trials] == [(0.0,), (0.1,), (0.2,), (0.3,)]
    assert read_state(tmp_path / "run").in_order() == list(result.trials)  # type: ignore[union-attr]
    assert (
        capfd.readouterr().err.count("evaluate forked, and the copy came back: it ends here") == 2
    )


def test_a_copy_that_exits_is_let_go_and_an_exit_fails_the_trial(
    tiny, run, tmp_path, capfd
) -> None:
    def evaluate(candidate: Any) -> float:
        if candidate.number == 1:
            child = os.fork()
            if not child:
                raise SystemExit(3)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
        if candidate.number == 2:
            raise SystemExit("a program's own way to end")
        return candidate.number / 10

    result = run(tiny(trials=4), evaluate=evaluate)  # its folder is a temporary one
    assert [trial.values for trial in result.trials] == [(0.0,), (0.1,), None, (0.3,)]
    assert result.trials[2].cause == "SystemExit: a program's own way to end"
    assert capfd.readouterr().err == ""


def test_a_changed_or_deleted_working_directory_loses_nothing(
    tiny, run, tmp_path, monkeypatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def evaluate(candidate: Any) -> float:
        if candidate.number == 1:
            os.chdir(tmp_path / "there")
        if candidate.number == 2:
            (tmp_path / "there").rmdir()
        (candidate.folder / "weights.safetensors").write_text("x")
        return candidate.number / 10

    result = run(tiny(trials=4), Path("out"), evaluate=evaluate)
    assert [trial.cause for trial in result.trials] == [None] * 4
    assert (tmp_path / "here" / "out" / "best.safetensors").exists()
    monkeypatch.chdir(tmp_path / "here")
    assert len(run(tiny(trials=5), Path("out"), evaluate=lambda c: 0.1).trials) == 5


@pytest.mark.parametrize("what", ["weights", "folder", "trials"])
def test_what_is_deleted_under_a_search_is_made_again(tiny, run, tmp_path, what) -> None:
    import shutil

    out = tmp_path / "run"

    def evaluate(candidate: Any) -> float:
        (candidate.folder / "weights.safetensors").write_text("x")
        if candidate.number == 2:
            gone = {"weights": out / "trials" / "00000", "folder": candidate.folder,
                    "trials": out / "trials"}[what]  # fmt: skip
            shutil.rmtree(gone)
        return candidate.number / 10

    result = run(tiny(trials=4), out, evaluate=evaluate)
    assert [trial.cause for trial in result.trials] == [None] * 4
    assert result.notes == ()


def test_a_run_directory_that_is_gone_is_said_in_words(tiny, run, tmp_path) -> None:
    import shutil

    def evaluate(candidate: Any) -> float:
        if candidate.number == 1:
            shutil.rmtree(tmp_path / "run")
        return 0.5

    with pytest.raises(SearchError, match=r"cannot be written: No such file or directory.  see to"):
        run(tiny(trials=3), tmp_path / "run", evaluate=evaluate)


@pytest.mark.parametrize("name", ["best.yaml", "best.py", "report.html", "best.safetensors"])
def test_what_cannot_be_written_at_the_end_is_a_note(tiny, run, tmp_path, name) -> None:
    def evaluate(candidate: Any) -> float:
        (candidate.folder / "weights.safetensors").write_text("x")
        return 0.5

    out = tmp_path / "run"

    def blocked(candidate: Any) -> float:
        (out / name).mkdir(exist_ok=True)
        return evaluate(candidate)

    result = run(tiny(trials=2), out, evaluate=blocked)
    assert result.best is not None and len(result.trials) == 2
    assert len(result.notes) == 1
    assert re.search(rf"{re.escape(name)}.*(Is a directory|this is a folder)", result.notes[0])
    (out / name).rmdir()
    assert run(tiny(trials=2), out, evaluate=evaluate).notes == ()
    assert (out / name).is_file()


def test_files_that_are_closed_under_a_search_are_said_in_words(tmp_path) -> None:
    import subprocess

    program = (
        "import os, pathlib, archdsl\n"
        "from tests.study.conftest import tiny_space\n"
        "def evaluate(c):\n"
        "    if c.number == 1: os.closerange(3, 64)\n"
        "    return 0.5\n"
        "try:\n"
        f"    archdsl.search(tiny_space(trials=3), evaluate, {str(tmp_path / 'run')!r})\n"
        "except archdsl.errors.SearchError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([*started.python(), "-c", program], capture_output=True, text=True)
    assert "cannot be written: Bad file descriptor" in done.stdout, done.stderr
    state = read_state(tmp_path / "run")
    assert state is not None and [trial.number for trial in state.in_order()] == [0]


def test_what_yields_is_no_figure(tiny, run) -> None:
    def evaluate(candidate: Any) -> Any:
        yield 0.5

    with pytest.raises(SearchError, match=r"failed of the same cause: TypeError: acc"):
        run(tiny(trials=4), evaluate=evaluate)
