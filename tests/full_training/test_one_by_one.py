"""A training on images that are read one by one: mixed, erased, broken off, and gone on with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

import archdsl
from archdsl.training import DataSource, Prepared, Recipe, prepare
from archdsl.training.augmentation import Augmentation
from archdsl.training.prepare import OneByOneReading
from archdsl.training.train import Trained, train_model
from tests.cli.conftest import TINY

AUGMENTATION = Augmentation(
    crop_scale=(0.5, 1.0), color_jitter=0.2, rand_augment=1, random_erasing=0.3, mixup=0.2,
    cutmix=1.0,
)  # fmt: skip
RECIPE = Recipe(
    epochs=2, batch=8, lr=1e-2, warmup=0, ema=0.8, augmentation=AUGMENTATION, schedule="cosine"
)
STEPS = 8


class Break(Exception):
    pass


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of sixteen images to train on, with some to judge by."""
    root, draw = tmp_path_factory.mktemp("data") / "photos", np.random.default_rng(0)
    for split, many in (("train", 16), ("val", 5), ("test", 4)):
        for label, name in enumerate(("cat", "dog")):
            folder = root / split / name
            folder.mkdir(parents=True)
            for number in range(many):
                pixels = draw.integers(0, 128, (20, 24, 3)) + 127 * label
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    return root


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(TINY)
    yield tmp_path


def source(photos: Path) -> DataSource:
    set_ = {"search.proxy.data": {"type": "image_folder", "path": str(photos)}}
    return DataSource.of(archdsl.load("poolformer_s12", set=set_).settings().proxy)


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2),
            nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 2),
        )  # fmt: skip


def trained(data: Prepared, path: Path | None, stop: int | None = None) -> tuple[Trained, int]:
    model, begun = network(), 0

    def count(module: nn.Module, given: Any) -> None:
        nonlocal begun
        begun += module.training
        if module.training and begun == stop:
            raise Break

    model.register_forward_pre_hook(count)
    done = train_model(model, data.recipe, data, 5, checkpoint=path, save_every=0.0)
    return done, begun


def same(one: Trained, other: Trained) -> bool:
    return one.history == other.history and all(
        torch.equal(value, other.state_dict[name]) for name, value in one.state_dict.items()
    )


def test_a_break_in_any_step_changes_nothing(photos: Path, here: Path) -> None:
    def prepared(workers: int) -> Prepared:
        return prepare(RECIPE, source(photos), (3, 16, 16), 2, reading=OneByOneReading(workers))

    data = prepared(0)
    assert data.steps * RECIPE.epochs == STEPS
    whole, begun = trained(data, None)
    assert begun == STEPS
    for stop in range(2, STEPS + 1):
        path = here / f"{stop}.ckpt"
        with pytest.raises(Break):
            trained(data, path, stop)
        done, begun = trained(data, path)
        assert begun == STEPS - stop + 1
        assert same(done, whole)


@pytest.mark.slow
def test_worker_processes_change_no_bit(photos: Path, here: Path) -> None:
    def prepared(workers: int) -> Prepared:
        return prepare(RECIPE, source(photos), (3, 16, 16), 2, reading=OneByOneReading(workers))

    whole, _ = trained(prepared(0), None)
    path = here / "state.ckpt"
    with pytest.raises(Break):
        trained(prepared(2), path, 6)
    assert same(trained(prepared(1), path)[0], whole)


def test_a_folder_of_images_is_trained_on_by_the_verb(photos: Path, here: Path) -> None:
    recipe = replace(RECIPE, epochs=1, ema=None)
    done = archdsl.train(
        "./tiny.yaml", photos, set={"input": [3, 16, 16], "classes": 2}, recipe=recipe, workers=0,
        test=True, listener=None,
    )  # fmt: skip
    record = json.loads((done.folder / "train.json").read_text())
    assert record["stand"] == "done" and record["test"]["n"] == 8
    assert record["preprocessing"]["class_names"] == ["cat", "dog"]
    assert record["recipe"]["augmentation"]["mixup"] == 0.2
    weights = load_file(done.weights)
    assert archdsl.load_model(done.folder).state_dict().keys() == weights.keys()


@pytest.mark.parametrize("on_bad", ["skip", "stop"])
def test_a_broken_image_is_passed_over_by_rule(
    photos: Path, here: Path, on_bad: Any, tmp_path: Path
) -> None:
    own = tmp_path / "photos"
    shutil.copytree(photos, own)
    (own / "train" / "cat" / "3.png").write_bytes(b"no image")
    said: list[str] = []

    def train() -> Any:
        return archdsl.train(
            "./tiny.yaml", own, set={"input": [3, 16, 16], "classes": 2}, workers=0,
            recipe=replace(RECIPE, epochs=2), on_bad=on_bad,
            listener=lambda event: said.append(str(event)),
        )  # fmt: skip

    if on_bad == "stop":
        with pytest.raises(archdsl.errors.SearchError, match=r"3\.png"):
            train()
        record = json.loads(Path("runs/tiny-train/train.json").read_text())
        assert record["stand"] == "failed" and "3.png" in record["cause"]
    else:
        assert train().done
        assert len([one for one in said if "passed over" in one and "3.png" in one]) == 1


