"""A winner on a machine that was no driver: its spec is on record, its weights are shared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import archdsl
from archdsl.cli import main
from archdsl.study import search
from archdsl.study.candidate import WEIGHTS
from tests.study.conftest import judged, tiny_space


@pytest.fixture
def searched(storage, tmp_path, monkeypatch, capsys) -> Any:
    """The words of `export` for a search that another machine did."""
    monkeypatch.chdir(tmp_path)
    settings = {"trials": 2, "budget": {"macs": "200k"}, "shared": f"file://{tmp_path}/shared",
                "proxy": {"epochs": 1, "steps_per_epoch": 2, "warmup": 0}}  # fmt: skip
    space = tiny_space({"input": [1, 12, 12]}, storage=storage, **settings)
    search(space, out=tmp_path / "driver", settings=space.spec.settings())
    words = ["export", "here", "--storage", storage["url"], "--study", storage["study"]]

    def exported(*more: str) -> tuple[int, str]:
        code = main([*words, *more])
        said = capsys.readouterr()
        return code, said.out + said.err

    return exported


def test_the_weights_come_with_the_code(searched, tmp_path) -> None:
    code, said = searched("-o", "net.py")
    assert code == 0 and "tiny is written to net.py\nits weights are here/trials/0000" in said
    model, same = archdsl.load_model(tmp_path / "here"), archdsl.load_model(tmp_path / "driver")
    image = torch.rand(2, 1, 12, 12)
    assert torch.equal(model.eval()(image), same.eval()(image))
    shutil.rmtree(tmp_path / "shared")
    code, said = searched("-o", "net.py", "--json")  # what is here is not fetched again
    assert code == 0 and Path(json.loads(said)["weights"]).is_file()


def gone(shared: Path) -> None:
    shared.rename(shared.with_name("elsewhere"))


def another(shared: Path) -> None:
    (shared / "search.txt").write_text("0123 digits\n")


def deleted(shared: Path) -> None:
    for path in shared.rglob(WEIGHTS):
        path.unlink()


def damaged(shared: Path) -> None:
    for path in shared.rglob(WEIGHTS):
        path.write_bytes(path.read_bytes()[:-7])


def unreadable(shared: Path) -> None:
    shutil.rmtree(shared)
    shared.write_text("no folder")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (gone, "holds nothing of this search, as this machine reaches it"),
        (another, "holds nothing of this search, as this machine reaches it"),
        (deleted, "has no weights of trial "),
        (damaged, "here/trials/0000"),
        (unreadable, "cannot be read"),
    ],
)
def test_weights_that_cannot_be_had_are_said(searched, tmp_path, monkeypatch, harm, said) -> None:
    monkeypatch.setattr("archdsl.study.engines.shared_folder.PAUSES", ())
    harm(tmp_path / "shared")
    code, words = searched("-o", "net.py")
    assert code == 2 and said in words and f"search.shared: file://{tmp_path}/shared" in words
    assert "Traceback" not in words and not (tmp_path / "net.py").exists()
    assert not list((tmp_path / "here").rglob(WEIGHTS))
    assert main(["export", "here/", "-o", "net.py"]) == 0, "the code alone"


def test_a_search_that_left_no_weights_is_exported_as_ever(storage, tmp_path, capsys) -> None:
    space = tiny_space({"input": [1, 12, 12]}, storage=storage, trials=2)
    search(space, out=tmp_path / "driver", settings=space.spec.settings(), evaluate=judged)
    words = ["--storage", storage["url"], "--study", storage["study"]]
    assert main(["export", str(tmp_path / "here"), *words]) == 0
    assert "class MetaFormer" in capsys.readouterr().out
