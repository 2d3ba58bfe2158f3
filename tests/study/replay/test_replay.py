"""A training done again from its record is that on record to the digit, however it came about."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import archdsl
from archdsl.errors import ArchError
from archdsl.study import events
from archdsl.study.final.comparison import Noise
from archdsl.study.identity.setup import basis, versions
from archdsl.study.record.folder import read_state
from archdsl.study.replay.replaying import replay
from archdsl.training import seeds
from archdsl.training.module import Classifier
from archdsl.version import VERSION
from tests import started
from tests.study.replay.conftest import SCALED, arrays, contents, project, searched

FINAL = ["final/0/trial-00000/seed-1", "final/0/trial-00000/seed-2"]


@pytest.mark.parametrize("word", ["0", "1", "2", *FINAL])
def test_every_training_of_a_search_comes_again(untouched, word) -> None:
    heard: list[Any] = []
    found = replay(untouched, word, told=lambda *given: heard.append(given))
    assert found.finding == "equal" and found.differences == () and found.notes() == []
    assert found.sentence().endswith(" of mine: equal to the digit in 3 epochs")
    assert [(step, last) for step, last, _ in heard] == [(1, 3), (2, 3), (3, 3)]
    assert heard[-1][2].items() <= found.recorded.epochs[-1].items()


def test_the_process_is_left_as_it_was(untouched) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state(), torch.get_num_threads(), sys.dont_write_bytecode
    replay(untouched, "1")
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert (torch.get_num_threads(), sys.dont_write_bytecode) == before[1:]


def test_a_run_that_was_carried_elsewhere_comes_again(kept, tmp_path) -> None:
    away = tmp_path / "away"
    shutil.copytree(kept, away / "run")
    shutil.rmtree(away / "run" / "trials")
    arrays(away / "a.npz")
    moved = {"search.proxy.folder": str(away), "search.proxy.data.path": "a.npz"}
    before = contents(away)
    assert replay(away / "run", "2", patches=moved).finding == "equal"
    assert contents(away) == before


@pytest.mark.slow
def test_trainings_of_worker_processes_come_again(tmp_path) -> None:
    out = searched(project(tmp_path), workers=2)
    before = contents(out)
    for word in ("0", "1", "2", FINAL[0]):
        assert replay(out, word).finding == "equal", word
    assert contents(out) == before


KILLED = """\
import os, signal, sys
import archdsl
from archdsl.study import events

def killed(event):
    if isinstance(event, events.Epoch) and (event.number, event.step) == (1, 2):
        os.kill(os.getpid(), signal.SIGKILL)

