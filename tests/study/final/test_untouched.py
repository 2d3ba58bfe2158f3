"""Nothing that proposes, ranks or picks can see the test split."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import archdsl
from archdsl.study import search
from archdsl.study.record.folder import read_state

STUDY = Path(archdsl.__file__).parent / "study"
PICKING = [
    *(STUDY / "propose").rglob("*.py"),
    *(path for path in (STUDY / "phases").glob("*.py") if path.stem not in ("looking", "__init__")),
    *(STUDY / "final" / f"{name}.py" for name in
      ("baselines", "believed", "entrants", "field", "size", "spread", "winner")),
]  # fmt: skip


def named(path: Path) -> set[str]:
    """Every module, attribute and name that a file mentions."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=module) if module:
                found |= {module, *(f"{module}.{one.name}" for one in node.names)}
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.alias(name=name):
                found.add(name)
    return found


@pytest.mark.parametrize("path", PICKING, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_picks_names_nothing_that_knows_of_it(path: Path) -> None:
    assert not named(path) & {
        "looks", "Looked", "SplitLook", "archdsl.training.evaluate", "verdicts", "by_class"
    }  # fmt: skip


def test_what_looks_would_be_found() -> None:
    assert "looks" in named(STUDY / "phases" / "looking.py")
    assert "looks" in named(STUDY / "final" / "verdicts.py")


def test_another_test_split_changes_nothing_but_what_is_seen_there(
    tiny, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    images = (rng.random((60, 8, 8)) * 60 + 60 * labels[:, None, None]).astype("uint8")
    parts = {
        name: (images[at], labels[at])
        for name, at in (("train", slice(0, 30)), ("val", slice(30, 45)), ("test", slice(45, 60)))
    }
    found = []
    for turned in (0, 1):
        given = dict(parts)
        shown, told = given["test"]
        given["test"] = shown[::-1].copy() if turned else shown, (told + turned) % 3
        folder = tmp_path / str(turned)
        folder.mkdir()
        arrays = {f"{n}_images": a for n, (a, _) in given.items()}
        np.savez(folder / "data.npz", **arrays, **{f"{n}_labels": b for n, (_, b) in given.items()})
        space = tiny(
            {"input": [1, 8, 8], "classes": 3}, trials=3, final={"keep": 1, "seeds": 2},
            proxy={"data": {"type": "npz", "path": str(folder / "data.npz")}, "epochs": 1},
        )  # fmt: skip
        result = search(space, out=folder / "run", settings=space.spec.settings())
        found.append((result, read_state(folder / "run"), folder / "run"))
    (one, first, here), (other, second, there) = found
    assert [trial.epochs for trial in one.trials] == [trial.epochs for trial in other.trials]
    assert first.rounds.last.begun.entrants == second.rounds.last.begun.entrants
    assert one.winner.training == other.winner.training
    weights = [(run / "best.safetensors").read_bytes() for run in (here, there)]
    assert weights[0] == weights[1]
    assert first.looks.keys() == second.looks.keys() and first.looks != second.looks


def test_every_training_of_the_round_is_over_before_the_first_look(tiny, tmp_path) -> None:
    space = tiny({"input": [1, 12, 12]}, trials=2, final={"keep": 1, "seeds": 2},
                 proxy={"epochs": 1, "steps_per_epoch": 2, "batch": 8})  # fmt: skip
    search(space, out=tmp_path / "run", settings=space.spec.settings())
    lines = (tmp_path / "run" / "record.jsonl").read_text().splitlines()
    kinds = [line.partition('"event": "')[2].partition('"')[0] for line in lines]
    first = kinds.index("looked")
    assert set(kinds[first:]) == {"looked"}
    assert kinds.count("looked") == kinds.count("trained") > 0
