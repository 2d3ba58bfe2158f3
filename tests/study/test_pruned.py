"""A search that puts trials aside: the same jobs on every engine and after every break."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from archdsl.cli import main
from archdsl.errors import SearchError
from archdsl.spaces import Space
from archdsl.study import Result, search, session
from archdsl.study.engines.inline import Inline
from archdsl.study.engines.work import Work
from archdsl.study.finish import Left
from archdsl.study.record.events import Promoted, Reached
from archdsl.study.record.file_store import FileStore
from archdsl.study.record.folder import read_state
from archdsl.study.record.state import State
from archdsl.study.report.page import write_report
from archdsl.study.status import status
from archdsl.units import counted
from tests.study.conftest import judged, tiny_space
from tests.study.engines.test_seam import Threads

EPOCHS = 4
SIZE = 400_000


class Curves(Work):
    """Trains by a formula, with a checkpoint that says how far it came.

    trained: every epoch that it trained, with its trial; fails: trials that raise
    """

    def __init__(self, *fails: int) -> None:
        super().__init__()
        self.trained: list[tuple[int, int]] = []
        self.fails = fails

    def _judge(self, job: Any, space: Space, begin: Any, report: Any, should_stop: Any) -> Any:
        checkpoint = Path(job.checkpoint)
        done = int(checkpoint.read_text()) if checkpoint.exists() else 0
        begin(min(done, int(job.step or 0)) or None)
        for epoch in range(int(job.step or 0), job.until or EPOCHS):
            if epoch >= done:
                self.trained.append((job.trial, epoch + 1))
            if job.trial in self.fails:
                raise ValueError("this one cannot be trained")
            value = value_of(job.decisions, epoch + 1)
            report(epoch + 1, {"accuracy": value})
            checkpoint.write_text(str(epoch + 1).ljust(SIZE))
            if should_stop():
                break
        return {"accuracy": value_of(job.decisions, job.until or EPOCHS)}


def value_of(decisions: dict[str, Any], epoch: int) -> float:
    depth = decisions["stages.0.depth"] + decisions["stages.1.depth"]
    mixers = [decisions[f"stages.{stage}.token_mixer"] for stage in (0, 1)]
    return round((depth / 20 + 0.2 * mixers.count("sep_conv")) * epoch / EPOCHS, 6)


def pruned_space(**settings: Any) -> Space:
    usual = {
        "trials": 12, "prune": {"type": "asha", "rungs": [1, 2], "reduction": 2, "score": 1},
        "proxy": {"epochs": EPOCHS, "steps_per_epoch": 1, "warmup": 0, "schedule": "cosine"},
    }  # fmt: skip
    return tiny_space({"input": [1, 12, 12]}, **{**usual, **settings})


def searched(space: Space, out: Path, engine: Any, **given: Any) -> Result:
    return search(space, out=out, settings=space.spec.settings(), engine=engine, **given)


@pytest.fixture(autouse=True)
def without_files_of_the_winner(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search takes most of its time to write its page and its winner, where nobody trains."""
    monkeypatch.setattr(session, "finish", lambda run, emit: Left([], None))


def state_of(out: Path) -> State:
    state = read_state(out)
    assert state is not None
    return state


def told(out: Path) -> Any:
    """What a run has come to, without times."""
    state = state_of(out)
    trials = [(t.number, t.state, t.decisions, t.values, t.epochs) for t in state.judged()]
    return state.rungs.jobs, state.rungs.results, trials


@pytest.mark.parametrize("sampler", [pytest.param("gp", marks=pytest.mark.slow), "random"])
def test_jobs_are_the_same_whoever_runs_them_and_finishes_first(tmp_path, sampler) -> None:
    space = pruned_space(sampler=sampler, trials=10, workers=3)
    for seed in (1, 2):
        work = Curves(5)
        searched(space, tmp_path / str(seed), Threads(work, capacity=3, seed=seed))
        assert len(work.trained) == len(set(work.trained))  # no epoch twice
    assert told(tmp_path / "1") == told(tmp_path / "2")
    jobs = state_of(tmp_path / "1").rungs.jobs
    assert {job.until for job in jobs} == {1, 2, EPOCHS}


class Break(Exception):
    pass


