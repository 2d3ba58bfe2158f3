"""SIGKILL of the driver, of a worker, of both: the run ends as if there had been none."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.kills import searching
from tests.kills.killing import VICTIMS, differences, kill_once


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("run") / "whole"
    process = searching.start(out)
    process.join()
    assert process.exitcode == 0
    return out


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(5))
@pytest.mark.parametrize("victim", VICTIMS)
def test_a_search_ends_the_same_whoever_was_killed(whole, tmp_path, victim, moment) -> None:
    out = tmp_path / "killed"
    when = kill_once(out, victim, random.Random(f"{victim} {moment}"))
    assert differences(out, whole) == [], when
