"""SIGKILL of the driver, of a worker, of both: the run ends as if there had been none."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.kills import searching
from tests.kills.killing import VICTIMS, differences, kill_once


def searched(out: Path, *, pruned: bool) -> Path:
    process = searching.start(out, pruned=pruned)
    process.join()
    assert process.exitcode == 0
    return out


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    return searched(tmp_path_factory.mktemp("run") / "whole", pruned=False)


@pytest.fixture(scope="module")
def pruned(tmp_path_factory) -> Path:
    return searched(tmp_path_factory.mktemp("run") / "pruned", pruned=True)


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(5))
@pytest.mark.parametrize("victim", VICTIMS)
def test_a_search_ends_the_same_whoever_was_killed(whole, tmp_path, victim, moment) -> None:
    out = tmp_path / "killed"
    when = kill_once(out, victim, random.Random(f"{victim} {moment}"))
    assert differences(out, whole) == [], when


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(2))
@pytest.mark.parametrize("victim", VICTIMS)
def test_one_that_puts_trials_aside_does_so_too(pruned, tmp_path, victim, moment) -> None:
    out = tmp_path / "killed"
    when = kill_once(out, victim, random.Random(f"{victim} {moment}"), pruned=True)
    assert differences(out, pruned) == [], when