def broken_off_again_and_again(space: Space, out: Path, work: Curves) -> None:
    """Search to the end, with a break after a few events of each start."""
    for after in itertools.count(1):
        heard = Counter[str]()

        def listener(event: Any, after: int = after, heard: Counter[str] = heard) -> None:
            heard["all"] += type(event).__name__ in ("Epoch", "TrialPaused", "TrialFinished")
            if heard["all"] > 5 + 3 * (after % 3):
                raise Break

        try:
            searched(space, out, Inline(work), listener=listener)
        except Break:
            continue
        return


@pytest.mark.parametrize("sampler", ["gp", pytest.param("grid", marks=pytest.mark.slow)])
def test_a_search_that_is_broken_off_anywhere_ends_as_one_that_was_not(tmp_path, sampler) -> None:
    space = pruned_space(sampler=sampler)
    whole = Curves(3)
    searched(space, tmp_path / "whole", Inline(whole))
    out, work = tmp_path / "broken", Curves(3)
    broken_off_again_and_again(space, out, work)
    assert told(out) == told(tmp_path / "whole")
    assert set(work.trained) == set(whole.trained)


def test_a_search_that_is_over_trains_nothing_and_goes_on_with_more_trials(tmp_path) -> None:
    searched(pruned_space(), tmp_path / "run", Inline(Curves()))
    jobs = list(state_of(tmp_path / "run").rungs.jobs)
    work = Curves()
    searched(pruned_space(), tmp_path / "run", Inline(work))
    assert work.trained == []
    result = searched(pruned_space(trials=20), tmp_path / "run", Inline(work))
    state = state_of(tmp_path / "run")
    assert state.rungs.jobs[: len(jobs)] == jobs
    assert [trial.number for trial in result.trials] == list(range(20))
    assert {trial for trial, _ in work.trained if trial >= 12} == set(range(12, 20))
    for training, reports in state.trainings.items():
        steps = [one["step"] for one in reports]
        assert steps == list(range(1, len(steps) + 1)), training


def test_what_nothing_can_promote_leaves_no_checkpoint(tmp_path) -> None:
    most = list[int]()
    space = pruned_space(trials=16, sampler="random")

    def listener(event: Any) -> None:
        if type(event).__name__ == "TrialStarted":
            most.append(len(list((tmp_path / "run").glob("trials/*/checkpoint.ckpt"))))

    searched(space, tmp_path / "run", Inline(Curves()), listener=listener)
    assert not list((tmp_path / "run").glob("trials/*/checkpoint.ckpt"))
    assert 3 <= max(most) < 12


def test_the_disk_is_bounded_and_decides_nothing(tmp_path) -> None:
    free, bounded = pruned_space(), pruned_space(disk="1M")
    searched(free, tmp_path / "free", Inline(Curves()))
    held, work, notices = list[int](), Curves(), list[str]()

    def listener(event: Any) -> None:
        if type(event).__name__ == "Notice":
            notices.append(event.text)
        if type(event).__name__ == "TrialStarted":
            found = (tmp_path / "bounded").glob("trials/*/checkpoint.ckpt")
            held.append(sum(path.stat().st_size for path in found))

    result = searched(bounded, tmp_path / "bounded", Inline(work), listener=listener)
    assert max(held) <= 1_000_000 + SIZE  # and the one that has begun
    assert told(tmp_path / "bounded") == told(tmp_path / "free")
    again = len(work.trained) - len(set(work.trained))
    assert again > 0
    assert result.spent is not None
    assert result.spent.again == again
    assert f"; {counted(again, 'epoch')} {'was' if again == 1 else 'were'} trained again, as " in (
        result.spent.words()
    )
    assert [one for one in notices if "begins again" in one]


def test_the_best_is_one_that_was_trained_to_its_end_by_its_mean(tmp_path) -> None:
    space = pruned_space(prune={"type": "asha", "rungs": [1, 2], "reduction": 2, "score": 2})
    result = searched(space, tmp_path / "run", Inline(Curves()))
    assert result.best is not None
    assert len(result.best.epochs) == EPOCHS
    last = [epoch["accuracy"] for epoch in result.best.epochs[-2:]]
    assert result.best.values == (pytest.approx(sum(last) / 2),)
    for trial in result.trials:
        last = [epoch["accuracy"] for epoch in trial.epochs[-2:]]
        assert trial.metrics == {"accuracy": pytest.approx(sum(last) / len(last))}


