"""The search as its caller sees it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.language.settings import Objective
from archdsl.study import events, search
from archdsl.study.causes import same


def test_a_result_holds_what_was_promised(tiny, run) -> None:
    space = tiny(trials=12)
    result = run(space)
    assert result.ended == "done" and not result.interrupted
    assert result.message == "12 trials done"
    best = result.best
    assert best.values == (max(t.metrics["accuracy"] for t in result.trials),)
    assert result.front == (best,)
    assert best.spec.decisions == best.decisions
    assert best.cost.macs == space.cost(best.spec).macs == best.costs["macs"]
    assert best.cost.by_address
    assert archdsl.loads(best.text).network() == best.spec.network()
    assert (best.state, best.cause) == ("complete", None)


def test_a_candidate_can_be_built_counted_and_reported_on(tiny, run, tmp_path) -> None:
    seen: list[Any] = []

    def evaluate(candidate: Any) -> dict[str, float]:
        import torch

        model = candidate.build()
        assert model(torch.zeros(1, 1, 8, 8)).shape == (1, 10)
        assert candidate.cost.macs <= 60_000
        assert candidate.spec.decisions == candidate.decisions
        assert candidate.folder.is_dir() and not list(candidate.folder.iterdir())
        candidate.report(1, 0.1)
        candidate.report(2, {"accuracy": 0.2, "loss": 3})
        assert candidate.should_stop() is False
        seen.append((candidate.number, candidate.seed))
        return {"accuracy": torch.tensor(0.3), "loss": 1}

    result = run(tiny(trials=2, budget={"macs": "60k"}, seed=9), evaluate=evaluate)
    assert seen == [(0, 9), (1, 9)]
    assert result.trials[0].metrics == {"accuracy": pytest.approx(0.3), "loss": 1.0}
    assert result.trials[0].epochs == (
        {"step": 1, "accuracy": 0.1}, {"step": 2, "accuracy": 0.2, "loss": 3.0}
    )  # fmt: skip


def test_a_bare_number_is_the_first_objective(tiny, run) -> None:
    result = run(tiny(trials=2, minimize="error"), evaluate=lambda c: 0.25)
    assert result.trials[0].metrics == {"error": 0.25}


def test_minimizing_finds_the_smallest(tiny, run) -> None:
    space = tiny(trials=10, minimize="error")
    result = run(space, evaluate=lambda c: 1 / c.cost.macs)
    assert result.best.costs["macs"] == max(t.costs["macs"] for t in result.trials)


def test_two_objectives_give_a_front(tiny, run) -> None:
    result = run(tiny(trials=25, maximize="accuracy", minimize="macs"))
    front = result.front
    assert len(front) > 1
    assert result.best is front[0]
    assert result.best.values[0] == max(t.values[0] for t in result.trials)
    macs = [trial.values[1] for trial in front]
    assert macs == sorted(macs, reverse=True)
    assert [trial.values[1] for trial in front] == [trial.costs["macs"] for trial in front]


def test_a_cost_can_be_the_only_objective(tiny, run) -> None:
    space = tiny({"params.width": 8})
    settings = replace(space.spec.settings(), objectives=(Objective("params", "minimize"),))
    result = search(space, evaluate=lambda c: {}, settings=replace(settings, sampler="grid"))
    assert result.best.costs["params"] == min(t.costs["params"] for t in result.trials)
    assert result.best.metrics == {}


class OutOfMemoryError(RuntimeError):
    """As torch calls its own."""


def test_failures_are_recorded_and_the_search_goes_on(tiny, run, tmp_path) -> None:
    def fails(candidate: Any) -> Any:
        match candidate.number:
            case 1:
                raise ValueError("kernel too large\nand more")
            case 2:
                return math.nan
            case 3:
                raise MemoryError
            case 4:
                return {"accuracy": math.inf}
            case 5:
                return None
            case 6:
                return {"acuracy": 0.5}
            case 7:
                raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
            case 8:
                candidate.report(3, 0.1)
                candidate.report(2, 0.1)
            case 9:
                return "0.5"
        return 0.5

    result = run(tiny(trials=12), tmp_path / "run", evaluate=fails)
    causes = [trial.cause for trial in result.trials]
    assert len(result.trials) == 12
    assert causes == [
        None,
        "ValueError: kernel too large",
        "accuracy is nan",
        "out of memory",
        "accuracy is inf",
        "TypeError: accuracy is None; evaluate returns a number, or a mapping of names to numbers",
        "no metric is called 'accuracy'.  did you mean 'acuracy'?  the proxy logs: acuracy",
        "out of memory",
        "ValueError: report() was called with step 2 after step 3",
        "TypeError: accuracy is '0.5'; evaluate returns a number, or a mapping of names to numbers",
        None,
        None,
    ]
    failed = result.trials[1]
    assert (failed.state, failed.values) == ("failed", None)
    assert archdsl.loads(failed.text).network() == failed.spec.network()
    assert "in fails" in failed.trace.splitlines()[-1]
    assert math.isnan(result.trials[2].metrics["accuracy"])
    again = run(tiny(trials=12), tmp_path / "run")
    assert [trial.cause for trial in again.trials] == causes


def test_three_failures_of_one_cause_before_any_success_stop_it(tiny, run, tmp_path) -> None:
    calls: list[int] = []

    def broken(candidate: Any) -> float:
        calls.append(candidate.number)
        raise RuntimeError(f"shapes {candidate.number}x64 and 32x10 do not match")

    with pytest.raises(SearchError) as caught:
        run(tiny(trials=20), tmp_path / "run", evaluate=broken)
    said = str(caught.value)
    assert said.startswith(
        "3 trials in a row failed of the same cause: RuntimeError: shapes 2x64 and 32x10 do not "
        "match\n"
    )
    assert __file__ in said
    assert said.endswith(
        f"the record is in {tmp_path / 'run'}; mend the cause, and the same command goes on"
    )
    assert calls == [0, 1, 2]
    assert (tmp_path / "run" / "report.html").exists()
    # mended, it goes on and counts the failures as trials; broken still, it stops after three more
    with pytest.raises(SearchError):
        run(tiny(trials=20), tmp_path / "run", evaluate=broken)
    assert calls == [0, 1, 2, 3, 4, 5]
    mended = run(tiny(trials=20), tmp_path / "run")
    assert [trial.state for trial in mended.trials] == ["failed"] * 6 + ["complete"] * 14


def test_three_failures_of_different_causes_do_not(tiny, run) -> None:
    errors = [ValueError("one"), KeyError("two"), MemoryError(), ValueError("three")]

    def evaluate(candidate: Any) -> float:
        if candidate.number < 4:
            raise errors[candidate.number]
        return 0.5

    assert len(run(tiny(trials=6), evaluate=evaluate).trials) == 6


def test_after_a_success_it_takes_ten_in_a_row(tiny, run) -> None:
    def broken_since(first: int) -> Any:
        def evaluate(candidate: Any) -> float:
            if candidate.number % 10 >= first:
                raise OSError("no space left on device")
            return 0.5

        return evaluate

    assert len(run(tiny(trials=13), evaluate=broken_since(1)).trials) == 13
    with pytest.raises(SearchError, match="10 trials in a row failed of the same cause: OSError"):
        run(tiny(trials=25), evaluate=lambda c: 0.5 if c.number < 1 else broken_since(0)(c))


def test_causes_are_the_same_whatever_their_figures() -> None:
    assert same("RuntimeError: 3x64 and 1.5e3", "RuntimeError: 12x8 and 7")
    assert same("bad pointer 0x7fa766ba87c0", "bad pointer 0x00007f000000")
    assert same("out of memory", "out of memory")
    assert not same("RuntimeError: a 3", "RuntimeError: b 3")


def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(tiny, run, tmp_path) -> None:
    out = tmp_path / "run"

    def interrupted(candidate: Any) -> float:
        if candidate.number == 4:
            raise KeyboardInterrupt
        return candidate.decisions["stages.0.depth"] / 10

    result = run(tiny(trials=9), out, evaluate=interrupted)
    assert result.interrupted
    assert len(result.trials) == 4
    assert result.message == (
        f"interrupted after 4 of 9 trials.  the record is in {out}; the same command goes on from "
        "there"
    )
    assert (out / "best.yaml").exists() and (out / "report.html").exists()
    rest = run(tiny(trials=9), out, evaluate=lambda c: c.decisions["stages.0.depth"] / 10)
    whole = run(tiny(trials=9), evaluate=lambda c: c.decisions["stages.0.depth"] / 10)
    assert [t.decisions for t in rest.trials] == [t.decisions for t in whole.trials]


def test_interrupted_without_a_folder_nothing_is_left_and_it_says_so(tiny, run) -> None:
    def interrupted(candidate: Any) -> float:
        raise KeyboardInterrupt

    result = run(tiny(trials=9), evaluate=interrupted)
    assert result.message == "interrupted after 0 of 9 trials.  the record is lost"
    assert (result.best, result.front) == (None, ())


def test_the_listener_hears_everything_in_order(tiny, run, tmp_path) -> None:
    heard: list[events.Event] = []

    def evaluate(candidate: Any) -> float:
        candidate.report(1, 0.1)
        if candidate.number == 1:
            raise ValueError("no")
        return candidate.number / 10

    space = tiny(trials=3, budget={"macs": "60k"})
    result = run(space, tmp_path / "run", evaluate=evaluate, listener=heard.append)
    kinds = [type(event).__name__ for event in heard if not isinstance(event, events.Preparing)]
    assert kinds == [
        "Started",
        "TrialStarted", "Epoch", "TrialFinished", "Best",
        "TrialStarted", "Epoch", "TrialFinished",
        "TrialStarted", "Epoch", "TrialFinished", "Best",
        "Finished",
    ]  # fmt: skip
    assert any(
        isinstance(event, events.Preparing) and event.what == "measuring each distinct layer once"
        for event in heard
    )
    started = next(event for event in heard if isinstance(event, events.Started))
    assert (started.name, started.done, started.survey.size) == ("tiny", (), 288)
    assert heard[-1] == events.Finished(result)
    heard.clear()
    run(space, tmp_path / "run", evaluate=evaluate, listener=heard.append)
    kinds = [type(event).__name__ for event in heard if not isinstance(event, events.Preparing)]
    assert kinds == ["Started", "Best", "Finished"]
    assert heard[0].done == result.trials  # type: ignore[union-attr]


def test_weights_are_kept_for_the_best_and_the_first_alone(tiny, run, tmp_path) -> None:
    def evaluate(candidate: Any) -> float:
        (candidate.folder / "weights.safetensors").write_text(str(candidate.number))
        (candidate.folder / "notes").write_text("gone with the trial")
        if candidate.number == 3:
            raise ValueError("its weights go, too")
        return [0.2, 0.1, 0.5, 0.9, 0.4, 0.3][candidate.number]

    out = tmp_path / "run"
    run(tiny(trials=6), out, evaluate=evaluate)
    kept = sorted(str(path.relative_to(out)) for path in (out / "trials").rglob("*"))
    assert kept == [
        "trials/00000", "trials/00000/weights.safetensors",
        "trials/00002", "trials/00002/weights.safetensors",
    ]  # fmt: skip
    assert (out / "best.safetensors").read_text() == "2"


def test_the_winner_stands_by_itself(tiny, run, tmp_path) -> None:
    out = tmp_path / "run"
    result = run(tiny(trials=8, budget={"macs": "60k"}), out)
    winner = archdsl.load(out / "best.yaml")
    assert winner.network() == result.best.spec.network()
    found = winner.tree["found"]
    assert found["trial"] == result.best.number
    assert found["metrics"] == result.best.metrics
    assert found["cost"]["macs"] == archdsl.count(winner).macs
    assert not archdsl.space(winner).decisions
    assert "import torch" in (out / "best.py").read_text()
    assert "archdsl" not in (out / "best.py").read_text().split('"""')[2]


def test_the_default_folder_of_proxy_training_is_runs_name(tiny, tmp_path, monkeypatch) -> None:
    from archdsl.study.engines import proxy_training as training

    monkeypatch.chdir(tmp_path)
    nothing = SimpleNamespace(counts={}, notes=(), words=lambda: "none")
    prepared = SimpleNamespace(info=nothing, datamodule=None, preprocessing=None)
    monkeypatch.setattr(training.ProxyTraining, "prepare", lambda self: prepared)
    monkeypatch.setattr(
        training.ProxyTraining, "__call__", lambda self, c, job, begin: {"accuracy": 0.5}
    )
    space = tiny(trials=2)
    result = search(space, settings=space.spec.settings())
    assert result.folder == Path("runs/tiny")
    assert (tmp_path / "runs" / "tiny" / "report.html").exists()
