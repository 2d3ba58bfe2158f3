"""What goes wrong beside a search: a database that is away, clocks that differ, a full disk."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest

from archdsl.study.record.folder import read_state
from tests.postgres import Server
from tests.study.database.drivers import begun, notices, start, trials, until

TRIALS = 12


@pytest.fixture
def own_server() -> Any:
    """A server that may be stopped."""
    made = Server.new()
    yield made
    made.close()


@pytest.mark.slow
def test_a_database_that_goes_away_and_comes_back(server, own_server, tmp_path) -> None:
    """For longer than a lease: what one is at is not taken from it when all were cut off."""
    storage = {"url": own_server.url(), "lease": "3s"}
    drivers = [start(storage, tmp_path, name, trials=TRIALS, seconds=1) for name in "ab"]
    until(lambda: len(begun(tmp_path)) > 3)
    own_server.stop()
    until(lambda: all("does not answer" in " ".join(notices(tmp_path, name)) for name in "ab"))
    time.sleep(4)  # longer than a lease
    own_server.start()
    for one in drivers:
        one.join()
    assert [one.exitcode for one in drivers] == [0, 0]
    assert sorted(number for _, number in begun(tmp_path)) == list(range(TRIALS)), "each once"
    assert [number for number, *_ in trials(tmp_path / "a")] == list(range(TRIALS))
    for name in "ab":
        assert "opensesame" not in " ".join(notices(tmp_path, name))


@pytest.mark.slow
def test_one_that_was_killed_while_the_database_was_away(server, own_server, tmp_path) -> None:
    storage = {"url": own_server.url(), "lease": "2s"}
    victim = start(storage, tmp_path, "victim", trials=TRIALS, seconds=60)
    lost = until(lambda: begun(tmp_path))[0][1]
    other = start(storage, tmp_path, "a", trials=TRIALS, seconds=0.3)
    until(lambda: len(begun(tmp_path)) > 2)
    own_server.stop()
    os.kill(victim.pid, signal.SIGKILL)
    own_server.start()
    other.join()
    assert other.exitcode == 0
    assert sorted(number for _, number in begun(tmp_path)) == sorted([*range(TRIALS), lost])


@pytest.mark.slow
def test_clocks_that_differ_by_an_hour(storage, tmp_path) -> None:
    drivers = [
        start(storage, tmp_path, name, trials=TRIALS, seconds=0.2, clock=clock)
        for name, clock in (("a", 3600), ("b", -3600), ("c", 0))
    ]
    for one in drivers:
        one.join()
    assert [one.exitcode for one in drivers] == [0, 0, 0]
    assert sorted(number for _, number in begun(tmp_path)) == list(range(TRIALS))
    state = read_state(tmp_path / "a")
    assert state is not None
    assert all(0 <= one.seconds < 60 for one in state.finished)
    assert (tmp_path / "a" / "report.html").is_file()


@pytest.mark.slow
def test_a_run_directory_that_is_full_stops_its_own_driver_alone(storage, tmp_path) -> None:
    other = start(storage, tmp_path, "a", trials=TRIALS, seconds=0.2)
    full = start(storage, tmp_path, "full", trials=TRIALS, seconds=0.2, bytes_at_most=9000)
    for one in (other, full):
        one.join()
    assert other.exitcode == 0 and full.exitcode == 1
    assert [number for number, *_ in trials(tmp_path / "a")] == list(range(TRIALS))
    again = start(storage, tmp_path, "full", trials=TRIALS)
    again.join()
    assert again.exitcode == 0
    assert trials(tmp_path / "full") == trials(tmp_path / "a")


@pytest.mark.slow
def test_other_versions_are_on_record_and_said_once(storage, tmp_path) -> None:
    first = start(storage, tmp_path, "a", trials=3)
    first.join()
    other = start(storage, tmp_path, "b", trials=6, torch="2.99.0")
    other.join()
    assert [first.exitcode, other.exitcode] == [0, 0]
    said = [one for one in notices(tmp_path, "b") if "other versions" in one]
    assert len(said) == 1 and "torch was " in said[0] and "now it is 2.99.0" in said[0]
    assert not [one for one in notices(tmp_path, "a") if "other versions" in one]
    state = read_state(tmp_path / "b")
    assert state is not None
    assert [one.versions["torch"] == "2.99.0" for one in state.sessions] == [False, True]