def test_what_was_spent_is_said(tmp_path, capsys) -> None:
    result = searched(pruned_space(), tmp_path / "run", Inline(Curves()))
    epochs = sum(len(trial.epochs) for trial in result.trials)
    paused = sum(trial.state == "paused" for trial in result.trials)
    assert result.spent is not None
    assert result.spent.record() == {
        "epochs": epochs, "whole": 12 * EPOCHS, "paused": paused, "again": 0,
    }  # fmt: skip
    words = result.spent.words()
    assert words.startswith(f"{epochs} epochs trained, ")
    page = " ".join(write_report(tmp_path / "run").read_text().split())
    assert words in page
    assert main(["status", str(tmp_path / "run")]) == 0
    said = capsys.readouterr().out
    assert "12 of 12 trials, done" in said
    assert f"{paused} paused" in said
    assert "checkpoints of paused trials: 0 bytes" in said
    lines = (tmp_path / "run" / "trials.jsonl").read_text().splitlines()
    assert Counter(json.loads(line)["state"] for line in lines)["paused"] == paused


def test_a_status_says_that_promotions_are_to_come(tmp_path) -> None:
    def stop(event: Any) -> None:
        if type(event).__name__ == "TrialPaused" and event.trial.number == 11:
            raise Break

    with pytest.raises(Break):
        searched(pruned_space(disk="5M"), tmp_path / "run", Inline(Curves()), listener=stop)
    found = status(tmp_path / "run")
    assert found.done == 12
    assert found.words() == "12 of 12 trials; nobody is searching, and the same command goes on"
    assert found.aside is not None
    assert found.aside[0] > 0
    assert found.aside[1] == 5_000_000


def test_failures_of_one_cause_end_it_as_ever(tmp_path) -> None:
    with pytest.raises(SearchError, match="3 trials in a row failed of the same cause"):
        searched(pruned_space(), tmp_path / "run", Inline(Curves(*range(12))))
    again = searched(pruned_space(trials=8), tmp_path / "other", Inline(Curves(4, 5, 6, 7)))
    assert again.best is not None


class Ends(Curves):
    """Trainings that end by themselves after their first epoch."""

    def _judge(self, job: Any, space: Space, begin: Any, report: Any, should_stop: Any) -> Any:
        begin(None)
        value = value_of(job.decisions, 1)
        report(1, {"accuracy": value})
        return {"accuracy": value}


def test_a_training_that_ends_by_itself_is_over_and_is_not_promoted(tmp_path) -> None:
    prune = {"type": "asha", "rungs": [2], "reduction": 2, "score": 1}
    result = searched(pruned_space(trials=6, prune=prune), tmp_path / "run", Inline(Ends()))
    assert [trial.state for trial in result.trials] == ["complete"] * 6
    assert len(state_of(tmp_path / "run").rungs.jobs) == 6
    assert result.best is not None
    assert status(tmp_path / "run").words() == "6 of 6 trials, done"


class Late(Curves):
    """Trainings that fail once they are promoted."""

    def _judge(self, job: Any, space: Space, begin: Any, report: Any, should_stop: Any) -> Any:
        if job.step:
            begin(None)
            raise ValueError("this one cannot go on")
        return super()._judge(job, space, begin, report, should_stop)


def test_promotions_that_fail_of_one_cause_end_it_as_well(tmp_path) -> None:
    work = Late()
    with pytest.raises(SearchError, match="3 trials in a row failed of the same cause: ValueErr"):
        searched(pruned_space(trials=30), tmp_path / "run", Inline(work))
    results = state_of(tmp_path / "run").rungs.results
    assert list(results.values()).count(None) == 3


def test_with_fewer_trials_those_under_way_come_to_an_end(tmp_path) -> None:
    prune = {"type": "asha", "rungs": [1, 2], "reduction": 4, "score": 1}

    def stop(event: Any) -> None:
        if type(event).__name__ == "Epoch" and event.number == 7:
            raise Break

    with pytest.raises(Break):
        searched(pruned_space(prune=prune), tmp_path / "run", Inline(Curves()), listener=stop)
    result = searched(pruned_space(trials=5, prune=prune), tmp_path / "run", Inline(Curves()))
    assert (result.ended, result.message) == ("done", "8 trials done")
    assert result.best is not None
    assert status(tmp_path / "run").words() == "8 of 5 trials, done"