archdsl.search(sys.argv[1], out=sys.argv[2], listener=killed)
"""


@pytest.mark.slow
def test_a_training_that_was_killed_and_went_on_comes_again(tmp_path) -> None:
    here = project(tmp_path)
    words = [*started.python(), "-c", KILLED, here / "space.yaml", here / "run"]
    assert subprocess.run(words, check=False).returncode == -9
    so_far = replay(here / "run", "1")
    assert (so_far.finding, len(so_far.epochs)) == ("equal", 1)
    assert so_far.notes() == ["it has not come to its end: the epochs so far are compared"]
    out = searched(here)
    state = read_state(out)
    assert [one.step for key, many in state.starts.items() if key.trial == 1 for one in many][:2] \
        == [None, 1]  # fmt: skip
    for word in ("1", "2", *FINAL):
        assert replay(out, word).finding == "equal", word


def test_a_search_goes_on_as_if_nothing_had_been_replayed_beside_it(kept, tmp_path) -> None:
    here, found = project(tmp_path), dict[str, Any]()

    def listener(event: Any) -> None:
        if isinstance(event, events.Epoch) and (event.number, event.step) == (1, 2):
            before = contents(here / "run")
            for word in ("0", "1"):
                found[word] = replay(here / "run", word)
            assert contents(here / "run") == before

    archdsl.search(here / "space.yaml", out=here / "run", listener=listener)
    assert [one.finding for one in found.values()] == ["equal", "equal"]
    assert [one.recorded.complete for one in found.values()] == [True, False]
    assert [len(one.epochs) for one in found.values()] == [3, 1]
    assert metrics(here / "run") == metrics(kept)


def metrics(folder: Path) -> list[Any]:
    return [trial.epochs for trial in read_state(folder).in_order()]


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_training_whose_batches_were_taken_in_parts_comes_again(
    tmp_path, monkeypatch, epoch
) -> None:
    step, here = Classifier.training_step, project(tmp_path)

    def training_step(self: Any, batch: Any, *given: Any) -> Any:
        if len(batch[0]) > 4 and self.current_epoch >= epoch:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return step(self, batch, *given)

    with monkeypatch.context() as patched:
        patched.setattr(Classifier, "training_step", training_step)
        out = searched(here, trials=1, final=None)
    found = replay(out, "0")
    assert [part.accumulate for part in found.recorded.parts] == ([2] if epoch == 0 else [1, 2])
    assert found.finding == "equal"


def test_it_has_the_threads_that_it_had(untouched, monkeypatch) -> None:
    monkeypatch.setattr("archdsl.threads.SMALL", 0)
    had, seen = torch.get_num_threads(), set[int]()
    try:
        torch.set_num_threads(had + 1)
        found = replay(untouched, "1", told=lambda *_: seen.add(torch.get_num_threads()))
        assert torch.get_num_threads() == had + 1
    finally:
        torch.set_num_threads(had)
    assert seen == {had} and found.finding == "equal"
    (session,) = read_state(untouched).sessions
    assert session.machine["training_threads"] == str(had)


def test_what_follows_from_something_else_differs_on_the_same_machine(
    untouched, monkeypatch
) -> None:
    monkeypatch.setattr("archdsl.training.train.seed_of", lambda *parts: seeds.seed_of("x", *parts))
    found = replay(untouched, "1")
    assert found.finding == "differs"
    assert found.sentence() == (
        "trial 1 of mine: differs from epoch 1 of 3 epochs on, on the same machine, device and "
        "threads, with the same versions"
    )


def test_on_another_machine_the_noise_of_seeds_decides(untouched, monkeypatch) -> None:
    monkeypatch.setattr("archdsl.training.train.seed_of", lambda *parts: seeds.seed_of("x", *parts))
    monkeypatch.setattr("archdsl.study.replay.place.basis", lambda: {**basis(), "torch": "9.0"})
    assert replay(untouched, "1").finding == "unknown", "both seeds came to one figure"
    monkeypatch.setattr("archdsl.study.replay.noise.seed_noise", lambda arms: Noise(0.01, 1))
    found = replay(untouched, "1")
    assert found.differences == (f"torch was {versions()['torch']}, and now it is 9.0",)
    noise = found.noise["accuracy"]
    assert (noise.purpose, noise.epochs) == ("final/0", 3)
    within = abs(found.gap("accuracy")) <= noise.bound
    assert found.finding == ("within noise" if within else "differs")


def test_other_code_other_data_and_another_task_are_refused(kept, tmp_path) -> None:
    out = tmp_path / "run"
    shutil.copytree(kept, out)

    def refused(**patches: Any) -> str:
        with pytest.raises(ArchError) as caught:
            replay(out, "1", patches={name.replace("__", "."): v for name, v in patches.items()})
        return str(caught.value).replace(str(out), "RUN")

    assert refused(search__proxy__epochs=4) == (
        "RUN holds a search in which search.proxy.epochs was 3, and now it is 4.  put it back to "
        "replay it"
    )
    assert refused(classes=3).startswith("RUN holds a search in which classes was 2, and now")
    (out / "imported_1" / "scaled.py").write_text(SCALED.replace("learnt", "trained"))
    assert refused().startswith("RUN holds a search in which imports../imported_1/scaled.py was")
    (out / "imported_1" / "scaled.py").write_text(SCALED)
    (out / "imported_1" / "factor.py").write_text("FACTOR = 1.25\n")
    assert refused() == (
        "RUN holds a search that ran other code: factor.py has other content.  put it back to "
        "replay it"
    )
    (out / "imported_1" / "factor.py").write_text("FACTOR = 1.5\n")
    arrays(tmp_path / "a.npz", seed=1)
    assert refused(search__proxy__data__path=str(tmp_path / "a.npz")) == (
        "RUN holds a search that had other data (npz da ta/a.npz: 2 classes, 1x8x8, 28 train, 6 "
        "val, 6 test): the file has other content.  put it back to replay it"
    )
    assert replay(out, "1").finding == "equal"


@pytest.mark.parametrize(
    ("version", "cure"),
    [
        ("0.1.7", "archdsl 0.1 cannot replay, and another comes to other figures: there is no way"),
        ("0.99.0", "replay it with archdsl 0.99"),
    ],
)
def test_another_minor_version_is_refused_before_all_else(
    untouched, monkeypatch, version, cure
) -> None:
    state = read_state(untouched)
    state.evidence = {**state.evidence, "archdsl": version}
    monkeypatch.setattr("archdsl.study.replay.replaying.read_state", lambda folder: state)
    with pytest.raises(ArchError) as caught:  # there are no such data, and no such trial
        replay(untouched, "12", patches={"search.proxy.data.path": "gone.npz"})
    assert str(caught.value) == (
        f"{untouched} holds a search by archdsl {version}, and this is {VERSION}.  {cure}"
    )


def test_python_of_the_space_may_be_refused(untouched) -> None:
    with pytest.raises(ArchError, match="imports"):
        replay(untouched, "1", imports=False)
