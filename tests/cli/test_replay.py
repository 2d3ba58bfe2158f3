"""`archdsl replay RUN TRIAL`: a trial trained again, and what the command says of it."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from archdsl.study.identity.setup import basis
from archdsl.training import seeds
from archdsl.training.epochs import EpochWatch
from tests.study.replay.conftest import contents, project, searched


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return searched(project(tmp_path_factory.mktemp("replayed")), trials=1, final=None)


def other_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archdsl.training.train.seed_of", lambda *parts: seeds.seed_of("x", *parts))


def test_a_trial_that_comes_again_is_said_in_a_line(run, trained) -> None:
    before = contents(trained)
    done = run("replay", trained, "0")
    assert (done.code, done.out) == (0, "trial 0 of mine: equal to the digit in 3 epochs\n")
    assert [line.split("  ")[0] for line in done.err.splitlines()] == [
        "epoch 1 of 3", "epoch 2 of 3", "epoch 3 of 3"
    ]  # fmt: skip
    said = run("replay", trained, "0", "--json").data
    assert (said["finding"], said["equal"], said["differences"]) == ("equal", True, [])
    assert said["recorded"] == said["replayed"] and len(said["recorded"]) == 3
    assert said["training"] == [0, "search", 0, 0]
    assert contents(trained) == before


def test_one_that_does_not_is_shown_beside_the_record_and_ends_with_1(
    run, trained, monkeypatch
) -> None:
    other_seeds(monkeypatch)
    done = run("replay", trained, "0")
    assert (done.code, done.out) == (1, "")
    lines = [line for line in done.err.splitlines() if not line.startswith("epoch ")]
    assert lines[0].startswith("trial 0 of mine: differs from epoch 1 of 3 epochs on, on the same ")
    assert lines[1].split()[:3] == ["epoch", "accuracy", "again"]
    assert [line.split()[0] for line in lines[2:5]] == ["1", "2", "3"]
    assert run("replay", trained, "0", "--json").data["finding"] == "differs"


def test_without_noise_both_are_shown_and_nothing_is_claimed(run, trained, monkeypatch) -> None:
    other_seeds(monkeypatch)
    monkeypatch.setattr("archdsl.study.replay.place.basis", lambda: {**basis(), "torch": "9.0"})
    done = run("replay", trained, "0")
    assert done.code == 0
    assert done.out.startswith(
        "trial 0 of mine: differs from epoch 1 of 3 epochs on, and no noise was measured to "
        "compare with\n  epoch  accuracy"
    )
    assert re.search(r"^not the same: torch was \S+, and now it is 9\.0$", done.out, re.MULTILINE)
    assert "; no final round of 3 epochs tells what two seeds differ by\n" in done.out


def test_what_cannot_be_done_again_is_said_with_its_cure(run, trained, tmp_path) -> None:
    done = run("replay", trained, "5")
    assert (done.code, done.out) == (2, "")
    assert done.err == f"{trained} has no trial 5.  its trials are 0 to 0\n"
    assert "holds no search" in run("replay", tmp_path, "0").err
    assert "the following arguments are required: TRIAL" in run("replay", trained).err
    assert run("replay", trained, "0", "--set", "search.seed=1").err == (
        f"{trained} holds a search in which search.seed was 0, and now it is 1.  put it back to "
        "replay it\n"
    )
    assert "imports" in run("replay", trained, "0", "--no-imports").err


def test_ctrl_c_leaves_nothing_behind(run, trained, tmp_path, monkeypatch) -> None:
    before = contents(trained)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def interrupted(self: EpochWatch, *given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(EpochWatch, "on_train_batch_start", interrupted)
    done = run("replay", trained, "0")
    assert (done.code, done.out) == (130, "")
    assert done.err == "interrupted\n"
    assert list(tmp_path.iterdir()) == []
    assert contents(trained) == before
