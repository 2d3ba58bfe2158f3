"""The study in its file: whole lines only, and readable without archdsl."""

from __future__ import annotations

import json
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from archdsl.errors import SearchError
from archdsl.language.settings import Objective
from archdsl.study.journal import Journal
from archdsl.study.trial import Trial

OBJECTIVES = (Objective("accuracy", "maximize"),)


def trial(number: int, space, **given) -> Trial:
    member = space.sample(1, seed=number)[0]
    given.setdefault("values", (0.5,))
    return Trial(
        number, "random", dict(member.decisions), member.dump(),
        {"macs": 1, "params": 2, "train_params": 2, "activations": 3}, f"n{number}",
        "failed" if given["values"] is None else "complete",
        metrics={"accuracy": 0.5, "loss": float("inf")},
        epochs=({"step": 1, "accuracy": float("nan")},), space=space, **given,
    )  # fmt: skip


def test_what_was_added_is_there_when_it_is_opened_again(tiny, tmp_path) -> None:
    space, path = tiny(), tmp_path / "study.journal"
    journal = Journal(path, "tiny", OBJECTIVES)
    added = [trial(0, space), trial(1, space, values=None, cause="out of memory"), trial(2, space)]
    for one in added:
        journal.add(one, space)
    read = Journal(path, "tiny", OBJECTIVES).trials(space)
    assert [repr(one) for one in read] == [repr(one) for one in added]  # nan is not itself
    assert [one.spec.decisions for one in read] == [one.decisions for one in added]


def test_a_trial_is_one_line(tiny, tmp_path) -> None:
    space, path = tiny(), tmp_path / "study.journal"
    journal = Journal(path, "tiny", OBJECTIVES)
    for number in range(3):
        journal.add(trial(number, space), space)
        assert len(path.read_bytes().splitlines()) == number + 2
    Journal(path, "tiny", OBJECTIVES)
    assert len(path.read_bytes().splitlines()) == 4


def test_half_a_last_line_is_dropped_wherever_it_was_torn(tiny, tmp_path) -> None:
    space, path = tiny(), tmp_path / "study.journal"
    journal = Journal(path, "tiny", OBJECTIVES)
    for number in range(2):
        journal.add(trial(number, space), space)
    whole = path.read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    for end in (start + 1, start + 2, (start + len(whole)) // 2, len(whole) - 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        again = Journal(path, "tiny", OBJECTIVES)
        assert [one.number for one in again.trials(space)] == [0]
        again.add(trial(1, space), space)
        assert [one.number for one in again.trials(space)] == [0, 1]


@pytest.mark.parametrize("end", [0, 1, 30])
def test_a_study_torn_while_it_was_made_is_made_again(tiny, tmp_path, end) -> None:
    path = tmp_path / "study.journal"
    Journal(path, "tiny", OBJECTIVES)
    path.write_bytes(path.read_bytes()[:end])
    assert Journal(path, "tiny", OBJECTIVES).trials(tiny()) == []


def test_damage_that_no_kill_can_do_is_refused(tiny, tmp_path) -> None:
    space, path = tiny(), tmp_path / "study.journal"
    journal = Journal(path, "tiny", OBJECTIVES)
    journal.add(trial(0, space), space)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:50] + b"\n" + lines[1])
    with pytest.raises(SearchError, match=r"study.journal is damaged in line 2, and lines follow"):
        Journal(path, "tiny", OBJECTIVES)


def test_optuna_reads_it_by_itself(tiny, tmp_path) -> None:
    space, path = tiny(), tmp_path / "study.journal"
    journal = Journal(path, "tiny", OBJECTIVES)
    journal.add(trial(0, space), space)
    journal.add(trial(1, space, values=None, cause="diverged"), space)
    backend = JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path)))
    study = optuna.load_study(study_name="tiny", storage=JournalStorage(backend))
    first, second = study.trials
    assert first.params == space.sample(1, seed=0)[0].decisions
    assert first.value == 0.5
    assert second.state.name == "FAIL"
    assert second.user_attrs["archdsl"]["cause"] == "diverged"
    assert study.best_trial.number == 0


def test_a_line_is_json_that_any_program_reads(tiny, tmp_path) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    space, path = tiny(), Path(tmp_path / "study.journal")
    Journal(path, "tiny", OBJECTIVES).add(trial(0, space), space)
    for line in path.read_text().splitlines():
        json.loads(line, parse_constant=refuse)
