"""A search whose schedule forks: trials are compared by branches, and go on from their trunks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archdsl.spaces import Space
from archdsl.study import session
from archdsl.study.engines.inline import Inline
from archdsl.study.finish import Left
from archdsl.study.record.events import Training
from archdsl.study.status import status
from tests.study.engines.test_seam import Threads
from tests.study.test_pruned import (
    Break,
    Curves,
    broken_off_again_and_again,
    pruned_space,
    searched,
    state_of,
    told,
    value_of,
)

EPOCHS = 8
RUNGS = (2, 5, EPOCHS)
FORKS = {2: 1, 5: 4}
"""By the epochs after which a branch ends, those after which it leaves its trunk."""
SIZE = 400_000
GAIN = 0.3
"""What an epoch of a branch is worth more than one of its trunk."""


class Forking(Curves):
    """Trains by a formula; what comes after the trunk is worth more.

    trained: every epoch that it trained, with its trial and its branch
    """

    def _judge(self, job: Any, space: Space, begin: Any, report: Any, should_stop: Any) -> Any:
        trial, branch = job.trial, job.training.branch
        until = job.until or EPOCHS
        done = [int(path.read_text()) for path in (Path(job.checkpoint), Path(job.trunk or "-"))
                if path.is_file()]  # fmt: skip
        has = done[0] if done else 0
        fork = FORKS[branch] if branch else 0
        on_record = max(fork, int(job.step or 0))
        begin((on_record if has else None) or None)
        for epoch in range(min(has, on_record), until):
            if epoch >= has:
                self.trained.append((trial, branch, epoch + 1))  # type: ignore[arg-type]
            if epoch < on_record:
                continue
            if trial in self.fails:
                raise ValueError("this one cannot be trained")
            value = round(value_of(job.decisions, epoch + 1) + GAIN * (branch > 0), 6)
            report(epoch + 1, {"accuracy": value})
            Path(job.checkpoint).write_text(str(epoch + 1).ljust(SIZE))
            if should_stop():
                break
        return {"accuracy": 0.0}


def forking_space(**settings: Any) -> Space:
    usual: dict[str, Any] = {
        "trials": 10, "prune": {"type": "asha", "rungs": [2, 5], "reduction": 2},
        "proxy": {"epochs": EPOCHS, "steps_per_epoch": 1, "schedule": "wsd"},
    }  # fmt: skip
    return pruned_space(**{**usual, **settings})


@pytest.fixture(autouse=True)
def without_files_of_the_winner(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search takes most of its time to write its page and its winner, where nobody trains."""
    monkeypatch.setattr(session, "finish", lambda run, emit: Left([], None))


def test_a_rung_is_judged_by_a_branch_and_no_epoch_is_trained_twice(tmp_path) -> None:
    work = Forking()
    result = searched(forking_space(sampler="random"), tmp_path / "run", Inline(work))
    assert len(work.trained) == len(set(work.trained))
    state = state_of(tmp_path / "run")
    assert {job.until for job in state.rungs.jobs} == set(RUNGS)
    for job, values in state.rungs.results.items():
        trial, until = state.rungs.jobs[job]
        training = Training(trial, "search", 0, until if until < EPOCHS else 0)
        reports = state.trainings[training]
        assert values == (reports[-1]["accuracy"],)
        if until < EPOCHS:
            assert [one["step"] for one in reports] == list(range(FORKS[until] + 1, until + 1))
            assert state.starts[training][0].step == FORKS[until]
    for trial in result.trials:
        steps = [one["step"] for one in trial.epochs]
        assert steps == list(range(1, steps[-1] + 1))
        assert steps[-1] == (
            EPOCHS if trial.state == "complete" else state.rungs.until(trial.number)
        )
    assert result.spent is not None
    assert result.spent.epochs == len(work.trained)
    assert result.spent.whole == 10 * EPOCHS


