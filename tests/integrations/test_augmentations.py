"""Augmentations of torchvision and of timm: the laws that kornia's are held to: `make timm`.

Where they are not installed, tests/training/images/test_libraries.py has what is said.
"""

from __future__ import annotations

import importlib.util
import random
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from archdsl.errors import SearchError
from archdsl.training import DataSource, Recipe
from archdsl.training.augmentation import Augmentation
from archdsl.training.images.augment import Augment
from archdsl.training.images.crops import Crop
from archdsl.training.images.libraries import library_of
from archdsl.training.images.mixing import Mixing
from archdsl.training.images.reading import Read
from archdsl.training.images.streamed import StreamedData
from tests.training.images.conftest import photos as photos

HERE = all(importlib.util.find_spec(name) is not None for name in ("timm", "torchvision"))
pytestmark = pytest.mark.skipif(not HERE, reason="runs by  make timm")

JITTER = {"torchvision": {"color_jitter": 0.4}, "timm": {}}
BOTH = pytest.mark.parametrize("library", ["torchvision", "timm"])
IMAGES = torch.randint(0, 256, (64, 3, 16, 16), generator=torch.Generator().manual_seed(0)).byte()
PLAIN = IMAGES.float().mul(4 / 255).sub(2)
LABELS = torch.arange(64) % 4
Batches = list[tuple[Tensor, Tensor]]


def everything(library: str) -> Augmentation:
    return Augmentation(
        library=library, rand_augment=2, random_erasing=0.5, mixup=0.8, cutmix=1.0, repeated=2,
        **JITTER[library],
    )  # fmt: skip


def streamed(source: DataSource, how: Augmentation, **options: Any) -> StreamedData:
    options = {"workers": 0, "seed": 3, **options}
    return StreamedData(source, (16, 16), Recipe(batch=4, augmentation=how), **options)


def trained_on(data: StreamedData, passes: int = 1) -> Batches:
    return [
        data.on_after_batch_transfer(batch, 0)
        for _ in range(passes)
        for batch in data.train_dataloader()
    ]


def same(first: Batches, second: Batches) -> bool:
    return len(first) == len(second) and all(
        torch.equal(one, other)
        for pair in zip(first, second, strict=True)
        for one, other in zip(*pair, strict=True)
    )


@BOTH
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_neither_workers_nor_the_place_to_begin_change_a_bit(photos, library, mode) -> None:
    source, said = photos(suffix="png", mode=mode), everything(library)
    whole = trained_on(streamed(source, said), passes=2)
    steps = len(whole) // 2
    assert not same(whole[:steps], whole[steps:])
    assert not same(whole, trained_on(streamed(source, said, seed=4), passes=2))
    for workers in (1, 2):
        assert same(whole, trained_on(streamed(source, said, workers=workers), passes=2))
    for epoch, batch in ((0, 3), (1, 1)):
        data = streamed(source, said, workers=1)
        data.begin_at(epoch, batch)
        assert same(whole[epoch * steps + batch :][: steps - batch], trained_on(data))


@BOTH
def test_nothing_is_drawn_from_the_generators_of_the_process(photos, library) -> None:
    def drawn() -> tuple[float, float, float]:
        return torch.rand(()).item(), random.random(), float(np.random.rand())

    def seeded(seed: int) -> None:
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)

    data = streamed(photos(), everything(library))
    seeded(0)
    untouched = drawn()
    seeded(0)
    first = trained_on(data)
    assert drawn() == untouched
    seeded(1)
    data.begin_at(0, 0)
    assert same(first, trained_on(data))


def augmented(said: Augmentation, seed: int | None = 0) -> tuple[Tensor, Tensor]:
    return Augment(said, 3, 4)(Read(IMAGES, LABELS, seed))


@BOTH
@pytest.mark.parametrize("said", [{"random_erasing": 0.9}, {"mixup": 0.8}, {"cutmix": 1.0}])
def test_each_change_of_a_batch_is_made_by_its_field_and_follows_from_the_seed(
    library, said
) -> None:
    assert torch.equal(augmented(Augmentation(library=library))[0], PLAIN)
    assert torch.equal(augmented(Augmentation(library=library, **said), seed=None)[0], PLAIN)
    how = Augmentation(library=library, **said)
    images, targets = augmented(how)
    assert (images != PLAIN).flatten(1).any(1).float().mean() > 0.5
    assert images.min() >= -2 and images.max() <= 2
    again, targets_again = augmented(how)
    assert torch.equal(again, images) and torch.equal(targets_again, targets)
    assert not torch.equal(augmented(how, seed=1)[0], images)


@BOTH
def test_what_is_erased_is_the_middle_of_the_range_in_as_many_images_and_as_much(library) -> None:
    plain, _ = augmented(Augmentation(library=library))
    how = Augmentation(library=library, random_erasing=0.5, erasing_scale=(0.25, 0.25))
    images, _ = augmented(how)
    changed = (images - plain).abs() > 1e-3
    assert images[changed].abs().max() < 1e-6
    touched = changed.flatten(1).any(1)
    assert 16 < touched.sum() < 48
    area = changed.any(1).float().mean((1, 2))[touched]
    assert 0.2 < area.mean() < 0.3
    assert len({one.numpy().tobytes() for one in changed[touched].any(1)}) > 10, "each its own"


def blends(images: Tensor) -> bool:
    """Whether whole numbers became others."""
    return bool((images != images.round()).any())


