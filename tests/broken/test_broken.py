"""Broken specs, each beside its nearest good neighbour and the words that it must get.

`NAME.yaml` is broken, `NAME.good.yaml` is right, and `NAME.txt` is the error, with `{file}` for
the path of the broken spec and `{folder}` for its folder.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archdsl
from archdsl.cli import main
from archdsl.errors import SpecError

FOLDER = Path(__file__).parent
BROKEN = sorted(
    path for path in FOLDER.glob("*.yaml") if not path.name.endswith((".good.yaml", "parent.yaml"))
)


def expected(path: Path) -> str:
    text = path.with_suffix(".txt").read_text(encoding="utf-8").rstrip("\n")
    return text.replace("{file}", str(path)).replace("{folder}", str(FOLDER))


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_spec_is_refused_in_these_words(path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        archdsl.load(path)
    assert str(caught.value) == expected(path)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_the_command_line_says_the_same_and_exits_with_2(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.rstrip("\n") == expected(path)
    assert "Traceback" not in printed.err


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_its_good_neighbour_is_right(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)  # what a text imports is relative to the working directory
    good = path.with_suffix(".good.yaml")
    spec = archdsl.load(good)
    spec.network()
    assert archdsl.loads(spec.dump()).tree == spec.tree


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_the_carets_stand_below_the_place_in_the_head(path: Path) -> None:
    head, *rest = expected(path).splitlines()
    place = re.match(rf"({re.escape(str(FOLDER))}/\w+\.(?:yaml|py)):(\d+):(\d+): ", head)
    if place is None:
        assert head.startswith(str(path))
        assert "a spec needs" in head  # what is missing has no place
        return
    assert place[1] == str(path) or place[1].endswith(".py")  # what is imported has lines, too
    line, column = int(place[2]), int(place[3])
    text = Path(place[1]).read_text(encoding="utf-8")
    written = text.splitlines()[line - 1].replace("\t", " ")
    assert rest[0] == f"{line:>5} | {written}"
    assert rest[1].index("^") == len("12345 | ") + column - 1
    assert rest[1].rstrip("^").strip() == "|"


def test_there_are_many_and_each_has_its_neighbours() -> None:
    assert len(BROKEN) >= 60
    for path in BROKEN:
        assert path.with_suffix(".txt").is_file(), path.stem
        assert path.with_suffix(".good.yaml").is_file(), path.stem
    stems = {path.stem for path in BROKEN}
    for path in (*FOLDER.glob("*.txt"), *FOLDER.glob("*.good.yaml")):
        assert path.name.partition(".")[0] in stems, path.name
