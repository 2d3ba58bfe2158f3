"""Reading a study from a database: what there is, whose directory its copy may have, and rights."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from archdsl.cli import main
from archdsl.errors import SearchError
from archdsl.study import search
from archdsl.study.record.database import study as studies
from archdsl.study.record.database.connection import Database
from archdsl.study.record.database.reading import copied_from
from archdsl.study.record.file_store import LOCK
from archdsl.study.record.folder import read_state
from archdsl.study.record.lock import locked
from tests.study.conftest import judged, tiny_space
from tests.study.database.drivers import until


@pytest.fixture
def database(server) -> Any:
    """An empty database: its address, with a password."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS of_a_reader")
        connection.execute("CREATE DATABASE of_a_reader")
    yield server.url().removesuffix("postgres") + "of_a_reader"


def searched(url: str | None, out: Path, study: str = "tiny", **settings: Any) -> None:
    storage = None if url is None else {"url": url, "study": study}
    space = tiny_space({"input": [1, 12, 12]}, storage=storage, **{"trials": 2, **settings})
    search(space, out=out, settings=space.spec.settings(), evaluate=judged)


def refused(*given: Any) -> str:
    with pytest.raises(SearchError) as caught:
        copied_from(*given)
    assert "opensesame" not in str(caught.value)
    return str(caught.value)


def test_a_database_without_a_study(database, tmp_path) -> None:
    assert refused(database, None, None, tmp_path).endswith(
        "/of_a_reader holds no study.  archdsl search SPACE --storage URL  begins one"
    )
    assert list(tmp_path.iterdir()) == []


def test_which_study_where_there_are_several(database, tmp_path) -> None:
    searched(database, tmp_path / "a", "digits")
    assert copied_from(database, None, None, tmp_path / "runs") == tmp_path / "runs" / "digits"
    searched(database, tmp_path / "b", "other")
    assert "holds several studies: digits, other.  name one with  --study" in refused(
        database, None, None, tmp_path
    )
    assert "holds no study 'digit'.  did you mean 'digits'?  there are: digits, other" in refused(
        database, "digit", None, tmp_path
    )


def test_a_study_that_was_refused_before_it_began_is_not_taken_for_one(database, tmp_path) -> None:
    searched(database, tmp_path / "a", "digits")
    kept = Database(database)
    studies.opened(kept, "begins_later")
    kept.close()
    assert copied_from(database, None, tmp_path / "copy", tmp_path) == tmp_path / "copy"
    assert "the study begins_later in postgresql://somebody@" in refused(
        database, "begins_later", tmp_path / "none", tmp_path
    )
    assert not (tmp_path / "none").exists()


def test_the_copy_has_a_directory_of_its_own(database, tmp_path) -> None:
    searched(database, tmp_path / "a", "digits")
    (tmp_path / "file").write_text("")
    (tmp_path / "strangers").mkdir()
    (tmp_path / "strangers" / "thesis.tex").write_text("")
    searched(None, tmp_path / "own")
    cure = "name another directory for its copy"
    for name, said in [
        ("file", f"file is no folder.  {cure}"),
        ("strangers", f"holds no search (thesis.tex is there).  {cure}"),
        ("own", f"of_a_reader.  {cure}, or leave the database out for that search"),
    ]:
        before = sorted((tmp_path / name).glob("*"))
        assert said in refused(database, None, tmp_path / name, tmp_path)
        assert sorted((tmp_path / name).glob("*")) == before, name
    with locked((tmp_path / "own").absolute() / LOCK):  # while that search goes on
        assert cure in refused(database, None, tmp_path / "own", tmp_path)
    searched(database, tmp_path / "b", "other")
    assert "has the copy of another study than digits in" in refused(
        database, "digits", tmp_path / "b", tmp_path
    )
    with locked((tmp_path / "a").absolute() / LOCK):  # its driver keeps the copy up
        assert copied_from(database, "digits", tmp_path / "a", tmp_path) == tmp_path / "a"


def test_a_search_takes_no_directory_of_strangers(database, tmp_path) -> None:
    searched(database, tmp_path / "a", "digits")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.tex").write_text("")
    with pytest.raises(SearchError, match=r"thesis\.tex is there\).  choose another --out"):
        searched(database, tmp_path / "b", "digits")
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["thesis.tex"]


def test_what_an_address_says_by_itself_stays(database, tmp_path, monkeypatch) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA mine")
        connection.execute("CREATE SCHEMA others")
    searched(f"{database}?options=-csearch_path%3Dmine", tmp_path / "a", "of_mine")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=others")
    searched(database, tmp_path / "b", "of_others")
    monkeypatch.delenv("PGOPTIONS")
    with psycopg.connect(database) as connection:
        for schema in ("mine", "others"):
            found = connection.execute(f"SELECT name FROM {schema}.archdsl_studies").fetchall()
            assert found == [(f"of_{schema}",)]
    assert "holds no study" in refused(database, None, None, tmp_path)


@pytest.mark.slow
def test_ctrl_c_ends_who_waits_for_a_lock(database, tmp_path) -> None:
    searched(database, tmp_path / "a")
    with psycopg.connect(database) as connection:
        connection.execute("LOCK TABLE archdsl_studies IN ACCESS EXCLUSIVE MODE")
        with subprocess.Popen(
            [sys.executable, "-m", "archdsl", "status", "--storage", database],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as process:  # fmt: skip
            waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
            until(lambda: connection.execute(waits).fetchone())
            process.send_signal(signal.SIGINT)
            said = process.communicate()[0]
    assert (process.returncode, said) == (130, "interrupted\n")


def test_rights_that_are_missing_are_named(database, tmp_path, capsys) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'opensesame-reader'")
        as_reader = database.replace("//", "//reader:opensesame-reader@", 1)
        as_reader = as_reader[: as_reader.index("reader@") + 7] + database.rpartition("@")[2]
        with pytest.raises(SearchError, match=r"permission denied for schema public\.  let its us"):
            searched(as_reader, tmp_path / "r")
        searched(database, tmp_path / "a")
        with pytest.raises(SearchError, match=r"denied for table archdsl_studies\.  let its user"):
            searched(as_reader, tmp_path / "r")
        assert "let its user SELECT" in refused(as_reader, None, None, tmp_path)
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        assert main(["status", str(tmp_path / "copy"), "--storage", as_reader]) == 0
        assert "2 of 2 trials, done" in capsys.readouterr().out
        assert (tmp_path / "copy" / "record.jsonl").read_bytes() == (
            tmp_path / "a" / "record.jsonl"
        ).read_bytes()
        connection.execute("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reader")
        searched(as_reader, tmp_path / "r", trials=3)
        state = read_state(tmp_path / "r")
        assert state is not None and len(state.finished) == 3
        connection.execute("DROP OWNED BY reader")
        connection.execute("DROP ROLE reader")
