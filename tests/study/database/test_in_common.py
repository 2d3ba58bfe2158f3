"""What drivers that are at one study at once have in common: refused in words, with both values."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from archdsl.errors import SearchError
from archdsl.study import search
from archdsl.study.record.folder import read_state
from tests.study.conftest import tiny_space
from tests.study.database.drivers import Evaluate, begun, notices, start, trials, until

ASKED: dict[str, Any] = {"trials": 4, "final": {"keep": 2, "seeds": 2}, "baselines": None}


@pytest.fixture
def at_it(storage, tmp_path) -> Any:
    """A driver that is at its first trial for long."""
    there = start(storage, tmp_path, "first", seconds=60, **ASKED)
    until(lambda: begun(tmp_path))
    yield there
    there.kill()
    there.join()


def joined(storage: dict[str, Any], folder: Path, **settings: Any) -> None:
    space = tiny_space({"input": [1, 12, 12]}, storage=storage, **{**ASKED, **settings})
    search(
        space, out=folder / "second", settings=space.spec.settings(),
        evaluate=Evaluate(folder / "log", "second", 0.01),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"trials": 9}, r"^search\.trials is 4 there, and 9 here\.  process \d+ on .* is at this"),
        ({"trials": 2}, r"^search\.trials is 4 there, and 2 here\."),
        ({"final": {"keep": 3, "seeds": 2}}, r"^search\.final\.keep is 2 there, and 3 here\."),
        ({"final": None}, r"^search\.final\.keep is 2 there, and absent here\."),
        (
            {"seed": 5},
            r"as study_\d+, which process \d+ on \S+ is at: search\.seed was 0, and now it is 5\.",
        ),
        (
            {"sampler": "random"},
            r"search\.sampler was gp, and now it is random\.  put it back to go on",
        ),
        (
            {"budget": {"macs": "100k"}},
            r"search\.budget\.macs was not there.*or name another  search\.storage\.st",
        ),
        ({"proxy": {"epochs": 3}}, r"search\.proxy\.epochs was 10, and now it is 3\."),
    ],
)
def test_other_settings_than_those_of_a_driver_that_is_there(
    at_it, storage, tmp_path, settings, said
) -> None:
    with pytest.raises(SearchError, match=said):
        joined(storage, tmp_path, **settings)
    state = read_state(tmp_path / "first")
    assert state is not None and state.created is not None
    assert state.created.setup["settings"]["trials"] == 4 and len(state.sessions) == 1


@pytest.mark.slow
def test_what_each_machine_has_for_itself_may_differ(storage, tmp_path) -> None:
    first = start(storage, tmp_path, "first", seconds=1, **ASKED)
    until(lambda: begun(tmp_path))
    joined({**storage, "lease": "3s"}, tmp_path, memory="8G", trial_timeout="1h")
    first.join()
    assert first.exitcode == 0
    assert {name for name, _ in begun(tmp_path)} == {"first", "second"}


@pytest.mark.slow
def test_once_the_others_are_gone_there_may_be_more_trials(storage, tmp_path) -> None:
    start(storage, tmp_path, "first", **ASKED).join()
    joined(storage, tmp_path, trials=6)
    assert len(trials(tmp_path / "second")) == 6


@pytest.mark.slow
def test_one_that_was_not_heard_of_meanwhile_ends_in_words(storage, tmp_path) -> None:
    sleeper = start(storage, tmp_path, "sleeper", seconds=1, **ASKED)
    until(lambda: begun(tmp_path))
    os.kill(sleeper.pid, signal.SIGSTOP)
    until(lambda: not _there(storage))
    joined(storage, tmp_path, trials=6)
    os.kill(sleeper.pid, signal.SIGCONT)
    sleeper.join()
    assert sleeper.exitcode == 1
    assert len(trials(tmp_path / "second")) == 6
    assert not [one for one in notices(tmp_path, "sleeper") if "Traceback" in one]
    again = start(storage, tmp_path, "sleeper", **{**ASKED, "trials": 6})
    again.join()
    assert again.exitcode == 0 and len(trials(tmp_path / "sleeper")) == 6


def _there(storage: dict[str, Any]) -> bool:
    from archdsl.study.record.database.reading import drivers_of

    return bool(drivers_of(storage["url"], storage["study"]))
