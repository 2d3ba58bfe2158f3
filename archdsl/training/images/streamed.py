"""The data of a full training: images that are read while it runs, however many there are."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from archdsl.data.decode import Channels
from archdsl.data.kept import kept
from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing
from archdsl.data.samples import Samples
from archdsl.data.source import Size
from archdsl.errors import SearchError
from archdsl.memory import uncollected
from archdsl.progress import Progress, unsaid, unwatched
from archdsl.training.augmentation import Augmentation
from archdsl.training.data_source import DataSource
from archdsl.training.images.augment import Augment
from archdsl.training.images.crops import Crop, Middle, covered
from archdsl.training.images.order import Planned, Shuffle, ShuffledPass, in_order
from archdsl.training.images.reading import BatchReader, OnBad, Read
from archdsl.training.recipe import Recipe
from archdsl.training.trainer import pl


class Stream:
    """One pass over batches each time it is iterated, read ahead by worker processes.

    planned: called at the start of each pass for its batches; steps: how many a whole pass has
    workers: processes; 0 for none but this one. keep: whether they stay from pass to pass
    heard: called with each image that was passed over, and why
    """

    def __init__(
        self,
        reading: BatchReader,
        planned: Callable[[], Iterable[Planned]],
        steps: int,
        workers: int,
        heard: Callable[[str], None],
        *,
        keep: bool,
    ) -> None:
        self.steps = steps
        self.heard = heard
        self.planned = planned
        self._plan = _PassPlan()
        ahead: dict[str, Any] = {}
        if workers:
            # a process that is forked shares what tells where the images lie; another has a copy
            forked = {"multiprocessing_context": "fork"} if sys.platform == "linux" else {}
            ahead = {
                "prefetch_factor": 2,
                "persistent_workers": keep,
                "worker_init_fn": _settled,
                **forked,
            }
        with warnings.catch_warnings():
            # no more workers than the user asked for
            warnings.filterwarnings("ignore", "This DataLoader will create", UserWarning)
            self._loader: DataLoader[Read] = DataLoader(
                reading,
                batch_size=None,
                sampler=cast("Any", self._plan),
                num_workers=workers,
                pin_memory=torch.cuda.is_available(),
                # or each pass would draw a number from the process's generator
                generator=torch.Generator(),
                **ahead,
            )

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Read]:
        self._plan.batches = self.planned()
        # a process that is forked in the midst of a collection would end what belongs to this one
        with uncollected(), warnings.catch_warnings():
            # the workers start no threads, and wait for no lock of those that are not there
            warnings.filterwarnings("ignore", r".*multi-threaded.*fork", DeprecationWarning)
            batches: Any = iter(self._loader)
        while True:
            try:
                read = next(batches)
            except StopIteration:
                return
            except RuntimeError as error:
                if not str(error).startswith("DataLoader worker"):
                    raise
                # now, or torch would tell of the same process again as it is taken apart
                with suppress(RuntimeError):
                    batches._shutdown_workers()
                raise SearchError(
                    f"data: a process that reads images has ended ({_first_sentence(error)}).  "
                    "take fewer workers, a smaller batch, or more (shared) memory"
                ) from None
            for why in read.unreadable:
                self.heard(why)
            if read.failure:
                raise SearchError(read.failure)
            yield read._replace(unreadable=())


class StreamedData(pl.LightningDataModule):
    """Train and val batches of images that are read one by one, and changed at random.

    Every crop follows from `seed`, the epoch and the image, and every change of a batch from
    `seed`, the epoch and its number: how many workers there are changes no bit, and a pass that
    begins in the middle gives what a whole one gives from there. The last images of a training
    pass that fill no batch are left out; a validation takes all, in order.

    Batches are images (B, C, h, w), float32, in channels-last memory, and targets: labels (B,),
    int64, or with mixup or cutmix shares of classes (B, classes), float32. They are ready after
    `on_after_batch_transfer`, on the device.

    source: of images that are read one by one; size: (h, w) of training
    recipe: `augmentation`, `batch` (of all devices together), `validation_batch`
    workers: processes that read; 0 for none but this one, None for one to each CPU
    cache: the height and width at which images are kept decoded on disk, in the middle of which
        they are then cut; None decodes them in each pass. Keeping them takes its time once
    said: called with what the kept images are going to take, before they are made
    progress: called with how many of them are made
    on_bad: what becomes of an image that cannot be read: with "skip" it is passed over, and the
        next one stands in its place; with "stop" the training ends
    info: what the source holds; steps: batches of a training pass
    preprocessing: how an image of anybody's becomes what is judged by
    passed_over: why each image that was passed over so far cannot be read, once for each

    Raises SearchError for data that cannot be used, and where the library of augmentations is not
    installed.
    """

    def __init__(
        self,
        source: DataSource,
        size: Size,
        recipe: Recipe,
        seed: int,
        *,
        workers: int | None = None,
        on_bad: OnBad = "stop",
        cache: int | None = None,
        said: Callable[[str], None] = unsaid,
        progress: Progress = unwatched,
    ) -> None:
        super().__init__()
        self.source = source
        self.size = size
        self.recipe = recipe
        self.seed = seed
        self.workers = _cpus() if workers is None else workers
        self.on_bad = on_bad
        self.augmentation = recipe.augmentation or Augmentation()
        self.passed_over: list[str] = []
        opened = source.open()
        train, val = opened.samples(source.folder, "train", "val")
        self.info = opened.describe(source.folder)
        assert self.info.channels is not None, "images one by one are converted to channels"
        self.channels = cast("Channels", self.info.channels)
        self._crop = Crop(size, self.augmentation)
        self._augment = Augment(self.augmentation, self.channels, len(self.info.class_names))
        if self._augment.mixing is not None:
            self._augment.mixing.refuse_batch(min(recipe.batch, len(train)))
        self._train, self._val = (
            (train, val) if cache is None else self._kept(train, val, cache, said, progress)
        )
        self.preprocessing = Preprocessing(
            self.info.class_names, self.channels, size, self._pixels()
        )
        self._stream: Stream | None = None
        self._begin: tuple[int, int] | None = None
        self._passes = 0

    @property
    def steps(self) -> int:
        """Batches of a training pass."""
        whole = self._order().steps
        wanted = self.recipe.steps_per_epoch
        return whole if wanted is None else min(wanted, whole)

    def begin_at(self, epoch: int, batch: int) -> None:
        """Let the next pass, that of an epoch, give what a whole one gives from a batch on."""
        self._begin = epoch, batch

    def train_dataloader(self) -> Stream:
        """Shuffled and changed at random, by seed and epoch."""
        if self._stream is None:
            reading = BatchReader(self._train, self.channels, self._crop, self.on_bad)
            self._stream = Stream(
                reading, self._planned, self.steps, self.workers, self._hear, keep=True
            )
        return self._stream

    def val_dataloader(self) -> Stream:
        """All in order, the same in every pass."""
        return self.to_judge_by(self._val)

    def to_judge_by(self, images: Samples) -> Stream:
        """All of some images in order, the same in every pass."""
        view = Middle(self.size, self.augmentation)
        reading = BatchReader(images, self.channels, view, self.on_bad)
        order = self._order()
        batch = self.recipe.validation_batch * order.batch
        planned = in_order(len(images), batch, order.rank, order.ranks)
        return Stream(reading, lambda: planned, len(planned), self.workers, self._hear, keep=False)

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> tuple[Tensor, Tensor]:
        """Images and targets of a batch as it was read, on the device where it is."""
        return self._augment(batch)

    def _kept(
        self,
        train: Samples,
        val: Samples,
        side: int,
        said: Callable[[str], None],
        progress: Progress,
    ) -> tuple[Samples, Samples]:
        if side < max(self.size):
            height, width = self.size
            raise SearchError(
                f"data: images are to be kept at {side} x {side}, and trained on at {height} x "
                f"{width}.  keep them at {max(self.size)} or more"
            )
        before, total = len(train), len(train) + len(val)
        form = (self.channels, (side, side), self.on_bad, said)
        return (
            kept(train, *form, lambda done: progress(done, total)),
            kept(val, *form, lambda done: progress(before + done, total)),
        )

    def _planned(self) -> ShuffledPass:
        begin, self._begin = self._begin, None
        epoch = self._passes if self.trainer is None else self.trainer.current_epoch
        epoch, batch = begin or (epoch, 0)
        self._passes = epoch + 1
        return ShuffledPass(self._order(), epoch, batch)

    def _order(self) -> Shuffle:
        batch = min(self.recipe.batch, len(self._train))
        trainer = self.trainer
        rank, ranks = (0, 1) if trainer is None else (trainer.global_rank, trainer.world_size)
        return Shuffle(len(self._train), batch, self.seed, self.augmentation.repeated, rank, ranks)

    def _pixels(self) -> Pixels:
        mean, std = (0.5,) * self.channels, (0.25,) * self.channels
        cover = covered(self.size, self.augmentation)
        return Pixels(BYTES, mean, std, cover=cover, interpolation=self.augmentation.interpolation)

    def _hear(self, why: str) -> None:
        if why not in self.passed_over:
            self.passed_over.append(why)


class _PassPlan:
    """What a loader takes for its sampler, and may begin more than once: the batches of a pass."""

    def __init__(self) -> None:
        self.batches: Iterable[Planned] = ()

    def __iter__(self) -> Iterator[Planned]:
        return iter(self.batches)


def _settled(worker: int) -> None:
    """Leave what a worker was forked with as it is, and collect what it makes itself."""
    gc.freeze()
    gc.enable()


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _first_sentence(error: Exception) -> str:
    return str(error).partition("\n")[0].partition(". ")[0].strip(" .")
