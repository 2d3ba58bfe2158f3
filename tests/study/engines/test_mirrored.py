"""What jobs leave lies in the shared folder, too, and a search goes on from there elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from archdsl.errors import SearchError
from archdsl.study import events
from archdsl.study.candidate import CHECKPOINT, WEIGHTS
from archdsl.study.engines.courier import Courier
from archdsl.study.engines.job import Begun, Job, Outcome, Over, Reported
from archdsl.study.engines.mirror import Mirror
from archdsl.study.engines.shared_folder import SharedFolder
from archdsl.study.record.events import Training
from archdsl.study.record.folder import read_state
from tests.kills.searching import told
from tests.study.conftest import judged, tiny_space

EPOCHS = 3
PROXY = {"epochs": EPOCHS, "steps_per_epoch": 2, "warmup": 0, "schedule": "cosine"}


def space_of(shared: Path | None, **given: Any) -> Any:
    url = {} if shared is None else {"shared": f"file://{shared}"}
    settings: dict[str, Any] = {"trials": 3, "budget": {"macs": "200k"}, "proxy": PROXY}
    return tiny_space({"input": [1, 12, 12]}, **{**settings, **url, **given})


def files_in(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder)) for path in folder.rglob("*")
        if path.is_file() and path.name in (CHECKPOINT, WEIGHTS, "error.txt")
    }  # fmt: skip


def job_in(run: Path, number: int = 0, **given: Any) -> Job:
    folder = run / "trials" / f"{number:05}"
    folder.mkdir(parents=True, exist_ok=True)
    made: dict[str, Any] = {"checkpoint": str(folder / CHECKPOINT)}
    return Job(
        "judge", Training(number, "search", 0, 0), "", "", {}, {}, "accuracy", str(folder),
        **{**made, **given},
    )  # fmt: skip


def test_an_epoch_is_told_of_when_its_state_is_there(tmp_path) -> None:
    run, shared = tmp_path / "run", tmp_path / "shared"
    courier = Courier(Mirror(SharedFolder(f"file://{shared}"), run))
    job = job_in(run)
    here, there = Path(str(job.checkpoint)), shared / "trials" / "00000" / CHECKPOINT
    courier.fetch(job)
    first, second = Reported(job, 1, {}), Reported(job, 2, {})
    assert courier.heard(Begun(job, 0.0)) == [Begun(job, 0.0)]
    assert courier.heard(first) == courier.look() == []
    here.write_text("after one")
    assert courier.look() == [first]
    assert there.read_text() == "after one"
    assert courier.look() == courier.heard(second) == []
    here.write_text("after two, which is longer")
    over = Over(job, Outcome("cancelled"))
    assert courier.heard(over) == [second, over]
    assert there.read_text() == here.read_text()


def test_what_is_over_leaves_its_weights_and_what_is_put_aside_its_state(tmp_path) -> None:
    run, shared = tmp_path / "run", tmp_path / "shared"
    courier = Courier(Mirror(SharedFolder(f"file://{shared}"), run))
    for number, until in ((0, None), (1, 2)):
        job = job_in(run, number, until=until)
        for name in (CHECKPOINT, WEIGHTS):
            Path(job.folder, name).touch()
        courier.heard(Over(job, Outcome("complete")))
    assert files_in(shared) == {f"trials/00000/{WEIGHTS}", f"trials/00001/{CHECKPOINT}"}


def test_a_state_that_is_there_comes_before_one_that_is_here(tmp_path) -> None:
    run, shared = tmp_path / "run", tmp_path / "shared"
    courier = Courier(Mirror(SharedFolder(f"file://{shared}"), run))
    job = job_in(run)
    here = Path(str(job.checkpoint))
    here.write_text("of this machine")
    courier.fetch(job)
    assert here.read_text() == "of this machine"
    courier.send(job)
    there = shared / "trials" / "00000" / CHECKPOINT
    there.write_text("of another, which trained on")
    courier.send(job)
    courier.fetch(job)
    assert here.read_text() == there.read_text() == "of another, which trained on"


def test_a_shared_folder_changes_no_trial_and_keeps_what_the_run_keeps(run, tmp_path) -> None:
    alone = run(space_of(None), tmp_path / "alone", evaluate=None)
    beside = run(space_of(tmp_path / "shared"), tmp_path / "beside", evaluate=None)
    assert told(tmp_path / "alone") == told(tmp_path / "beside")
    assert len(beside.trials) == len(alone.trials) == 3
    assert files_in(tmp_path / "shared") == files_in(tmp_path / "beside") != set()


def test_a_trial_goes_on_from_what_only_the_shared_folder_has(run, tmp_path) -> None:
    out, shared = tmp_path / "run", tmp_path / "shared"
    whole = run(space_of(None), tmp_path / "whole", evaluate=None)

    def stop(event: Any) -> None:
        if isinstance(event, events.Epoch) and (event.number, event.step) == (1, 2):
            raise KeyboardInterrupt

    assert run(space_of(shared), out, evaluate=None, listener=stop).ended == "interrupted"
    shutil.rmtree(out / "trials" / "00001")  # as on a machine that took over the record
    assert (shared / "trials" / "00001" / CHECKPOINT).is_file()
    heard: list[Any] = []
    result = run(space_of(shared), out, evaluate=None, listener=heard.append)
    assert [t.values for t in result.trials] == [t.values for t in whole.trials]
    assert told(out) == told(tmp_path / "whole")
    state = read_state(out)
    assert state is not None
    steps = [start.step for start in state.starts[Training(1, "search", 0, 0)]]
    assert steps == [None, 1]  # the second was told of and not recorded
    assert files_in(shared) == files_in(out)


def test_a_folder_that_cannot_be_written_ends_the_search_in_words(run, tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SearchError, match=r"search\.shared: file://.* cannot be (read|written): "):
        run(space_of(tmp_path / "file" / "below"), tmp_path / "run", evaluate=judged)


def test_a_second_search_in_the_same_folder_is_refused(run, tmp_path) -> None:
    run(space_of(tmp_path / "shared"), tmp_path / "one", evaluate=judged)
    with pytest.raises(SearchError, match="holds the files of another search, tiny"):
        run(space_of(tmp_path / "shared", seed=1), tmp_path / "two", evaluate=judged)


def test_what_two_workers_leave_is_there_too(run, tmp_path) -> None:
    space = space_of(tmp_path / "shared", workers=2, final={"keep": 1, "seeds": 2})
    run(space, tmp_path / "run", evaluate=None)
    assert files_in(tmp_path / "shared") == files_in(tmp_path / "run")
    assert any(name.startswith("final/") for name in files_in(tmp_path / "shared"))