def test_jobs_are_the_same_whoever_runs_them_and_finishes_first(tmp_path) -> None:
    space = forking_space(sampler="random", workers=3)
    for seed in (1, 2):
        work = Forking(5)
        searched(space, tmp_path / str(seed), Threads(work, capacity=3, seed=seed))
        assert len(work.trained) == len(set(work.trained))
    assert told(tmp_path / "1") == told(tmp_path / "2")


@pytest.mark.parametrize("disk", [None, pytest.param("1M", marks=pytest.mark.slow)])
def test_a_search_that_is_broken_off_anywhere_ends_as_one_that_was_not(tmp_path, disk) -> None:
    space = forking_space(sampler="random", disk=disk)
    whole = Forking(3)
    searched(space, tmp_path / "whole", Inline(whole))
    out, work = tmp_path / "broken", Forking(3)
    broken_off_again_and_again(space, out, work)
    assert told(out) == told(tmp_path / "whole")
    assert set(work.trained) == set(whole.trained)


def test_a_checkpoint_that_is_gone_changes_no_figure(tmp_path) -> None:
    searched(forking_space(), tmp_path / "free", Inline(Forking()))
    held, branches = list[int](), list[Path]()

    def listener(event: Any) -> None:
        run = tmp_path / "bounded"
        if type(event).__name__ == "TrialStarted":
            held.append(sum(path.stat().st_size for path in run.glob("trials/*/checkpoint.ckpt")))
            branches.extend(run.glob("trials/*/branch"))

    searched(forking_space(disk="1M"), tmp_path / "bounded", Inline(Forking()), listener=listener)
    assert max(held) <= 1_000_000 + SIZE  # and the one that has begun
    assert {path.parent.name for path in branches}
    assert not list((tmp_path / "bounded").glob("trials/*/branch"))
    assert told(tmp_path / "bounded") == told(tmp_path / "free")


def test_a_failure_in_a_branch_fails_the_trial(tmp_path) -> None:
    class Late(Forking):
        def _judge(self, job: Any, *rest: Any) -> Any:
            if job.trial == 2 and job.training.branch:
                raise ValueError("cooled down too far")
            return super()._judge(job, *rest)

    result = searched(forking_space(), tmp_path / "run", Inline(Late()))
    assert result.trials[2].state == "failed"
    assert result.trials[2].cause == "ValueError: cooled down too far"
    assert [one["step"] for one in result.trials[2].epochs] == [1]


def test_rungs_and_score_of_a_schedule_that_forks() -> None:
    def prune(epochs: int, said: Any = "asha", **proxy: Any) -> Any:
        settings = forking_space(
            prune=said, proxy={"epochs": epochs, "schedule": "wsd", **proxy}
        ).spec.settings()
        assert settings.prune is not None
        return settings.prune.rungs, settings.prune.score

    assert prune(18) == ((6, 18), 1)
    assert prune(18, {"type": "asha", "score": 3}) == ((6, 18), 3)
    assert prune(18, schedule="cosine") == ((6, 18), 3)


@pytest.mark.parametrize(
    ("prune", "proxy", "schedule"),
    [
        ("asha", {}, "wsd"),
        (None, {}, "cosine"),
        ("asha", {"schedule": "cosine"}, "cosine"),
        ("asha", {"module": "mine:Module"}, "cosine"),  # which has the rate to itself
        (None, {"schedule": "wsd"}, "wsd"),
    ],
)
def test_a_search_that_prunes_forks_unless_it_says_otherwise(prune, proxy, schedule) -> None:
    space = forking_space(prune=prune, proxy={"epochs": 18, **proxy})
    assert space.spec.settings().proxy.schedule == schedule


def test_a_status_shows_the_last_epoch_of_trunk_or_branch(tmp_path) -> None:
    def stop(event: Any) -> None:
        if type(event).__name__ == "Epoch" and event.step == 5:
            raise Break

    with pytest.raises(Break):
        searched(forking_space(), tmp_path / "run", Inline(Forking()), listener=stop)
    (found,) = status(tmp_path / "run").underway
    assert found.last is not None
    assert found.last["step"] == 4  # of the trunk: its branch has ended after two
