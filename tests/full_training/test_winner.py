"""The winner of a search, trained in full: on its images, and linked both ways."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.full_training.events import Remark
from archdsl.full_training.training import TrainingResult
from archdsl.study.record.file_store import LOCK
from archdsl.study.record.folder import read_state
from archdsl.study.record.lock import locked
from archdsl.study.report import write_report
from tests.study.pages import parsed, words

SPACE = """\
archdsl: 1
name: little

input: [1, 8, 8]
classes: 10

stem: {type: conv, kernel: 3}
downsample: {type: conv, kernel: 3, stride: 2}

block:
  norm: layer_norm
  token_mixer: {choice: [pooling, identity], per: stage}
  channel_mixer: {type: mlp, ratio: 2}

stages:
  - {dim: 8, depth: 1}
  - {dim: 16, depth: 1}

head: linear

search:
  trials: 2
  final: none
  proxy:
    data: {type: digits, canvas: 8, noise: 0.0, clutter: 0}
    epochs: 1
    steps_per_epoch: 2
    validation_steps: 1
    warmup: 0
"""


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a search in runs/little."""
    root = tmp_path_factory.mktemp("searched")
    (root / "little.yaml").write_text(SPACE)
    archdsl.search(root / "little.yaml", out=root / "runs" / "little", listener=None)
    return root


@pytest.fixture
def root(searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(searched, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def trained(out: str = "runs/little-train", **options: object) -> TrainingResult:
    return archdsl.train("runs/little", out=out, listener=None, epochs=2, **options)  # type: ignore[arg-type]


def test_it_is_trained_on_the_images_of_its_search(root: Path) -> None:
    done = trained()
    winner = archdsl.load(root / "runs" / "little")
    assert archdsl.load(done.folder).network() == winner.network()
    record = done.record
    assert record.data["source"]["data"]["options"]["canvas"] == 8
    assert record.run is not None and record.run["name"] == "little"
    assert record.beginning is None
    assert record.said is not None and record.said.class_names == tuple(map(str, range(10)))
    assert record.recipe["steps_per_epoch"] == 2 and record.total == 2


def test_the_pages_link_both_ways(root: Path) -> None:
    trained()
    trained("elsewhere/a b", seed=1)
    search, training = Path("runs/little/report.html"), Path("runs/little-train/train.html")
    assert parsed(training.read_text()).links == ["../little/report.html"]
    assert parsed(search.read_text()).links == [
        "../little-train/train.html", "../../elsewhere/a%20b/train.html",
    ]  # fmt: skip
    for page in (search, training):
        for link in parsed(page.read_text()).links:
            from urllib.parse import unquote

            assert (page.parent / unquote(link)).is_file()
    said = words(search.read_text())
    best = json.loads((training.parent / "train.json").read_text())["best"]["metrics"]["accuracy"]
    assert "Trained in full" in said and f"accuracy {best:.4g}" in said


def test_the_page_of_a_search_is_made_from_records_alone(root: Path) -> None:
    trained()
    path = Path("runs/little/report.html")
    page = path.read_text()
    path.unlink()
    write_report(path.parent)
    assert path.read_text() == page


@pytest.mark.parametrize("what", ["gone", "damaged", "another format"])
def test_a_training_that_is_gone_or_damaged_is_left_out(root: Path, what: str) -> None:
    trained()
    record = Path("runs/little-train/train.json")
    if what == "gone":
        shutil.rmtree(record.parent)
    else:
        record.write_text("{" if what == "damaged" else '{"best": 3}')
    write_report(Path("runs/little"))
    assert "Trained in full" not in Path("runs/little/report.html").read_text()


def test_a_page_names_no_search_that_is_gone(root: Path) -> None:
    from archdsl.full_training.page import write_page

    done = trained()
    shutil.rmtree("runs/little")
    page = write_page(done.folder, done.record).read_text()
    assert parsed(page).links == [] and "little" in words(page)


def test_it_begins_with_the_weights_of_its_search_only_when_asked(root: Path) -> None:
    done = trained(weights="runs/little")
    assert done.record.beginning is not None
    assert done.record.beginning["path"] == "runs/little"
    assert done.record.epochs[0].metrics != trained("other").record.epochs[0].metrics


def test_a_word_without_a_slash_is_a_shipped_name(root: Path, tmp_path: Path) -> None:
    from archdsl.full_training.subject import run_of

    shutil.copytree("runs/little", "digits")
    assert run_of("digits") is None
    assert run_of("./digits") == run_of(Path("digits")) == Path("digits")


def test_a_search_by_an_evaluate_says_no_images(root: Path) -> None:
    archdsl.search("./little.yaml", lambda candidate: 0.5, out="runs/own", listener=None)
    with pytest.raises(archdsl.errors.SearchError, match="judged by an evaluate function"):
        archdsl.train("runs/own", listener=None)


def test_a_search_goes_on_beside_its_trainings(root: Path) -> None:
    trained()
    archdsl.search(root / "little.yaml", out="runs/little", listener=None, trials=3)
    assert "Trained in full" in Path("runs/little/report.html").read_text()


def test_a_look_at_the_test_split_is_on_the_record_of_the_search(root: Path) -> None:
    said: list[str] = []

    def listen(event: object) -> None:
        if isinstance(event, Remark):
            said.append(event.text)

    done = archdsl.train("runs/little", out="looked", epochs=1, test=True, listener=listen)
    assert done.record.test is not None
    assert any("looked at before (1 model)" in one for one in said)  # by the search itself
    state = read_state(root / "runs" / "little")
    assert state is not None
    (look,) = state.evaluated
    assert look.metrics["accuracy"] == done.record.test["accuracy"]
    assert look.weights == "looked/best.safetensors"
    page = words((root / "runs" / "little" / "report.html").read_text())
    assert "1 model was judged on it by archdsl evaluate or train --test" in page
    trained("not_looked")
    images = {"type": "digits", "canvas": 8, "noise": 0.1, "clutter": 0}
    trained("others", data=images, test=True)  # those of another task
    state = read_state(root / "runs" / "little")
    assert state is not None and len(state.evaluated) == 1


def test_a_search_whose_record_takes_no_look_is_told_before_the_training(root: Path) -> None:
    run = (root / "runs" / "little").absolute()
    with locked(run / LOCK), pytest.raises(SearchError, match="wait until it is done, or judge"):
        trained("new", test=True)
    assert not (root / "new" / "best.safetensors").exists()
    trained("new")
