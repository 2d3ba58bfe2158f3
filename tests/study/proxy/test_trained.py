"""A proxy check with real trainings: two schedules, scores, workers, and kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archdsl.spaces import Space
from archdsl.study import ProxyCheck, proxy_check
from archdsl.study.record.reading import Reading
from tests.study.conftest import tiny_space

PATCHES = {
    "input": [1, 12, 12],
    "block.token_mixer": {"choice": ["identity", "pooling", {"type": "sep_conv", "kernel": 3}]},
    "params.width": 8, "stages.0.depth": 1, "stages.1.depth": 1,
}  # fmt: skip


def trained_space(**settings: Any) -> Space:
    return tiny_space(PATCHES, proxy={"epochs": 2, "batch": 128, "data": "digits"}, **settings)


def checked(space: Space, out: Path, **given: Any) -> ProxyCheck:
    given = {"members": 3, "seeds": 2, "final_epochs": 3, **given}
    return proxy_check(space, out=out, settings=space.spec.settings(), **given)


def test_it_trains_under_two_schedules_and_scores(tmp_path) -> None:
    out = tmp_path / "check"
    found = checked(trained_space(), out)
    measured = found.figures.measured
    assert measured.epochs == (2, 3) and not measured.same_schedule
    assert measured.proxy.shape == measured.final.shape == (3, 2)
    assert list(measured.by_epoch) == list(measured.losses) == [1, 2]
    assert measured.scores.keys() == {"synflow", "naswot", "grad_norm"}
    assert all(np.isfinite(one).all() for one in measured.scores.values())
    state = Reading(out, check=True).go_on()
    kinds = {purpose.rpartition("/")[0] for _, purpose, _, _ in state.trainings}
    assert kinds == {"check/proxy", "check/final", "check/scores"}
    for training, reports in state.trainings.items():
        epochs = {"check/proxy/0": [1, 2], "check/final/1": [1, 2, 3], "check/scores/2": []}
        assert [one["step"] for one in reports] == epochs[training.purpose]
    assert {path.name for path in out.iterdir()} == {
        "record.jsonl", "run.json", "data.jsonl", "space.yaml", "lock", "proxy-check.json",
    }  # fmt: skip
    assert not found.notes and "stopping" in found.recommended.yaml()
    # the same again trains nothing
    before = (out / "record.jsonl").read_bytes()
    assert checked(trained_space(), out).record() == found.record()
    assert (out / "record.jsonl").read_bytes() == before


@pytest.mark.slow
def test_the_schedule_that_a_search_says_is_the_final_one_and_equal_ones_are_said(tmp_path) -> None:
    space = trained_space(final={"epochs": 1})
    assert checked(space, tmp_path / "a", final_epochs=None).size.epochs == 1
    same = checked(trained_space(), tmp_path / "b", final_epochs=None)
    assert same.size.epochs == 2 and same.figures.measured.same_schedule
    said = " ".join(str(same).split())
    assert "The two are the same, so that tau says what other seeds do, and no more" in said


@pytest.mark.slow
def test_workers_and_kills_change_no_figure(tmp_path) -> None:
    whole = checked(trained_space(), tmp_path / "whole")
    two = checked(trained_space(workers=2), tmp_path / "two")
    assert same(two, whole)
    out = tmp_path / "killed"
    program = (
        "from pathlib import Path; import sys; "
        "from tests.study.proxy.test_trained import checked, trained_space; "
        "checked(trained_space(), Path(sys.argv[1]))"
    )
    for lines in (8, 25):
        process = subprocess.Popen([sys.executable, "-c", program, str(out)])
        record = out / "record.jsonl"
        while process.poll() is None:
            if record.is_file() and record.read_bytes().count(b"\n") >= lines:
                os.kill(process.pid, signal.SIGKILL)
                break
            time.sleep(0.01)
        process.wait()
    assert same(checked(trained_space(), out), whole)


def same(one: ProxyCheck, other: ProxyCheck) -> bool:
    said = [{**found.record(), "folder": None, "message": None} for found in (one, other)]
    return said[0] == said[1]