def test_a_library_that_cannot_do_it_is_refused_before_anything_is_trained(
    photos: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "timm", None)

    def train(**recipe: Any) -> Any:
        return archdsl.train(
            "./tiny.yaml", photos, set={"input": [3, 16, 16], "classes": 2}, workers=0,
            recipe={"epochs": 1, "warmup": 0, **recipe}, listener=None,
        )  # fmt: skip

    for name in ("torchvision", "timm"):
        with pytest.raises(archdsl.errors.SearchError) as caught:
            train(augmentation={"library": name})
        assert str(caught.value).startswith(
            f"train.augmentation needs the package {name}, which is not installed.  "
        )
        assert str(caught.value).endswith("or write  library: kornia")
        assert not Path("runs/tiny-train/train.json").exists()
    with pytest.raises(archdsl.errors.SearchError, match=r"train\.augmentation: timm mixes"):
        monkeypatch.setattr("archdsl.training.images.mixing.library_of", lambda said: Pairs())
        train(batch=3, augmentation={"library": "timm", "crop_scale": None, "mixup": 0.8})
    monkeypatch.undo()
    monkeypatch.chdir(here)
    monkeypatch.setenv("ARCHDSL_CACHE", str(here / "cache"))
    assert train(batch=8, augmentation={"library": "kornia"}).done


class Pairs:
    """timm as far as it goes without its package."""

    def __getattr__(self, name: str) -> Any:
        from archdsl.training.images.libraries.timm import Timm

        return Timm(Augmentation()).refuse_batch if name == "refuse_batch" else lambda classes: None


def test_a_record_from_before_there_were_libraries_is_gone_on_with(
    photos: Path, here: Path
) -> None:
    def train(**more: Any) -> Any:
        return archdsl.train(
            "./tiny.yaml", photos, set={"input": [3, 16, 16], "classes": 2}, workers=0,
            recipe=replace(RECIPE, epochs=1, ema=None), listener=None, **more,
        )  # fmt: skip

    file = train().folder / "train.json"
    record = json.loads(file.read_text())
    assert record["recipe"]["augmentation"].pop("library") == "kornia"
    file.write_text(json.dumps(record))
    assert train(resume=True).done
    record["recipe"]["augmentation"]["library"] = "torchvision"
    file.write_text(json.dumps(record))
    with pytest.raises(archdsl.errors.SearchError, match=r"train\.augmentation was .*torchvision"):
        train(resume=True)


def test_kept_images_are_part_of_what_is_trained(photos: Path, here: Path) -> None:
    said: list[str] = []

    def train(cache: int | None, *, resume: bool = False) -> Any:
        return archdsl.train(
            "./tiny.yaml", photos, set={"input": [3, 16, 16], "classes": 2}, recipe=RECIPE,
            workers=0, cache=cache, resume=resume, listener=lambda event: said.append(str(event)),
        )  # fmt: skip

    assert train(18).done
    assert any("18" in one and "kept" in one for one in said), said
    with pytest.raises(archdsl.errors.SearchError, match="--cache was 18, and now it is none"):
        train(None, resume=True)


def test_what_is_refused_is_so_before_images_are_kept(photos: Path, here: Path) -> None:
    said: list[str] = []

    def train(**more: Any) -> Any:
        options = {"seed": 0, "cache": 18, "recipe": replace(RECIPE, epochs=1, ema=None), **more}
        return archdsl.train(
            "./tiny.yaml", photos, set={"input": [3, 16, 16], "classes": 2}, workers=0,
            listener=lambda event: said.append(str(event)), **options,
        )  # fmt: skip

    def kept() -> int:
        folder = here / "cache" / "images"
        return len(list(folder.glob("*.npy"))) if folder.is_dir() else 0

    assert train(cache=None).done
    shutil.move("runs/tiny-train", "without")
    with pytest.raises(archdsl.errors.SearchError, match=r"--cache was none, and now it is 18\."):
        train(out="without", resume=True)
    with pytest.raises(archdsl.errors.SearchError, match=r"the seed was 0, and now it is 4\."):
        train(out="without", resume=True, cache=None, seed=4)
    said_there = json.loads(Path("without/train.json").read_text())["preprocessing"]
    names = {"preprocessing": json.dumps({**said_there, "class_names": ["dog", "cat"]})}
    save_file(load_file("without/best.safetensors"), "other.safetensors", names)
    with pytest.raises(archdsl.errors.SearchError, match="its classifier tells other classes"):
        train(weights="other.safetensors")
    assert kept() == 0
    assert train().done
    assert kept() == 2


def test_what_is_about_images_one_by_one_is_refused_where_they_are_read_at_once(
    photos: Path, here: Path
) -> None:
    def train(**more: Any) -> Any:
        short = {"epochs": 1, "warmup": 0, "batch": 8}
        return archdsl.train(
            "./tiny.yaml", photos, set={"input": [3, 16, 16], "classes": 2}, recipe=short,
            workers=0, listener=None, **more,
        )  # fmt: skip

    for name, value in (("cache", 18), ("on_bad", "skip")):
        with pytest.raises(archdsl.errors.SearchError) as caught:
            train(**{name: value})
        assert str(caught.value) == (
            f"{name} is about images that are read one by one, and these are read at once, as the "
            "recipe has no augmentation.  drop it, or give the recipe one"
        )
    assert train(on_bad="stop").done


def test_the_sort_of_a_folder_is_told_by_what_lies_in_it(photos: Path, here: Path) -> None:
    import tarfile

    from archdsl.named_images import _sort

    assert _sort(photos) == "image_folder"
    (here / "shards" / "train").mkdir(parents=True)
    with tarfile.open(here / "shards" / "train" / "0.tar", "w"):
        pass
    assert _sort(here / "shards") == _sort(here / "shards" / "train" / "0.tar") == "webdataset"
    (here / "hub" / "data").mkdir(parents=True)
    (here / "hub" / "data" / "train-0.parquet").touch()
    assert _sort(here / "hub") == "datasets"
    (here / "saved").mkdir()
    (here / "saved" / "dataset_dict.json").touch()
    assert _sort(here / "saved") == "datasets"
