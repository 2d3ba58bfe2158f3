"""The page of a training: text of others is text, and what a record lacks is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.errors import SearchError
from archdsl.full_training.page import page
from archdsl.full_training.record import EpochRecord, TrainRecord, read_record, write_record
from tests.study.pages import parsed, words

HOSTILE = "<script>alert(1)</script>\x1b[31m</title>"


def record(**changed: object) -> TrainRecord:
    given: dict[str, object] = {
        "name": "tiny",
        "spec": "archdsl: 1\n",
        "recipe": {"epochs": 2, "batch": 8, "lr": 0.1},
        "recipe_name": None,
        "seed": 0,
        "data": {"words": "some: 2 classes", "notes": [], "counts": {}, "source": {},
                 "evidence": {}},
        "preprocessing": None,
        "costs": {"macs": 1000, "params": 10},
        "epochs": [EpochRecord({"accuracy": 0.5, "train_loss": 1.5}, 2.0, 100.0, 0.25)],
        **changed,
    }  # fmt: skip
    return TrainRecord(**given)  # type: ignore[arg-type]


def hostile() -> TrainRecord:
    preprocessing = {
        "class_names": [HOSTILE, "b"], "channels": 1, "size": [8, 8],
        "pixels": {"scale": 1 / 255, "mean": [0.0], "std": [1.0], "image_size": None,
                   "cover": None, "interpolation": "bilinear"},
    }  # fmt: skip
    data = {"words": HOSTILE, "notes": [HOSTILE], "counts": {}, "source": {}, "evidence": {}}
    return record(
        name=HOSTILE, spec=HOSTILE, recipe_name=HOSTILE, data=data, preprocessing=preprocessing,
        cause=HOSTILE, stand="failed", beginning={"path": HOSTILE, "digest": ""},
        run={"folder": "../a", "name": HOSTILE, "trial": 3},
        epochs=[EpochRecord({HOSTILE: 0.5}, 2.0)],
        sessions=[{"begun": HOSTILE, "first_epoch": 1, "devices": 2, "strategy": HOSTILE,
                   "machine": {"system": HOSTILE, "device": HOSTILE},
                   "versions": {HOSTILE: HOSTILE}}],
    )  # fmt: skip


def test_text_of_others_is_no_markup(tmp_path: Path) -> None:
    html = page(tmp_path, hostile())
    assert "<script" not in html and "\x1b" not in html
    assert parsed(html).links == []
    assert "alert(1)" in words(html)


def test_it_says_what_it_came_to(tmp_path: Path) -> None:
    said = words(page(tmp_path, record(stand="done")))
    assert "tiny came to accuracy 0.5 on validation images, in epoch 1 of 1 epoch." in said
    assert "at 100 images per second; of the time of its steps 25.0 % went by waiting" in said
    assert "The test split was not looked at." in said
    assert "There are no weights yet." in said
    assert "The names of the classes are not on record." in said


@pytest.mark.parametrize(
    ("stand", "said"),
    [
        ("running", "It runs, or was killed: 1 of 2 epochs on record."),
        ("stopped", "It was stopped with 1 of 2 epochs, and goes on with --resume."),
        ("failed", "It was broken off with 1 of 2 epochs: too hot"),
    ],
)
def test_it_says_what_became_of_one_that_is_not_done(tmp_path: Path, stand: str, said: str) -> None:
    assert said in words(page(tmp_path, record(stand=stand, cause="too hot")))


def test_a_record_without_epochs_has_a_page(tmp_path: Path) -> None:
    said = words(page(tmp_path, record(epochs=[])))
    assert "tiny has no epoch behind it." in said


@pytest.mark.parametrize("given", [record(), hostile(), record(test={"accuracy": float("nan")})])
def test_a_record_is_read_as_it_was_written(tmp_path: Path, given: TrainRecord) -> None:
    write_record(tmp_path, given)
    found = read_record(tmp_path)
    assert found is not None and repr(found) == repr(given)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 1}', '{"format": 2}', "[" * 10_000, "\xff"]
)
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "train.json").write_text(text, encoding="latin-1")
    with pytest.raises(SearchError, match=r"train\.json is"):
        read_record(tmp_path)


def test_the_best_epoch_is_the_first_of_equal_ones() -> None:
    def of(*values: float, name: str = "accuracy") -> int | None:
        return record(epochs=[EpochRecord({name: v}, 1.0) for v in values]).best

    assert of(0.1, 0.3, 0.3, 0.2) == 1
    assert of(0.9, 0.2, 0.2, name="loss") == 1
    assert of() is None
