"""The state of a study follows from its events, and from nothing else."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.errors import SearchError
from archdsl.study import search
from archdsl.study.objectives import front
from archdsl.study.record.events import (
    Changed,
    Created,
    Epoch,
    Event,
    Finished,
    Looked,
    Malformed,
    Paused,
    Proposed,
    Running,
    Training,
)  # fmt: skip
from archdsl.study.record.folder import read_state
from archdsl.study.record.rounds import SplitLook
from archdsl.study.record.state import State, fold
from archdsl.study.report import write_report
from archdsl.study.report.read import read
from tests.study.conftest import tiny_space

SETUP = {"settings": {"objectives": [{"name": "accuracy", "direction": "maximize"}]}}
CREATED = Created("tiny", "name: tiny\n", SETUP, {})


def proposed(number: int) -> Proposed:
    return Proposed(number, "random", {"a": number}, "text", {"macs": 5}, f"n{number}")


def training(number: int) -> Training:
    return Training(number, "search", 0, 0)


def finished(number: int, value: float | None, **given: Any) -> Finished:
    state = "failed" if value is None else "complete"
    values = None if value is None else [value]
    return Finished(number, state, {}, values, given.get("cause"), None, 1.0, 1.0, 2.0)


def begun(number: int, step: float | None = None) -> Running:
    return Running(training(number), step, 1.0)


def test_a_trial_goes_from_proposed_to_its_end() -> None:
    state = fold([CREATED, proposed(0)])
    assert state.trials[0].state == "proposed" and not state.trials[0].over
    state.hear(begun(0))
    assert state.trials[0].state == "running"
    state.hear(Epoch(training(0), 1, {"accuracy": 0.5}))
    state.hear(Paused(training(0)))
    assert state.trials[0].state == "paused" and state.pending == [state.trials[0]]
    state.hear(begun(0, step=1))
    state.hear(Epoch(training(0), 2, {"accuracy": "nan"}))
    state.hear(finished(0, 0.5))
    trial = state.trials[0]
    assert trial.state == "complete" and trial.over and state.pending == []
    assert [epoch["step"] for epoch in trial.epochs] == [1, 2]
    assert (state.best, state.finished) == (trial, [trial])


def test_epochs_that_are_trained_anew_count_once() -> None:
    state = fold([CREATED, proposed(0), begun(0)])
    for step in (1, 2, 3):
        state.hear(Epoch(training(0), step, {"accuracy": step / 10}))
    state.hear(begun(0, step=1))
    state.hear(Epoch(training(0), 2, {"accuracy": 0.9}))
    assert state.trainings[training(0)] == [
        {"step": 1, "accuracy": 0.1}, {"step": 2, "accuracy": 0.9}
    ]  # fmt: skip
    state.hear(begun(0))
    assert state.trainings[training(0)] == []


def test_trials_that_end_out_of_order_are_told_apart_by_their_numbers() -> None:
    events: list[Event] = [CREATED, *map(proposed, range(3)), *map(begun, range(3))]
    events += [finished(2, 0.5), finished(0, 0.5), finished(1, None, cause="diverged")]
    state = fold(events)
    assert [trial.number for trial in state.finished] == [2, 0, 1]
    assert [trial.number for trial in state.in_order()] == [0, 1, 2]
    assert state.best is state.trials[0]  # of equals the earlier, whichever ended first


ENDS = st.lists(st.sampled_from(["propose", "run", "report", "finish", "fail"]), max_size=40)


@given(ENDS, st.randoms(use_true_random=False))
def test_what_is_kept_up_to_date_is_what_follows_from_the_trials(steps, draws) -> None:
    state = fold([CREATED])
    for step in steps:
        running = [t.number for t in state.trials.values() if t.state == "running"]
        still = [t.number for t in state.trials.values() if not t.over]
        if step == "propose":
            state.hear(proposed(len(state.trials)))
        elif step == "run" and still:
            state.hear(begun(draws.choice(still), step=draws.choice([None, 0])))
        elif step == "report" and running:
            state.hear(Epoch(training(draws.choice(running)), 1, {"accuracy": draws.random()}))
        elif still and step in ("finish", "fail"):
            value = draws.choice([0.25, 0.5, 0.75]) if step == "finish" else None
            number = draws.choice(still)
            state.hear(finished(number, value))
            assert list(state.trials[number].epochs) == state.trainings.get(training(number), [])
    assert state.pending == [t for t in state.trials.values() if not t.over]
    assert list(state.in_order()) == [t for t in state.trials.values() if t.over]
    assert {t.number for t in state.finished} == {t.number for t in state.in_order()}
    assert state.leading == front(state.objectives, state.finished)


def test_the_epochs_of_a_trial_are_those_of_the_training_that_began_last() -> None:
    final = Training(0, "final", 0, 0)
    events: list[Event] = [CREATED, proposed(0), begun(0), Epoch(training(0), 1, {"accuracy": 0.1})]
    events += [Running(final, None, 1.0), Epoch(final, 1, {"accuracy": 0.9}), begun(0, step=1)]
    state = fold([*events, finished(0, 0.5)])
    assert state.trials[0].epochs == ({"step": 1, "accuracy": 0.9},)


def test_what_was_seen_in_the_test_split_and_what_changed_is_known() -> None:
    state = fold([CREATED, proposed(0), begun(0), finished(0, 0.5)])
    state.hear(Looked(training(0), "test", {"accuracy": 0.25}))
    state.hear(Changed({**SETUP, "trials": 9}))
    assert state.looks == {training(0): SplitLook({"accuracy": 0.25})}
    assert state.created is not None and state.created.setup["trials"] == 9


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([proposed(0)], "a record begins with 'created', once"),
        ([CREATED, CREATED], "a record begins with 'created', once"),
        ([CREATED, proposed(1)], "trial 1 is proposed after 0 others"),
        ([CREATED, proposed(0), proposed(0)], "trial 0 is proposed after 1 others"),
        ([CREATED, begun(0)], "trial 0 is not there"),
        ([CREATED, proposed(0), Epoch(training(0), 1, {})], "trial 0 is proposed"),
        ([CREATED, proposed(0), Paused(training(0))], "trial 0 is proposed"),
        ([CREATED, proposed(0), finished(0, 0.5), finished(0, 0.5)], "trial 0 is complete"),
        (
            [CREATED, proposed(0), finished(0, None), Looked(training(0), "test", {})],
            "trial 0 is failed",
        ),
        ([dataclasses.replace(CREATED, setup={})], "its setup names no objectives"),
    ],
)
def test_events_that_cannot_follow_each_other_are_refused(events, said) -> None:
    with pytest.raises(Malformed, match=re.escape(said)):
        fold(events)


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    """A run of two objectives with a failure, a front and reports."""

    def evaluate(candidate: Any) -> float:
        candidate.report(1, 0.1)
        (candidate.folder / "weights.safetensors").write_text("x")
        if candidate.number == 2:
            raise ValueError("not this one")
        return candidate.cost.params / 1e5

    out: Path = tmp_path_factory.mktemp("first") / "run"
    space = tiny_space(trials=5, maximize="accuracy", minimize="macs")
    search(space, evaluate=evaluate, out=out, settings=space.spec.settings())
    return out


@pytest.fixture
def out(first, tmp_path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(first, tmp_path / "run"))


VIEWS = (
    "run.json", "trials.jsonl", "study.journal", "space.yaml", "report.html", "best.yaml", "best.py"
)  # fmt: skip


def answers(out: Path) -> list[Any]:
    """What a run says: of its trials, its best, its front, its settings."""
    state = read_state(out)
    assert state is not None and state.created is not None
    record = dataclasses.replace(
        read(out), has_files=False, has_code=False, has_weights=False, code=""
    )
    return [
        [trial.record() for trial in state.in_order()], state.best, state.leading, state.created,
        state.sessions, state.evidence, record,
    ]  # fmt: skip


@pytest.mark.drawn  # so is what it is compared with
@pytest.mark.parametrize("name", [*VIEWS, "all of them"])
def test_deleting_a_view_changes_no_answer_and_it_comes_back(out, tiny, run, name) -> None:
    names = VIEWS if name == "all of them" else (name,)
    known, before = answers(out), {one: (out / one).read_bytes() for one in VIEWS}
    for one in names:
        (out / one).unlink()
    assert answers(out) == known
    space = tiny(trials=5, maximize="accuracy", minimize="macs")
    again = run(space, out, evaluate=lambda candidate: 1 / 0)  # nothing is judged again
    assert [trial.record() for trial in again.trials] == known[0]
    for one in VIEWS:
        if one != "study.journal":  # Optuna writes who wrote it
            assert (out / one).read_bytes() == before[one], one


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_that_says_something_else_is_not_believed(out, tiny, run, name) -> None:
    known = answers(out)
    (out / name).write_text("null\n")
    assert answers(out) == known
    space = tiny(trials=5, maximize="accuracy", minimize="macs")
    assert [trial.record() for trial in run(space, out).trials] == known[0]


def test_half_a_run_goes_on_to_the_same_end(out, tiny, run, tmp_path) -> None:
    """Whatever event a kill came after."""
    lines = (out / "record.jsonl").read_bytes().splitlines(keepends=True)
    ends = answers(out)[0]
    for kept in range(0, len(lines), 5):
        half = tmp_path / f"half{kept}"
        half.mkdir()
        (half / "record.jsonl").write_bytes(b"".join(lines[:kept]))

        def evaluate(candidate: Any) -> float:
            candidate.report(1, 0.1)
            if candidate.number == 2:
                raise ValueError("not this one")
            return candidate.cost.params / 1e5

        space = tiny(trials=5, maximize="accuracy", minimize="macs")
        run(space, half, evaluate=evaluate)
        told = [{k: trial[k] for k in ("number", "decisions", "state", "epochs", "values", "cause")}
                for trial in answers(half)[0]]  # fmt: skip
        assert told == [{k: trial[k] for k in told[0]} for trial in ends]


def test_a_record_whose_events_contradict_each_other_is_named(out, tmp_path) -> None:
    from archdsl.study.record.file_store import FileStore

    store = FileStore(out)
    with store.open():
        list(store.replay())
        number = store.add(Looked(training(2), "test", {}))
    with pytest.raises(
        SearchError, match=f"line {number + 1} cannot follow those before it: trial 2"
    ):
        read_state(out)


def test_a_report_of_a_run_that_still_goes_is_a_report(out, tmp_path) -> None:
    lines = (out / "record.jsonl").read_bytes().splitlines(keepends=True)
    shutil.copytree(out, tmp_path / "half")
    (tmp_path / "half" / "record.jsonl").write_bytes(b"".join(lines[:9]))
    assert "tiny" in write_report(tmp_path / "half").read_text()
    assert isinstance(read_state(tmp_path / "half"), State)


def test_an_event_that_cannot_come_next_is_never_recorded(tiny, tmp_path) -> None:
    from archdsl.study.record.folder import opened
    from archdsl.study.record.reading import Reading

    space = tiny()
    created = dataclasses.replace(CREATED, space=space.spec.dump())
    out = tmp_path / "run"
    with opened(Reading(out, space), out, space, created, salvage=False) as folder:
        folder.add(proposed(0))
        before = (tmp_path / "run" / "record.jsonl").read_bytes()
        with pytest.raises(Malformed, match="trial 0 is proposed"):
            folder.add(Epoch(training(0), 1, {}))
        folder.add(begun(0))
        other = Training(0, "final", 0, 0)
        with pytest.raises(Malformed, match="trial 0 has no such training"):
            folder.add(Epoch(other, 1, {}))
    assert (tmp_path / "run" / "record.jsonl").read_bytes().startswith(before)
    assert read_state(tmp_path / "run").trials[0].state == "running"  # type: ignore[union-attr]