@BOTH
@pytest.mark.parametrize("said", [{"mixup": 0.8}, {"cutmix": 1.0}])
def test_a_mixed_image_has_its_targets_as_it_has_its_pixels(library, said) -> None:
    # an image of class c is c everywhere, so that its mean says what it is mixed of
    images = LABELS.float()[:, None, None, None].expand(64, 3, 20, 20).contiguous()
    how, before = Augmentation(library=library, **said), images.clone()
    between = []
    for seed in range(5):
        with library_of(how).drawing_from(seed):
            mixed, targets = Mixing(how, 4)(images, LABELS)
        assert torch.allclose(mixed.mean((1, 2, 3)), targets @ torch.arange(4.0), atol=1e-5)
        assert torch.allclose(targets.sum(1), torch.ones(64))
        assert torch.equal(images, before)
        between.append(blends(mixed))
    assert any(between) == ("mixup" in said), "mixup blends, and cutmix puts one beside the other"


@BOTH
def test_batches_are_mixed_as_often_as_was_said(library) -> None:
    for probability, switch, least, most in ((0.25, 0.0, 0.1, 0.4), (1.0, 0.5, 0.3, 0.7)):
        how = Augmentation(
            library=library, mixup=1.0, cutmix=1.0, mix_probability=probability, mix_switch=switch
        )
        images = torch.tensor([0.0, 1.0])[:, None, None, None].expand(2, 1, 8, 8).repeat(8, 1, 1, 1)
        blended = 0
        for seed in range(100):
            with library_of(how).drawing_from(seed):
                mixed, _ = Mixing(how, 2)(images, torch.arange(2).repeat(8))
            blended += blends(mixed)
        assert least <= blended / 100 <= most


def cropped(how: Augmentation, image: Image.Image, seeds: range) -> list[np.ndarray[Any, Any]]:
    crop = Crop((16, 16), how)
    return [np.asarray(crop(image, seed)).astype(int) for seed in seeds]


@BOTH
def test_what_is_kept_of_a_photo_is_a_part_of_it(library) -> None:
    how = Augmentation(library=library, crop_scale=(0.25, 0.25), crop_ratio=(1.0, 1.0), flip=0.0)
    rows = np.broadcast_to(np.arange(0, 128, 2, dtype=np.uint8)[:, None, None], (64, 64, 3))
    starts = set()
    for kept in cropped(how, Image.fromarray(np.ascontiguousarray(rows)), range(30)):
        assert 50 < kept[-1, 0, 0] - kept[0, 0, 0] < 64  # half of the rows
        starts.add(int(kept[0, 0, 0]))
    assert len(starts) > 10


@BOTH
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_stronger_rand_augment_changes_more_and_each_image_in_its_own_way(library, mode) -> None:
    ramp = np.tile(np.linspace(60, 200, 16, dtype=np.uint8), (16, 1))
    image = Image.fromarray(ramp).convert(mode)
    gaps = {}
    for magnitude in (1.5, 9.0):
        how = Augmentation(
            library=library, crop_scale=None, test_crop=1.0, flip=0.0, rand_augment=2,
            rand_magnitude=magnitude, rand_std=0.0,
        )  # fmt: skip
        changed = cropped(how, image, range(60))
        gaps[magnitude] = np.mean([np.abs(one - np.asarray(image)).mean() for one in changed])
        assert len({one.tobytes() for one in changed}) > 10
    assert 0 < gaps[1.5] < gaps[9.0]


@BOTH
def test_the_strongest_rand_augment_is_one_that_pillow_takes(library) -> None:
    image = Image.fromarray(np.tile(np.arange(0, 256, 16, dtype=np.uint8), (16, 1))).convert("RGB")
    how = Augmentation(library=library, rand_augment=9, rand_magnitude=10.0, rand_std=1.0)
    assert len({one.tobytes() for one in cropped(how, image, range(60))}) > 10


def test_colours_are_changed_by_no_more_than_was_said() -> None:
    for mode in ("RGB", "L"):
        even = Image.new("RGB", (16, 16), (100, 100, 100)).convert(mode)
        how = Augmentation(library="torchvision", color_jitter=0.2)
        values = [one.reshape(-1)[0] for one in cropped(how, even, range(60))]
        assert np.std(values) > 5
        assert min(values) >= 79 and max(values) <= 121


def test_draws_are_those_of_the_library_itself() -> None:
    from timm.data.random_erasing import RandomErasing
    from torchvision.transforms import v2

    how = Augmentation(library="timm", random_erasing=0.5)
    images, _ = augmented(how, seed=5)
    with library_of(how).drawing_from(5):
        erase = RandomErasing(0.5, *how.erasing_scale, mode="const", device="cpu")
        assert torch.allclose(images, erase(PLAIN.clone()), atol=1e-6)
    how = Augmentation(library="torchvision", mixup=0.8)
    images, shares = augmented(how, seed=5)
    with library_of(how).drawing_from(5):
        torch.rand(2)
        theirs = v2.MixUp(alpha=0.8, num_classes=4)(PLAIN, LABELS)
    assert torch.equal(images, theirs[0]) and torch.equal(shares, theirs[1])


def test_an_odd_batch_is_refused_before_the_first_of_them(photos) -> None:
    source, said = photos(), everything("timm")
    assert len(trained_on(streamed(source, said))) > 0
    with pytest.raises(SearchError, match="timm mixes images in pairs, and a batch has 5"):
        StreamedData(source, (16, 16), Recipe(batch=5, augmentation=said), 3, workers=0)
    alone = Augmentation(library="timm", rand_augment=2)
    assert StreamedData(source, (16, 16), Recipe(batch=5, augmentation=alone), 3, workers=0).steps
