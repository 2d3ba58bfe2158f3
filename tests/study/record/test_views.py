"""What lies beside the record grows with it: only what is missing or differs is written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from archdsl.language.settings import Objective
from archdsl.study.optuna_trials import frozen, intermediate, new_study
from archdsl.study.record import optuna_view, views
from archdsl.study.record.optuna_view import OptunaView
from archdsl.study.trial import Trial

OBJECTIVES = (Objective("accuracy", "maximize"), Objective("macs", "minimize"))
COUNT = 5


@pytest.fixture(scope="module")
def space():
    from tests.study.conftest import tiny_space

    return tiny_space()


@pytest.fixture(scope="module")
def trials(space) -> list[Trial]:
    """Some that succeeded and one that failed, out of the order of their numbers."""
    members = space.sample(COUNT, seed=1)
    made = [
        Trial(
            number, "random", dict(member.decisions), member.dump(), {"macs": 7}, f"n{number}",
            "complete", values=(number / 10, 7.0), metrics={"accuracy": number / 10},
            epochs=({"step": 1, "accuracy": 0.5},), begun=1.0, ended=2.0, space=space,
        )
        for number, member in enumerate(members)
    ]  # fmt: skip
    failed = Trial(
        COUNT, "random", dict(members[0].decisions), "x", {"macs": 7}, "n", "failed",
        cause="ValueError: \u2028", begun=3.0, ended=4.0, space=space,
    )  # fmt: skip
    return [made[1], made[0], failed, *made[2:]]


def damaged(whole: bytes, at: int, kind: str) -> bytes:
    match kind:
        case "cut":
            return whole[:at]
        case "altered":
            return whole[:at] + b"\0" + whole[at + 1 :]
        case "more":
            return whole + whole[:at]
        case _:
            return whole[:at] + whole[at + 1 :]


DAMAGE = st.tuples(
    st.floats(0, 0.999), st.sampled_from(["cut", "altered", "more", "without a byte"])
)
AGAIN = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)


@AGAIN
@given(DAMAGE)
def test_trials_come_back_to_the_last_byte_whatever_was_there(trials, tmp_path, damage) -> None:
    path = tmp_path / "trials.jsonl"
    path.unlink(missing_ok=True)
    for trial in trials:
        views.add_trial(tmp_path, trial)
    whole = path.read_bytes()
    path.write_bytes(damaged(whole, int(damage[0] * len(whole)), damage[1]))
    views.write_trials(tmp_path, trials)
    assert path.read_bytes() == whole


@AGAIN
@given(DAMAGE)
def test_of_the_journal_only_what_follows_the_damage_is_written_anew(
    trials, space, tmp_path, monkeypatch, damage
) -> None:
    path = tmp_path / "study.journal"
    path.unlink(missing_ok=True)
    OptunaView(path, "tiny", OBJECTIVES, space, trials)
    whole = path.read_bytes()
    at = int(damage[0] * len(whole))
    path.write_bytes(damaged(whole, at, damage[1]))
    kept = whole[:at].count(b"\n") if damage[1] != "more" else len(trials) + 1
    written: list[int] = []
    with monkeypatch.context() as patch:

        def counting(trial: Trial, *args: Any, **given: Any) -> Any:
            written.append(trial.number)
            return frozen(trial, *args, **given)

        patch.setattr(optuna_view, "frozen", counting)
        OptunaView(path, "tiny", OBJECTIVES, space, trials)
    numbers = [trial.number for trial in trials]
    assert numbers[len(numbers) - len(written) :] == written  # the last so many, each once
    if kept:
        assert len(written) <= len(trials) - kept + 1
        assert path.read_bytes().startswith(b"".join(whole.splitlines(keepends=True)[:kept]))
    study = optuna.load_study(
        study_name="tiny", storage=JournalStorage(JournalFileBackend(str(path)))
    )
    assert [trial.user_attrs["trial"] for trial in study.trials] == numbers
    assert [trial.values for trial in study.trials] == [
        None if trial.values is None else list(trial.values) for trial in trials
    ]


def test_the_journal_is_what_optuna_itself_would_write(trials, space, tmp_path) -> None:
    OptunaView(tmp_path / "ours", "tiny", OBJECTIVES, space, trials)
    study = new_study(
        JournalStorage(JournalFileBackend(str(tmp_path / "theirs"))), "tiny", OBJECTIVES
    )
    for trial in trials:
        study.add_trial(frozen(trial, space, epochs=intermediate(trial, OBJECTIVES)))
    ours, theirs = (
        [
            {k: v for k, v in json.loads(line).items() if k != "worker_id"}
            for line in (tmp_path / name).read_text().splitlines()
        ]
        for name in ("ours", "theirs")
    )
    assert ours == theirs


def test_a_study_of_another_name_or_other_objectives_gives_way(trials, space, tmp_path) -> None:
    path = tmp_path / "study.journal"
    for name, objectives in (
        ("tiny", OBJECTIVES),
        ("other", OBJECTIVES),
        ("other", OBJECTIVES[:1]),
    ):
        with_values = [t for t in trials if t.values is not None and len(objectives) == 2]
        OptunaView(path, name, objectives, space, with_values)
        assert f'"study_name":"{name}"' in path.read_text().splitlines()[0]
        assert len(path.read_text().splitlines()) == len(with_values) + 1


def test_a_trial_waits_for_the_disk_once(run, tiny, tmp_path, monkeypatch) -> None:
    counts: dict[int, int] = {}
    original, waits = os.fsync, [0]

    def counting(handle: int) -> None:
        waits[0] += 1
        original(handle)

    monkeypatch.setattr(os, "fsync", counting)
    for count in (3, 7):
        waits[0] = 0
        run(tiny(trials=count), tmp_path / str(count))
        counts[count] = waits[0]
    assert counts[7] - counts[3] == 4


def test_a_view_that_is_whole_is_left_alone(run, tiny, tmp_path) -> None:
    out = tmp_path / "run"
    run(tiny(trials=3), out)
    names = ("trials.jsonl", "study.journal", "run.json", "space.yaml")
    before = {name: stamp(out / name) for name in names}
    run(tiny(trials=3), out)
    assert {name: stamp(out / name) for name in names} == before


def stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns
