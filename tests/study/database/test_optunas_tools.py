"""What Optuna's own storages and dashboard show of a study, without a server of theirs."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import optuna_dashboard
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from archdsl.study import search
from archdsl.study.record.folder import read_state
from tests import started
from tests.docs.page import Page
from tests.study.conftest import judged, tiny_space


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("run") / "run"
    space = tiny_space({"input": [1, 12, 12]}, trials=6, maximize="accuracy", minimize="macs")
    search(space, out=out, settings=space.spec.settings(), evaluate=judged)
    return out


def journal(run: Path) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(run / "study.journal")))


def asked(storage: Any, path: str) -> Any:
    """What the dashboard answers a browser."""
    said = list[str]()
    environment = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "here",
        "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }  # fmt: skip
    answer = optuna_dashboard.wsgi(storage)(environment, lambda status, *rest: said.append(status))
    content = b"".join(answer)
    assert said == ["200 OK"], content
    return json.loads(content)


def check_shown(storage: Any, run: Path) -> None:
    """All trials are there, with decisions, costs, values and why one failed."""
    state = read_state(run)
    assert state is not None
    (summary,) = asked(storage, "/api/studies")["study_summaries"]
    assert summary["directions"] == ["maximize", "minimize"]
    shown = asked(storage, f"/api/studies/{summary['study_id']}")["trials"]
    assert [one["values"] for one in shown] == [list(t.values or ()) for t in state.finished]
    for one, trial in zip(shown, state.finished, strict=True):
        known = {said["key"]: json.loads(said["value"]) for said in one["user_attrs"]
                 if said["key"] in ("trial", "costs")}  # fmt: skip
        assert known == {"trial": trial.number, "costs": dict(trial.costs)}
        assert {said["name"] for said in one["params"]} == set(trial.decisions)


def test_the_dashboard_shows_the_journal_of_a_run(run) -> None:
    check_shown(journal(run), run)


def test_the_same_copied_into_a_database_of_optunas(run, tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/optuna.db"
    optuna.copy_study(
        from_study_name="tiny", from_storage=journal(run), to_storage=url, to_study_name="tiny"
    )
    study = optuna.load_study(study_name="tiny", storage=url)
    assert len(study.trials) == 6 and len(study.best_trials) >= 1
    check_shown(study._storage, run)


COPY = """\
import sys, optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
there, url = JournalStorage(JournalFileBackend(sys.argv[1])), sys.argv[2]
optuna.copy_study(from_study_name="tiny", from_storage=there, to_storage=url, to_study_name="tiny")
print(len(optuna.load_study(study_name="tiny", storage=url).trials))
"""


@pytest.mark.slow
def test_in_the_database_that_holds_the_record_too(run, server) -> None:
    url = server.url().replace("postgresql://", "postgresql+psycopg://")
    done = subprocess.run(  # its connections end with it
        [*started.python(), "-c", COPY, str(run / "study.journal"), url], text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout == "6\n"


def test_the_code_of_the_page(run, monkeypatch) -> None:
    (fence,) = [one for one in Page("scaling.md").of("python") if "copy_study" in one.text]
    monkeypatch.chdir(run.parent)
    Path("runs").mkdir()
    Path("runs/digits").symlink_to(run)
    exec(fence.text.replace('"digits"', '"tiny"'), {})
    assert len(optuna.load_study(study_name="tiny", storage="sqlite:///optuna.db").trials) == 6
