"""The job of scoring a member of a check before it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archdsl.study.engines.work import Work
from archdsl.study.final.entrants import Entrant
from archdsl.study.phases.jobs import Jobs
from archdsl.study.record.events import Training
from archdsl.study.record.folder import RunFolder
from tests.study.conftest import tiny_space


class Folders:
    """Folders of trainings, and nothing else of a run directory."""

    begin_folder = RunFolder.begin_folder
    folder_of_final = RunFolder.folder_of_final

    def __init__(self, folder: Path) -> None:
        self.folder, self.copies = folder, None

    def folder_of(self, number: int) -> Path:
        return self.folder / str(number)


def test_the_whole_of_why_a_score_failed_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "no score " * 1_000

    def fails(*given: Any) -> None:
        raise ValueError(long)

    monkeypatch.setattr(Work, "_score", fails)
    space = tiny_space()
    member = Entrant("member-000", (), 0, {}, {}, "")
    jobs = Jobs(space, space.spec.settings(), Folders(tmp_path), {})
    job = jobs.score(member, Training(0, "check/scores/2", 1, 0))
    ignore = lambda *given: None  # noqa: E731
    found = Work(space=space)(job, begun=ignore, report=ignore, should_stop=lambda: False)
    assert found.cause is not None and found.cause.startswith("ValueError: no score no score")
    assert "error.txt" in found.cause
    kept = tmp_path / "check" / "scores" / "2" / "member-000" / "seed-1" / "error.txt"
    assert long in kept.read_text()
