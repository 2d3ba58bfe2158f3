"""Lines in a database: those of a record, each once, whatever becomes of the connection."""

from __future__ import annotations

import contextlib
import json
import random
from pathlib import Path
from typing import Any

import psycopg
import pytest

from archdsl.errors import SearchError
from archdsl.study import search
from archdsl.study.record.database import connection, study
from archdsl.study.record.database.connection import Database
from archdsl.study.record.folder import read_state
from tests.study.conftest import judged, tiny_space


def searched(storage: dict[str, Any], out: Path, *, salvage: bool = False, **settings: Any) -> None:
    space = tiny_space({"input": [1, 12, 12]}, storage=storage, trials=6, **settings)
    search(space, out=out, settings=space.spec.settings(), evaluate=judged, salvage=salvage)


def trials(out: Path) -> list[Any]:
    state = read_state(out)
    assert state is not None
    return [(one.number, one.decisions, one.values) for one in state.in_order()]


def happened(out: Path) -> list[Any]:
    """What is on record, in order, without what no two runs share."""
    found = []
    for line in (out / "record.jsonl").read_text().splitlines():
        said = json.loads(line)
        if said["event"] not in ("created", "session"):
            apart = ("sum", "writer", "begun", "ended", "seconds")
            found.append({key: value for key, value in said.items() if key not in apart})
    return found


@pytest.fixture
def alone(tmp_path) -> list[Any]:
    """What happens in the same search with its record in the run directory."""
    space = tiny_space({"input": [1, 12, 12]}, trials=6)
    out = tmp_path / "alone"
    search(space, out=out, settings=space.spec.settings(), evaluate=judged)
    return happened(out)


def test_the_events_are_those_of_a_record_in_the_run_directory(storage, tmp_path, alone) -> None:
    searched(storage, tmp_path / "run")
    assert happened(tmp_path / "run") == alone
    database = Database(storage["url"])
    lines = study.found(database, storage["study"]).all_lines()
    assert b"".join(lines) == (tmp_path / "run" / "record.jsonl").read_bytes()
    database.close()


class Breaking:
    """A connection that breaks before or after some of its transactions are recorded."""

    def __init__(self, real: Any, draws: random.Random) -> None:
        self._real, self._draws = real, draws

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @contextlib.contextmanager
    def transaction(self) -> Any:
        how = self._draws.choice(["before", "after", *["not"] * 4])
        with self._real.transaction():
            yield
            if how == "before":
                raise psycopg.OperationalError("it broke before")
        if how == "after":
            raise psycopg.OperationalError("it broke after")


@pytest.mark.parametrize("seed", range(4))
def test_a_line_is_recorded_once_wherever_the_connection_breaks(
    storage, tmp_path, alone, monkeypatch, seed
) -> None:
    draws, real = random.Random(seed), connection.connected
    monkeypatch.setattr(connection, "PAUSES", (0.0,))
    opened = study.opened

    def begun(*given: Any) -> Any:
        found = opened(*given)
        monkeypatch.setattr(connection, "connected", lambda *given: Breaking(real(*given), draws))
        found.database.close()
        monkeypatch.setattr(Database, "run", patiently(Database.run))
        return found

    def patiently(run: Any) -> Any:
        return lambda self, work, patience=None: run(self, work, patience=600)

    monkeypatch.setattr(study, "opened", begun)
    searched({**storage, "study": f"{storage['study']}_broken"}, tmp_path / "run")
    assert happened(tmp_path / "run") == alone


def test_a_copy_that_was_changed_is_made_anew(storage, tmp_path) -> None:
    out = tmp_path / "run"
    searched(storage, out)
    whole = (out / "record.jsonl").read_bytes()
    (out / "record.jsonl").write_bytes(whole[:-200].replace(b"macs", b"mags", 1))
    searched(storage, out)
    assert (out / "record.jsonl").read_bytes().startswith(whole)


def test_a_copy_is_gone_on_with_in_its_database_alone(storage, tmp_path) -> None:
    out = tmp_path / "run"
    searched(storage, out)
    with pytest.raises(SearchError, match=r"a copy of a record that postgresql://.*--storage"):
        searched(None, out)
    with pytest.raises(SearchError, match=r"the copy of another study"):
        searched({**storage, "study": "quite_another"}, out)


def test_a_record_of_its_own_is_not_overwritten(storage, tmp_path) -> None:
    out = tmp_path / "run"
    searched(None, out)
    before = (out / "record.jsonl").read_bytes()
    with pytest.raises(SearchError, match=r"whose record is there, and not in postgresql://"):
        searched(storage, out)
    assert (out / "record.jsonl").read_bytes() == before


def test_there_is_nothing_to_salvage(storage, tmp_path) -> None:
    with pytest.raises(SearchError, match="the record is in a database"):
        searched(storage, tmp_path / "run", salvage=True)


def test_a_study_of_another_minor_is_refused(storage, tmp_path) -> None:
    searched(storage, tmp_path / "run")
    database = Database(storage["url"])
    database.run(lambda c: c.execute("UPDATE archdsl_studies SET version = '0.1' WHERE name = %s",
                                     [storage["study"]]))  # fmt: skip
    database.close()
    with pytest.raises(
        SearchError, match=r"of archdsl 0\.1, and this is .* go on with archdsl 0.1"
    ):
        searched(storage, tmp_path / "other")


def test_another_search_takes_no_place_that_has_trials(storage, tmp_path) -> None:
    searched(storage, tmp_path / "run")
    with pytest.raises(SearchError, match=r"search\.seed was 0, and now it is 1"):
        searched(storage, tmp_path / "other", seed=1)


def test_another_search_takes_the_place_of_one_without_trials(storage, tmp_path) -> None:
    with pytest.raises(SearchError, match="failed of the same cause"):
        space = tiny_space({"input": [1, 12, 12]}, storage=storage, trials=6)
        search(space, out=tmp_path / "run", settings=space.spec.settings(), evaluate=raises)
    searched(storage, tmp_path / "run")  # mended: the same study goes on
    assert len(trials(tmp_path / "run")) == 6


def raises(candidate: Any) -> float:
    raise ValueError("no")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.rpartition(":")[0] + ":1/postgres", "Connection refused"),
        (lambda url: url.replace("opensesame", "opensesome"), "password authentication failed"),
        (lambda url: url.rpartition("/")[0] + "/nowhere", 'database "nowhere" does not exist'),
    ],
)
def test_a_database_that_cannot_be_used_is_said_at_once(storage, tmp_path, change, said) -> None:
    with pytest.raises(SearchError) as caught:
        searched({**storage, "url": change(storage["url"])}, tmp_path / "run")
    assert said in str(caught.value) and "opensesam" not in str(caught.value)
    assert not (tmp_path / "run").exists()
