"""Run directories of archdsl 0.1: reported and exported, and not gone on with."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

import archdsl
from archdsl.errors import SearchError, SpecError
from archdsl.study.record.folder import read_state
from archdsl.study.report import write_report

GOLDEN = Path(__file__).parents[2] / "golden" / "former_run"


@pytest.fixture
def former(tmp_path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "run")
    return tmp_path / "run"


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "report.html"
    }


def test_its_trials_are_what_they_were(former) -> None:
    state = read_state(former)
    assert state is not None and state.best is not None
    lines = [json.loads(line) for line in (former / "trials.jsonl").read_text().split("\n")[:-1]]
    for trial, line in zip(state.in_order(), lines, strict=True):
        later = ("begun", "ended", "fault", "inherits", "share")
        told = {k: v for k, v in trial.record().items() if k not in later}
        assert told == line
    assert state.best.number == 3
    assert [trial.number for trial in state.in_order() if trial.cause] == [2]


def test_it_is_reported_and_exported_and_stays_as_it_is(former) -> None:
    before = files(former)
    page = write_report(former).read_text()
    assert "ValueError: not this one" in page
    winner = archdsl.load(former)
    assert winner.name == "tiny" and not winner.is_space
    assert "import torch" in archdsl.export(former)
    assert archdsl.count(former).macs == 48_544
    assert files(former) == before


def test_its_looks_are_those_of_its_trials(former) -> None:
    (former / "test.json").write_text('{"3": {"accuracy": 0.5, "n": 40.0}}')
    state = read_state(former)
    assert state is not None
    assert {key.trial: look.metrics for key, look in state.looks.items()} == {
        3: {"accuracy": 0.5, "n": 40.0}
    }
    assert "On the test split" in write_report(former).read_text()


def test_going_on_with_it_is_refused_in_words(former, tiny, run) -> None:
    before = files(former)
    words = (
        f"{former} holds a search of archdsl 0.1, which kept another record.  `archdsl report` and "
        "`archdsl export` read it; to go on, search it anew with another --out"
    )
    for space in (tiny(trials=9, budget={"macs": "60k"}, seed=3), tiny(trials=9)):
        with pytest.raises(SearchError, match=re.escape(words)):
            run(space, former)
        with pytest.raises(SearchError, match=re.escape(words)):
            run(space, former, salvage=True)
    assert files(former) == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("run.json", '{"format": 1}'),
        ("run.json", '{"format": 1, "name": 7, "setup": {}, "survey": {}, "sessions": []}'),
        ("trials.jsonl", "null\n"),
        ("trials.jsonl", "[" * 100_000 + "\n"),
        ("trials.jsonl", "{}\n"),
        ("test.json", "[]"),
        ("test.json", '{"0": null}'),
    ],
)
def test_damage_of_it_is_said_in_words(former, name, text) -> None:
    (former / name).write_text(text)
    with pytest.raises(SearchError, match=r"holds a search of archdsl 0.1 whose files"):
        write_report(former)


@pytest.mark.parametrize("text", ["null", "{}", "[]", "7", '{"format": 2}', "\xff", "[" * 100_000])
def test_a_folder_of_which_nothing_is_known_is_left_alone(former, tiny, run, text) -> None:
    (former / "run.json").write_text(text)
    before = files(former)
    for act in (write_report, archdsl.load, lambda folder: run(tiny(trials=2), folder)):
        with pytest.raises(SearchError, match=r"record.jsonl is gone or empty"):
            act(former)
    assert files(former) == before


def test_a_folder_without_a_winner_is_no_spec(tmp_path, tiny, run) -> None:
    with pytest.raises(SpecError, match="is a folder and holds no search"):
        archdsl.load(tmp_path)
    run(tiny(trials=1), tmp_path / "good", evaluate=lambda candidate: 1.0)
    assert archdsl.load(tmp_path / "good").name == "tiny"
    run(tiny(trials=1), tmp_path / "bad", evaluate=lambda candidate: 1 / 0)
    with pytest.raises(SpecError, match="has no winner: none of its trials succeeded"):
        archdsl.load(tmp_path / "bad")
