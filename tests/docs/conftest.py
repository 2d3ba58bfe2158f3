"""What pages stand in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: the files of the module's page, beside the space they build on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    request.module.PAGE.write(tmp_path)
    shutil.copy(ROOT / "specs" / "spaces" / "digits.yaml", tmp_path)
    return tmp_path
