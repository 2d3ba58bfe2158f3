"""Trainings of several drivers: what one was at another goes on with, from its last epoch."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from archdsl.errors import SearchError
from archdsl.study import search
from archdsl.study.record.folder import read_state
from tests.study.conftest import tiny_space
from tests.study.database.drivers import notices, start, until

EPOCHS = 20


def settings(tmp_path: Path) -> dict[str, Any]:
    proxy = {"epochs": EPOCHS, "steps_per_epoch": 2, "warmup": 0}
    return {"trials": 4, "budget": {"macs": "200k"}, "proxy": proxy,
            "shared": f"file://{tmp_path}/shared", "final": {"keep": 1, "seeds": 2}}  # fmt: skip


def on_record(folder: Path, event: str) -> list[dict[str, Any]]:
    path = folder / "record.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    said = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return [one for one in said if one["event"] == event]


@pytest.mark.slow
def test_a_training_goes_on_elsewhere_from_its_last_epoch(storage, tmp_path) -> None:
    victim = start(storage, tmp_path, "victim", trains=True, **settings(tmp_path))
    until(lambda: len(on_record(tmp_path / "victim", "epoch")) > 4)
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    begun = len(on_record(tmp_path / "victim", "epoch"))
    other = start(storage, tmp_path, "other", trains=True, **settings(tmp_path))
    other.join()
    assert other.exitcode == 0
    assert not any("begins again" in one for one in notices(tmp_path, "other"))
    runs = on_record(tmp_path / "other", "running")
    first, again = [one for one in runs if one["training"] == [0, "search", 0, 0]]
    assert first["step"] is None and again["step"] >= begun - 1
    state = read_state(tmp_path / "other")
    assert state is not None and not state.repeated
    assert all(
        [report["step"] for report in reports] == list(range(1, EPOCHS + 1))
        for reports in state.trainings.values()
    )
    space = tiny_space(
        {"input": [1, 12, 12]}, **{**settings(tmp_path), "shared": None, "trials": 1}
    )
    search(space, out=tmp_path / "alone", settings=space.spec.settings())
    same = read_state(tmp_path / "alone")
    assert same is not None
    assert same.trials[0].epochs == state.trials[0].epochs, "as if nobody had been killed"


@pytest.mark.slow
def test_everybody_has_the_winner_whoever_trained_it(storage, tmp_path) -> None:
    drivers = [
        start(storage, tmp_path, name, trains=True, beside=other, **settings(tmp_path))
        for name, other in ("ab", "ba")
    ]
    for one in drivers:
        one.join()
    assert [one.exitcode for one in drivers] == [0, 0]
    records = [(tmp_path / name / "record.jsonl").read_bytes() for name in "ab"]
    assert records[0] == records[1]
    sessions = {one["session"] for one in on_record(tmp_path / "a", "running")}
    assert len(sessions) > 1, "both trained some"
    for name in ("best.yaml", "best.py", "best.safetensors"):
        contents = [(tmp_path / who / name).read_bytes() for who in "ab"]
        assert contents[0] == contents[1], name


def test_without_a_folder_that_all_reach_it_is_refused(storage, tmp_path) -> None:
    space = tiny_space({"input": [1, 12, 12]}, storage=storage, proxy={"epochs": 1})
    with pytest.raises(
        SearchError, match=r"name a folder that all machines reach, as in  search\."
    ):
        search(space, out=tmp_path / "run", settings=space.spec.settings())
