"""The page on training is true: its program runs, and it names every file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import archdsl
from tests import started

FOLDER = Path(archdsl.__file__).parent / "training"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_its_program_runs() -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    subprocess.run([*started.python(), "-c", program], check=True, capture_output=True)


def test_it_names_every_file_and_no_other() -> None:
    named = set(re.findall(r"`(\w+\.py)`", PAGE))
    assert named == {path.name for path in FOLDER.glob("[a-z]*.py")}
