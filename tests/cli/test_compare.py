"""`archdsl compare RUN RUN`: searches of one space side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archdsl.study import search
from tests.study.conftest import judged, tiny_space


@pytest.fixture
def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def made(name: str, patches: dict[str, Any] | None = None, **settings: Any) -> str:
        space = tiny_space(patches, **{"trials": 8, **settings})
        search(space, evaluate=judged, out=Path(name), settings=space.spec.settings())
        return name

    return made


def test_runs_of_one_space_stand_beside_each_other(run, searched) -> None:
    one, other = searched("one"), searched("other", seed=1, trials=12, final={"seeds": 2})
    done = run("compare", one, other)
    assert done.code == 0
    lines = done.out.splitlines()
    rows = {line.split("  ")[0]: line.split()[-2:] for line in lines[:-1]}
    assert rows[""] == ["one", "other"]
    assert rows["seed"] == ["0", "1"]
    assert rows["trials"] == ["8", "12"]
    assert "best accuracy of 2" in rows and "best accuracy of 8" in rows
    assert done.out.splitlines()[-1].startswith("other: The winner is ")


def test_json_has_the_winners_and_what_differs(run, searched) -> None:
    one, other = searched("one"), searched("other", sampler="random")
    runs = run("compare", one, other, "--json").data["runs"]
    assert [row["run"] for row in runs] == [one, other]
    assert [row["settings"] for row in runs] == [{"sampler": "gp"}, {"sampler": "random"}]
    for row in runs:
        assert row["best_so_far"] == sorted(row["best_so_far"])
        assert row["winner"]["val"] == row["best_so_far"][-1]
        assert row["winner"]["costs"]["macs"] > 0


def test_runs_of_other_spaces_or_objectives_are_refused_with_what_differs(run, searched) -> None:
    one = searched("one")
    other = searched("other", {"params.width": 8})
    done = run("compare", one, other)
    assert (done.code, done.out) == (2, "")
    assert "one and other are searches of different spaces: params.width" in done.err
    costly = searched("costly", maximize="accuracy", minimize="macs")
    assert "one is a search to maximize accuracy, and costly to" in run("compare", one, costly).err


def test_one_run_and_no_run_are_refused_in_words(run, searched, tmp_path) -> None:
    one = searched("one")
    assert "one run is compared with nothing" in run("compare", one).err
    assert "holds no search" in run("compare", one, tmp_path / "nothing").err
