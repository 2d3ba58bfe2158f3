"""What `archdsl train` refuses before it begins: other classes, a place among the images, sizes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open
from safetensors.torch import load_file

from archdsl.errors import SearchError
from tests.cli.conftest import TINY, Ran
from tests.cli.test_train import PROXY

Run = Callable[..., Ran]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY + PROXY)
    return path


def beginning(*names: str) -> Any:
    from archdsl.full_training.asked import Beginning

    return Beginning("first", "", lambda model: None, names)


@pytest.mark.parametrize(
    ("old", "now", "says"),
    [
        (["cat", "dog"], ["cat", "fox"], "class 1 is 'dog' in the weights, and 'fox' in the data"),
        (["cat", "dog"], ["dog", "cat"], "which have the same classes in another order"),
        (["1", "0"], ["0", "1"], "which have the same classes in another order"),
        (["cat", "dog"], ["cat"], "the weights have 2 classes, and the data 1"),
    ],
)
def test_other_classes_are_told_by_their_names(old: list[str], now: list[str], says: str) -> None:
    from archdsl.full_training.begun import refuse_other_classes

    with pytest.raises(SearchError, match=says) as told:
        refuse_other_classes(beginning(*old), now)
    assert str(told.value).endswith("begin it afresh with  --drop-head")


@pytest.mark.parametrize(
    ("old", "now"),
    [(["cat", "dog"], ["cat", "dog"]), ([], ["cat"]), (["cat"], []), (["cat", "dog"], ["0", "1"])],
)
def test_names_that_agree_or_are_not_known_are_taken(old: list[str], now: list[str]) -> None:
    from archdsl.full_training.begun import refuse_other_classes

    refuse_other_classes(beginning(*old), now)


def test_a_classifier_of_other_classes_is_not_begun_with(run: Run, spec: Path) -> None:
    from safetensors.torch import save_file

    assert run("train", spec, "--out", "first").code == 0
    file = Path("first/best.safetensors")
    with safe_open(file, "pt") as opened:
        said = json.loads(opened.metadata()["preprocessing"])
    said["class_names"].reverse()
    save_file(load_file(file), "other.safetensors", {"preprocessing": json.dumps(said)})
    save_file(load_file(file), "nameless.safetensors")
    ran = run("train", spec, "--weights", "other.safetensors", "--out", "second")
    assert ran.code == 2 and "class 0 is '9' in the weights, and '0' in the data" in ran.err
    assert "--drop-head" in ran.err and not Path("second/train.json").exists()
    for name, *more in (["other.safetensors", "--drop-head"], ["nameless.safetensors"]):
        ran = run("train", spec, "--weights", name, *more, "--out", name[:5])
        assert ran.code == 0, ran.err


def test_a_folder_among_the_images_is_refused_before_anything_is_written(
    run: Run, spec: Path
) -> None:
    from PIL import Image

    for name in ("a", "b"):
        Path("photos", name).mkdir(parents=True)
        for number in range(4):
            Image.new("L", (8, 8), 40 * number).save(f"photos/{name}/{number}.png")
    data = ("--data", "photos", "--set", "classes=2", "--set", "train.batch=2")
    for inside in ("photos/out", "photos", "photos/a"):
        ran = run("train", spec, *data, "--out", inside)
        assert ran.code == 2 and "which is among the images (" in ran.err
    assert sorted(path.name for path in Path("photos").iterdir()) == ["a", "b"]
    assert not list(Path("photos/a").glob("lock"))
    ran = run("train", spec, *data, "--set", "train.steps_per_epoch=none",
              "--set", "train.validation_steps=none", "--out", "beside")  # fmt: skip
    assert ran.code == 0, ran.err


def test_images_of_which_nothing_is_left_are_refused(run: Run, spec: Path) -> None:
    stem = ("--set", "stem={type: conv, kernel: 4, stride: 4, padding: 0}")
    ran = run("train", spec, *stem, "--set", "train.size=3")
    assert ran.code == 2 and "nothing is left of a map of 3x3" in ran.err, ran.err
    assert run("train", spec, *stem, "--set", "train.size=8").code == 0
