"""What is different now from where a training ran."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from archdsl.study.identity import setup
from archdsl.study.record.events import Session
from archdsl.study.record.state import fold
from archdsl.study.replay import place
from archdsl.study.replay.trainings import recorded
from tests.study.replay.test_trainings import BEGINS, trained

HERE, VERSIONS = setup.machine(), setup.versions()


def different(*sessions: Session, one_thread: bool = False) -> tuple[str, ...]:
    state = fold([BEGINS[0], *sessions, *trained(0, 2, "complete")])
    found = recorded(state, Path("run"), "0")
    return place.differences(state, found, one_thread=one_thread)


def session(machine: dict[str, str] | None = None, **versions: str) -> Session:
    return Session("", 0, {**VERSIONS, **versions}, {**HERE, **(machine or {})})


def test_on_the_same_machine_with_the_same_versions_there_is_nothing() -> None:
    assert different(session()) == ()
    # how many cores there are, where it was started, and what a former session had
    others = {"cpus": "999", "folder": "/elsewhere", "threads": "3"}
    assert different(session({"device": "a GPU"}), session(others)) == ()


@pytest.mark.parametrize("name", ["system", "processor", "cpu", "instructions"])
def test_what_figures_follow_from_is_named(name) -> None:
    assert different(session({name: "another"})) == (
        f"{name} was another, and now it is {HERE[name]}",
    )


def test_versions_are_named() -> None:
    assert different(session(torch="1.0")) == (f"torch was 1.0, and now it is {VERSIONS['torch']}",)


def test_a_record_of_before_says_less() -> None:
    old = {name: said for name, said in HERE.items()
           if name not in ("cpu", "instructions", "training_threads")}  # fmt: skip
    said = (
        f"cpu was not there, and now it is {HERE['cpu']}",
        f"instructions was not there, and now it is {HERE['instructions']}",
    )
    before = Session("", 0, VERSIONS, old)
    assert different(before, one_thread=True) == said
    assert different(before) == (*said, "how many threads it had is not on record")
    assert different() == ("where it ran is not on record",)


def test_what_was_another_on_the_machine_of_a_part_counts() -> None:
    begins, *rest = trained(0, 2, "complete")[1:]
    state = fold([
        BEGINS[0], session(), trained(0, 2)[0],
        dataclasses.replace(begins, node="10.0.0.3", there={"torch": "9.9", "cpu": "another"}),
        *rest,
    ])  # fmt: skip
    found = recorded(state, Path("run"), "0")
    assert place.differences(state, found, one_thread=True) == (
        f"cpu was another, and now it is {HERE['cpu']}",
        f"torch was 9.9, and now it is {VERSIONS['torch']}",
    )


def test_an_accelerator_is_named(monkeypatch) -> None:
    now: dict[str, Any] = {**HERE, "device": "NVIDIA H100"}
    monkeypatch.setattr(place, "basis", lambda: {**setup.basis(), "device": now["device"]})
    assert different(session({"device": "NVIDIA H100"})) == (
        "on an accelerator figures do not come again to the digit",
    )
    assert different(session({"device": "cpu"}))[1] == "device was cpu, and now it is NVIDIA H100"


@pytest.mark.parametrize(
    ("machine", "threads"),
    [
        ({"training_threads": "3", "threads": "8"}, 3),
        ({"threads": "8"}, 8),
        ({}, None),
        ({"training_threads": "many"}, None),
        ({"training_threads": "0"}, None),
    ],
)
def test_threads_are_those_on_record(machine, threads) -> None:
    state = fold([BEGINS[0], Session("", 0, {}, machine)])
    assert place.threads_of(state, 0) == threads
    assert place.threads_of(state, None) is None
