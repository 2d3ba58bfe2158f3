"""A pass follows from seed and epoch: no worker, and no place where it begins, changes a bit."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from archdsl.components.component import component
from archdsl.data.decode import covering
from archdsl.errors import SearchError
from archdsl.training import DataSource, Recipe
from archdsl.training.augmentation import Augmentation
from archdsl.training.images.order import ShuffledPass
from archdsl.training.images.streamed import StreamedData
from archdsl.training.trainer import pl, quiet

SIZE = (16, 16)
EVERYTHING = Augmentation(
    color_jitter=0.4, rand_augment=2, random_erasing=0.5, mixup=0.8, cutmix=1.0, repeated=2
)
Batches = list[tuple[Tensor, Tensor]]


def streamed(source: DataSource, how: Augmentation = EVERYTHING, **options: Any) -> StreamedData:
    options = {"workers": 0, "seed": 3, **options}
    return StreamedData(source, SIZE, Recipe(batch=5, augmentation=how), **options)


def seen(data: StreamedData, loader: Any) -> Batches:
    return [data.on_after_batch_transfer(batch, 0) for batch in loader]


def trained_on(data: StreamedData, passes: int = 1) -> Batches:
    return [one for _ in range(passes) for one in seen(data, data.train_dataloader())]


def same(first: Batches, second: Batches) -> bool:
    return len(first) == len(second) and all(
        torch.equal(one, other)
        for pair in zip(first, second, strict=True)
        for one, other in zip(*pair, strict=True)
    )


def test_the_number_of_workers_changes_no_bit(photos) -> None:
    source = photos()
    alone = trained_on(streamed(source), passes=2)
    assert len(alone) == 2 * streamed(source).steps
    assert not same(alone[: len(alone) // 2], alone[len(alone) // 2 :])
    for workers in (1, 2):
        assert same(alone, trained_on(streamed(source, workers=workers), passes=2))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_pass_that_begins_in_the_middle_gives_the_rest_of_a_whole_one(photos, workers) -> None:
    source = photos()
    whole = trained_on(streamed(source), passes=3)
    steps = streamed(source).steps
    for epoch, batch in ((1, 0), (1, 3), (1, steps)):
        data = streamed(source, workers=workers)
        data.begin_at(epoch, batch)
        rest = whole[epoch * steps + batch :]
        assert same(rest, trained_on(data, passes=2))


def test_another_seed_is_another_pass(photos) -> None:
    source = photos()
    assert not same(trained_on(streamed(source)), trained_on(streamed(source, seed=4)))


def test_nothing_is_drawn_from_the_generators_of_the_process(photos) -> None:
    data = streamed(photos(), workers=1)
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    first = trained_on(data)
    drawn = torch.rand(3).tolist(), random.random(), np.random.rand()
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    assert drawn == (torch.rand(3).tolist(), random.random(), np.random.rand())
    torch.manual_seed(1)
    data.begin_at(0, 0)
    assert same(first, trained_on(data))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_validation_takes_all_in_order_and_the_middle_of_each(photos, workers) -> None:
    source = photos()
    said = Augmentation(test_crop=0.8)
    data = streamed(source, said, workers=workers)
    (val,) = source.open().samples(source.folder, "val")
    images, labels = (
        torch.cat(parts) for parts in zip(*seen(data, data.val_dataloader()), strict=True)
    )
    assert labels.tolist() == val.labels.tolist()
    for index, image in enumerate(images):
        kept = covering(val.image(index, 3), (20, 20)).crop((2, 2, 18, 18))
        pixels = torch.from_numpy(np.array(kept)).permute(2, 0, 1)
        assert torch.equal(image, pixels.float().mul(4 / 255).sub(2))
    assert data.preprocessing.pixels is not None
    assert data.preprocessing.pixels.cover == (20, 20)
    assert data.preprocessing.size == SIZE


def test_batches_are_numbers_in_channels_last_memory_and_labels(photos) -> None:
    for images, labels in trained_on(streamed(photos(), Augmentation())):
        assert images.shape == (5, 3, *SIZE)
        assert images.dtype == torch.float32
        assert images.is_contiguous(memory_format=torch.channels_last)
        assert images.min() >= -2 and images.max() <= 2
        assert labels.shape == (5,)
        assert labels.dtype == torch.int64


def test_with_mixup_or_cutmix_targets_are_shares_of_classes(photos) -> None:
    for _, targets in trained_on(streamed(photos())):
        assert targets.shape == (5, 3)
        assert targets.dtype == torch.float32
        assert torch.allclose(targets.sum(1), torch.ones(5))


def test_images_in_grey(photos) -> None:
    for images, _ in trained_on(streamed(photos(mode="L", suffix="png"))):
        assert images.shape == (5, 1, *SIZE)


def test_without_a_crop_training_sees_what_it_is_judged_by(photos) -> None:
    source = photos()
    data = streamed(source, Augmentation(crop_scale=None, flip=0.0))
    (train,) = source.open().samples(source.folder, "train")
    cover = data.preprocessing.pixels.cover
    known = set()
    for index in range(len(train)):
        kept = np.asarray(covering(train.image(index, 3), cover))
        low = (cover[0] - 16) // 2
        known.add(kept[low : low + 16, low : low + 16].tobytes())
    for images, _ in trained_on(data):
        for image in images:
            pixels = image.add(2).mul(255 / 4).round().byte().permute(1, 2, 0)
            assert pixels.contiguous().numpy().tobytes() in known


class Steps(pl.LightningModule):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.got: Batches = []
        self.judged: list[int] = []

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        self.got.append(batch)
        return self.layer(torch.ones(1, 1)).sum()

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.judged += batch[1].tolist()

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fitted(data: StreamedData, epochs: int) -> Steps:
    module = Steps()
    with quiet():
        pl.Trainer(
            max_epochs=epochs, accelerator="cpu", logger=False, enable_progress_bar=False,
            enable_model_summary=False, enable_checkpointing=False, num_sanity_val_steps=0,
        ).fit(module, datamodule=data)  # fmt: skip
    return module


def test_a_trainer_gets_the_same_batches(photos) -> None:
    source = photos()
    module = fitted(streamed(source, workers=1), epochs=2)
    assert same(module.got, trained_on(streamed(source), passes=2))
    (val,) = source.open().samples(source.folder, "val")
    assert module.judged == 2 * val.labels.tolist()


def test_an_epoch_may_take_fewer_steps(photos) -> None:
    recipe = Recipe(batch=5, steps_per_epoch=2, augmentation=Augmentation())
    assert StreamedData(photos(), SIZE, recipe, seed=0, workers=0).steps == 2


def test_images_that_are_arrays_already_are_refused() -> None:
    source = DataSource(component("data", "digits", canvas=8, noise=0.0, clutter=0))
    with pytest.raises(SearchError) as caught:
        streamed(source)
    assert str(caught.value) == (
        "digits: its images are arrays, and the recipe has an augmentation, which changes images "
        "that are read one by one.  train without, by  --set train.augmentation=none,  or save the "
        "images as files"
    )


def broken(source: DataSource, *which: int) -> list[str]:
    """Breaks some of the training images, and says where they are."""
    (train,) = source.open().samples(source.folder, "train")
    names = [train.name(index) for index in which]
    for name in names:
        Path(name).write_bytes(Path(name).read_bytes()[:100])
    return names


def test_an_image_that_cannot_be_read_ends_a_training_in_words(photos) -> None:
    source = photos()
    ((at,), *_) = _runs(streamed(source, Augmentation()), 1)
    (name,) = broken(source, at)
    for workers in (0, 1):
        with pytest.raises(SearchError) as caught:
            trained_on(streamed(source, Augmentation(), workers=workers))
        assert str(caught.value).startswith(f"{name}: cannot be read as an image (")
        assert str(caught.value).endswith(").  replace it or remove it")


def _runs(data: StreamedData, length: int) -> list[list[int]]:
    """Positions of images next to each other that the first pass takes."""
    taken = {index for one in ShuffledPass(data._order(), 0) for index in one.indices}
    runs = [list(range(first, first + length)) for first in sorted(taken)]
    return [run for run in runs if set(run) <= taken]


@pytest.mark.parametrize("workers", [0, 2])
def test_with_skip_the_next_image_stands_in_for_one_that_cannot_be_read(photos, workers) -> None:
    source = photos()
    whole = streamed(source, Augmentation(crop_scale=None, flip=0.0))
    before = list(whole.train_dataloader())
    (taken,) = _runs(whole, 3)[:1]
    first, second = broken(source, *taken[:2])
    (train,) = source.open().samples(source.folder, "train")
    said = Augmentation(crop_scale=None, flip=0.0)
    data = streamed(source, said, workers=workers, on_bad="skip")
    after = list(data.train_dataloader())
    cover = data.preprocessing.pixels.cover
    low = (cover[0] - 16) // 2
    kept = np.asarray(covering(train.image(taken[2], 3), cover))[low : low + 16, low : low + 16]
    changed = [
        other.permute(1, 2, 0).numpy()
        for pair in zip(before, after, strict=True)
        for one, other in zip(pair[0].images, pair[1].images, strict=True)
        if not torch.equal(one, other)
    ]
    assert len(changed) == 2
    assert all(np.array_equal(image, kept) for image in changed)
    assert sorted(why.partition(":")[0] for why in data.passed_over) == [first, second]
    again = streamed(source, said, workers=workers, on_bad="skip")
    again.begin_at(0, 2)
    rest = list(again.train_dataloader())
    assert all(torch.equal(a.images, b.images) for a, b in zip(rest, after[2:], strict=True))


def test_with_skip_an_image_to_judge_by_is_left_out(photos) -> None:
    source = photos()
    (val,) = source.open().samples(source.folder, "val")
    name = Path(val.name(1))
    name.write_text("none")
    data = streamed(source, Augmentation(), on_bad="skip", workers=1)
    labels = [label for _, batch in seen(data, data.val_dataloader()) for label in batch.tolist()]
    assert labels == [label for index, label in enumerate(val.labels.tolist()) if index != 1]
    seen(data, data.val_dataloader())
    assert data.passed_over == [
        f"{name}: cannot be read as an image (it is of no kind that Pillow knows).  replace it or "
        "remove it"
    ]


def test_a_batch_of_which_nothing_can_be_read_is_no_accident(photos) -> None:
    source = photos()
    (val,) = source.open().samples(source.folder, "val")
    for index in range(len(val)):
        Path(val.name(index)).write_text("none")
    data = streamed(source, Augmentation(), on_bad="skip")
    with pytest.raises(SearchError, match=r"remove it; no image of its batch can be$"):
        seen(data, data.val_dataloader())


def test_a_missing_library_is_named(photos, monkeypatch) -> None:
    source = photos()
    import sys

    monkeypatch.setitem(sys.modules, "kornia", None)
    monkeypatch.setitem(sys.modules, "kornia.augmentation", None)
    with pytest.raises(SearchError) as caught:
        trained_on(streamed(source))
    assert str(caught.value) == (
        "recipe: augmentation needs the package kornia, which is not installed.  "
        "pip install 'archdsl[train]'"
    )
    plain = Augmentation(crop_scale=None)
    assert len(trained_on(streamed(source, plain))) == streamed(source, plain).steps


def test_a_worker_that_is_ended_is_told_of(photos, monkeypatch) -> None:
    import gc
    import os
    import signal

    # torch tells whichever loader's end it is in; none of an earlier test may end in this one
    gc.collect()
    data = streamed(photos(), Augmentation(crop_scale=None), workers=1)
    stream = data.train_dataloader()
    reading = stream._loader.dataset
    monkeypatch.setattr(
        type(reading.samples), "image", lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    )
    with pytest.raises(SearchError, match="data: a process that reads images has ended"):
        trained_on(data)


def test_what_is_kept_of_a_photo_is_a_part_of_it() -> None:
    from archdsl.training.images.crops import Crop

    crop = Crop((8, 8), Augmentation(crop_scale=(0.25, 0.25), crop_ratio=(1.0, 1.0), flip=0.0))
    rows = np.broadcast_to(np.arange(0, 128, 2, dtype=np.uint8)[:, None, None], (64, 64, 3))
    image = Image.fromarray(np.ascontiguousarray(rows))
    starts = set()
    for seed in range(30):
        kept = np.asarray(crop(image, seed)).astype(int)
        assert kept.shape == (8, 8, 3)
        assert 50 < kept[-1, 0, 0] - kept[0, 0, 0] < 64  # half of the rows
        starts.add(int(kept[0, 0, 0]))
    assert len(starts) > 10


def test_half_of_the_crops_are_mirrored() -> None:
    from archdsl.training.images.crops import Crop

    columns = np.broadcast_to(np.arange(64, dtype=np.uint8)[None, :, None], (64, 64, 3))
    image = Image.fromarray(np.ascontiguousarray(columns))
    crop = Crop((8, 8), Augmentation())
    falls = 0
    for seed in range(100):
        kept = np.asarray(crop(image, seed)).astype(int)
        falls += kept[0, 0, 0] > kept[0, -1, 0]
    assert 30 < falls < 70


def test_kept_images_are_decoded_once_and_their_room_is_said_before(photos, cache, monkeypatch):
    source = photos()
    said: list[str] = []
    data = streamed(source, Augmentation(), cache=32, said=said.append)
    assert said == [
        f"24 images of 3x32x32 take 73.7 kB in {cache / 'images'}",
        f"6 images of 3x32x32 take 18.4 kB in {cache / 'images'}",
    ]
    first = trained_on(data)
    judged = seen(data, data.val_dataloader())
    (train,) = source.open().samples(source.folder, "train")
    assert np.array_equal(data._train.image(2, 3), covering(train.image(2, 3, (64, 64)), (32, 32)))

    def decode_nothing(*_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(type(train.whole), "image", decode_nothing)
    again = streamed(source, Augmentation(), cache=32, said=said.append, workers=1)
    assert len(said) == 2
    assert same(first, trained_on(again))
    assert same(judged, seen(again, again.val_dataloader()))


def test_what_cannot_be_read_is_not_kept_and_passed_over_all_the_same(photos) -> None:
    source = photos()
    ((at,), *_) = _runs(streamed(source, Augmentation()), 1)
    (name,) = broken(source, at)
    with pytest.raises(SearchError, match=f"{name}: cannot be read as an image"):
        streamed(source, Augmentation(), cache=32)
    for _ in range(2):
        data = streamed(source, Augmentation(), cache=32, on_bad="skip")
        assert len(trained_on(data)) == data.steps
        assert [why.partition(":")[0] for why in data.passed_over] == [name]
    with pytest.raises(SearchError, match=f"{name}: cannot be read as an image"):
        trained_on(streamed(source, Augmentation(), cache=32))


def test_a_disk_without_room_is_told_of_in_words(photos, cache, monkeypatch) -> None:
    import errno
    import os

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(SearchError) as caught:
        streamed(photos(), Augmentation(), cache=32)
    assert str(caught.value).startswith(
        f"24 images of 3x32x32 take 73.7 kB in {cache / 'images'}, and "
    )
    assert str(caught.value).endswith(
        " are free there (No space left on device).  make room, choose another place by "
        "$ARCHDSL_CACHE, or keep them smaller"
    )
    assert not list((cache / "images").glob("*.npy"))


def test_images_are_kept_no_smaller_than_they_are_trained_on(photos) -> None:
    with pytest.raises(SearchError) as caught:
        streamed(photos(), Augmentation(), cache=15)
    assert str(caught.value) == (
        "data: images are to be kept at 15 x 15, and trained on at 16 x 16.  keep them at 16 or "
        "more"
    )


def test_a_worker_collects_nothing_that_it_was_forked_with(photos, monkeypatch) -> None:
    import gc

    def told(*_: object) -> None:
        raise SearchError(f"{gc.get_freeze_count() > 1000} {gc.isenabled()}")

    data = streamed(photos(), Augmentation(), workers=1)
    monkeypatch.setattr(type(data._train), "image", told)
    with pytest.raises(SearchError, match=r"^True True$"):
        trained_on(data)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