def test_a_status_before_the_first_job_is_one(tmp_path) -> None:
    seen = list[str]()

    def listener(event: Any) -> None:
        if type(event).__name__ == "Started":
            seen.append(status(tmp_path / "run").words())

    searched(pruned_space(trials=2), tmp_path / "run", Inline(Curves()), listener=listener)
    assert len(seen) == 1
    assert seen[0].startswith("0 of 2 trials")


def test_a_comparison_does_not_hold_survivors_against_all(tmp_path, capsys) -> None:
    for seed in (0, 1):
        searched(pruned_space(trials=6, seed=seed), tmp_path / str(seed), Inline(Curves()))
    assert main(["compare", str(tmp_path / "0"), str(tmp_path / "1")]) == 0
    said = capsys.readouterr().out
    assert "best accuracy of" not in said
    assert "epochs trained" in said
    assert "of a search that prunes only the good ones came to their end" in " ".join(said.split())
    page = " ".join(write_report(tmp_path / "0").read_text().split())
    assert "inside the budget: accuracy" not in page


def test_a_page_says_from_which_job_on_there_were_other_workers(tmp_path) -> None:
    def stop(event: Any) -> None:
        if type(event).__name__ == "TrialPaused" and event.trial.number == 11:
            raise Break

    with pytest.raises(Break):
        searched(pruned_space(), tmp_path / "run", Inline(Curves()), listener=stop)
    first = len(state_of(tmp_path / "run").rungs.jobs)
    engine = Threads(Curves(), capacity=3, seed=0)
    searched(pruned_space(workers=3), tmp_path / "run", engine)
    page = " ".join(write_report(tmp_path / "run").read_text().split())
    assert f"1 worker from job 0 on, 3 workers from job {first} on" in page


def test_brackets_are_a_search_too(tmp_path) -> None:
    space = pruned_space(prune={"type": "hyperband", "rungs": [1, 2], "reduction": 2})
    searched(space, tmp_path / "run", Inline(Curves()))
    state = state_of(tmp_path / "run")
    first = dict(reversed(state.rungs.jobs))
    assert set(first.values()) == {1, 2, EPOCHS}


def test_a_space_that_is_exhausted_still_promotes(tmp_path) -> None:
    space = pruned_space(trials=500, sampler="grid", budget={"macs": "35k"})
    result = searched(space, tmp_path / "run", Inline(Curves()))
    assert result.ended == "exhausted"
    assert result.best is not None
    assert len(result.best.epochs) == EPOCHS
    again = searched(space, tmp_path / "run", Inline(work := Curves()))
    assert again.ended == "exhausted"
    assert work.trained == []


def test_an_evaluate_cannot_be_paused(tmp_path) -> None:
    space = pruned_space()
    with pytest.raises(SearchError) as caught:
        search(space, evaluate=judged, out=tmp_path / "run", settings=space.spec.settings())
    assert str(caught.value) == (
        "search.prune: an evaluate of your own cannot be paused and gone on with.  drop "
        "search.prune, or name your training as search.proxy.module"
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("prune", "said"),
    [
        (None, "search.prune.type was asha, and now it is not there"),
        ({"type": "asha", "rungs": [1, 2]}, "search.prune.reduction was 2, and now it is 3"),
    ],
)
def test_a_run_goes_on_with_the_same_rungs(tmp_path, prune, said) -> None:
    searched(pruned_space(trials=2), tmp_path / "run", Inline(Curves()))
    with pytest.raises(SearchError) as caught:
        searched(pruned_space(trials=3, prune=prune), tmp_path / "run", Inline(Curves()))
    assert said in str(caught.value)


def test_a_run_without_rungs_goes_on_without(tmp_path, run) -> None:
    run(tiny_space(trials=1), tmp_path / "run")
    space = tiny_space(trials=2, prune={"type": "asha", "rungs": [1]})
    with pytest.raises(SearchError) as caught:
        searched(space, tmp_path / "run", Inline(Curves()))
    assert "search.prune was none, and now it is another, with keys of its own" in str(caught.value)


def test_nobody_is_paused_who_had_nothing_to_wait_for(tmp_path) -> None:
    """Each trial that was put aside stands on record as such, and goes on by a promotion alone."""
    searched(pruned_space(), tmp_path / "run", Inline(Curves()))
    paused = set[int]()
    for event in FileStore(tmp_path / "run").replay():
        if isinstance(event, Reached):
            paused.add(event.training.trial)
        if isinstance(event, Promoted):
            paused.remove(event.trial)
    assert paused == state_of(tmp_path / "run").rungs.resting
