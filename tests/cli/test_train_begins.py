"""What `archdsl train` refuses before it begins: other classes, a place among the images, sizes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
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
    from archdsl.full_training.begun import compared

    with pytest.raises(SearchError, match=says) as told:
        compared(beginning(*old), now)
    assert str(told.value).endswith("begin it afresh with  --drop-head")


@pytest.mark.parametrize(
    ("old", "now"),
    [(["cat", "dog"], ["cat", "dog"]), ([], ["cat"]), (["cat"], []), (["0", "1"], ["0", "1"])],
)
def test_names_that_agree_or_are_not_known_are_taken(old: list[str], now: list[str]) -> None:
    from archdsl.full_training.begun import compared

    assert compared(beginning(*old), now) == ""


@pytest.mark.parametrize(
    ("old", "now", "says"),
    [
        (
            ["cat", "dog"],
            ["0", "1"],
            "as the data merely number their classes: 0 is taken for 'cat', 1 is taken for 'dog'.",
        ),
        (
            ["0", "1"],
            ["cat", "dog"],
            "as the weights merely number their classes: 0 is taken for 'cat', 1 is taken for ",
        ),
        (
            list("abcdef"),
            list("012345"),
            "3 is taken for 'd' and 2 more.  --drop-head begins it afresh",
        ),
    ],
)
def test_a_classifier_that_is_kept_by_number_is_told_of(
    old: list[str], now: list[str], says: str
) -> None:
    from archdsl.full_training.begun import compared

    said = compared(beginning(*old), now)
    assert said.startswith("first: its classifier is kept by number, as ") and says in said


def test_names_over_numbers_are_said_by_the_verb(run: Run, spec: Path) -> None:
    from safetensors.torch import save_file

    assert run("train", spec, "--out", "first").code == 0
    file = Path("first/best.safetensors")
    with safe_open(file, "pt") as opened:
        said = json.loads(opened.metadata()["preprocessing"])
    names = {"class_names": [f"class {letter}" for letter in "abcdefghij"]}
    save_file(load_file(file), "named.safetensors", {"preprocessing": json.dumps(said | names)})
    ran = run("train", spec, "--weights", "named.safetensors", "--out", "second")
    assert ran.code == 0 and "0 is taken for 'class a', 1 is taken" in ran.err, ran.err
    ran = run("train", spec, "--weights", file, "--out", "third")
    assert ran.code == 0 and "taken for" not in ran.err
    ran = run("train", spec, "--weights", "named.safetensors", "--drop-head", "--out", "fourth")
    assert ran.code == 0 and "taken for" not in ran.err


def test_arrays_are_not_changed_one_by_one_and_the_error_says_which(run: Run, spec: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (60, 1, 8, 8)).astype("uint8")
    np.savez("x.npz", images=images, labels=np.arange(60) % 10)
    short = ("--set", "train.epochs=1", "--set", "train.warmup=0", "--set", "train.ema=none")
    words = ("train", spec, "--data", "x.npz", "--recipe", "finetune_30", *short)
    ran = run(*words)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == (
        f"npz {Path('x.npz').absolute()}: its images are arrays, and the recipe has an "
        "augmentation, which changes images that are read one by one.  train without, by  --set "
        "train.augmentation=none,  or save the images as files"
    )
    assert run(*words, "--set", "train.augmentation=none").code == 0


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
