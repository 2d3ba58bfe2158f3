"""Every recipe that is shipped says where it is from, and is the recipe that its source has."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl import shipped
from archdsl.recipes import names, recipe, source_of
from archdsl.recipes.document import document_of_file
from archdsl.recipes.files import path_of
from archdsl.recipes.values import values_of
from archdsl.training import Recipe
from archdsl.training.augmentation import Augmentation

FILES = sorted(shipped.recipes_folder().glob("*.yaml"))
MIXED = Augmentation(rand_augment=2, random_erasing=0.25, mixup=0.8, cutmix=1.0)


def test_all_of_the_folder_are_named() -> None:
    assert names() == [path.stem for path in FILES]
    assert names() == ["ffnet_300", "finetune_30", "metaformer_300", "proxy", "transnext_300"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_recipe_is_read_and_says_where_it_is_from(path: Path) -> None:
    found = recipe(path.stem)
    assert recipe(path) == found == Recipe.from_record(found.record())
    assert len(source_of(path.stem)) > 10 and path.read_text().startswith("# ")
    assert recipe(found) == found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_rate_is_written_with_the_batch_that_it_belongs_to(path: Path) -> None:
    found, written = recipe(path), values_of(document_of_file(path, path_of).train)
    assert {"epochs", "batch", "lr", "optimizer"} <= set(written)
    if path.stem != "proxy":
        assert found.lr_batch == found.batch
        halved = recipe(path, {"train.batch": found.batch // 2})
        assert halved.peak == pytest.approx(found.peak / 2)


def test_the_recipes_are_those_of_their_papers() -> None:
    metaformer, transnext, ffnet, tuning = map(
        recipe, ("metaformer_300", "transnext_300", "ffnet_300", "finetune_30")
    )
    for found, lr, batch in (
        (metaformer, 4e-3, 4096), (transnext, 1e-3, 1024), (ffnet, 1e-3, 1024),
        (tuning, 5e-5, 1024),
    ):  # fmt: skip
        assert (found.lr, found.batch, found.optimizer) == (lr, batch, "adamw")
        assert (found.weight_decay, found.vector_decay, found.label_smoothing) == (0.05, 0.0, 0.1)
        assert found.drop_path is None and found.augmentation.interpolation == "bicubic"
        assert found.augmentation.rand_magnitude == 9 and found.augmentation.rand_std == 0.5
    for found in (metaformer, transnext, ffnet):
        assert (found.schedule, found.warmup) == ("cosine", 5.0)
        assert found.lr * found.warmup_lr == pytest.approx(1e-6)
        assert found.lr * found.final_lr == pytest.approx(1e-5)
    assert (metaformer.epochs, transnext.epochs, tuning.epochs) == (300, 300, 30)
    assert (ffnet.epochs, ffnet.tail) == (320, 20)
    assert [one.ema for one in (metaformer, transnext, ffnet, tuning)] == [
        None, None, 0.9995, 0.9999,
    ]  # fmt: skip
    assert [one.clip_norm for one in (metaformer, transnext, ffnet, tuning)] == [
        None, 1.0, None, None,
    ]  # fmt: skip
    assert [one.augmentation.mixup for one in (metaformer, transnext, ffnet, tuning)] == [
        0.8, 0.8, 0.2, 0.0,
    ]  # fmt: skip
    assert [one.augmentation.repeated for one in (metaformer, transnext, ffnet)] == [1, 3, 1]
    assert (tuning.schedule, tuning.warmup) == ("constant", 0.0)
    assert not tuning.augmentation.mixes


def test_the_proxys_recipe_writes_what_a_search_has_anyway() -> None:
    assert recipe("proxy") == Recipe()
