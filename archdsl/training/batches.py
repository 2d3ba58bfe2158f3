"""Batches of a search's images: whole arrays, indexed and changed a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from archdsl.data.source import Searchable, Size, Split, Views
from archdsl.training.recipe import Recipe
from archdsl.training.seeds import seed_of
from archdsl.training.trainer import pl

Batch: TypeAlias = tuple[Tensor, Tensor]
"""Images (B, C, h, w), float32, and labels (B,), int64."""

ON_DEVICE = 2 * 2**30
"""Bytes of images that are kept on the accelerator instead of being sent in every epoch."""


class Batches:
    """One pass over a split each time it is iterated.

    A loader with worker processes would pay for them in every trial; indexing an array and
    changing a batch at a time costs less than a step of the smallest network.

    seed_of_pass: None for plain views in order; else called at the start of each pass: images
        are shuffled and changed at random by the seed it returns. The last few images of a
        shuffled pass that fill no batch are left out: a batch of one has no batch statistics.
    size: height and width that the images are scaled to; interpolation: how
    share: called at the start of each pass: which of how many devices this is. A batch is that of
        all devices together, and each has every so many of its images
    """

    def __init__(
        self,
        split: Split,
        views: Views,
        size: Size,
        batch: int,
        device: Callable[[], torch.device],
        seed_of_pass: Callable[[], int] | None = None,
        *,
        interpolation: str,
        share: Callable[[], tuple[int, int]] = lambda: (0, 1),
    ) -> None:
        self.split = split
        self.views = views
        self.size = size
        self.batch = min(batch, len(split))
        self.device = device
        self.seed_of_pass = seed_of_pass
        self.interpolation = interpolation
        self.share = share
        self._kept: Tensor | None = None
        self._first = 0

    def __len__(self) -> int:
        whole, rest = divmod(len(self.split), self.batch)
        if self.seed_of_pass is not None:
            return whole
        # as many on each device: a rest that is too small for all goes with the batch before it
        return max(1, whole + (rest >= self.share()[1]))

    def begin_at(self, batch: int) -> None:
        """Let the next pass give what a whole one gives from that batch on."""
        self._first = batch

    def __iter__(self) -> Iterator[Batch]:
        device, (rank, devices) = self.device(), self.share()
        first, self._first = self._first, 0
        if self.seed_of_pass is None:
            order = np.arange(len(self.split))
        else:
            seed = self.seed_of_pass()
            generator = torch.Generator(device).manual_seed(seed)
            shuffle = torch.Generator().manual_seed(seed_of(seed, "order"))
            order = torch.randperm(len(self.split), generator=shuffle).numpy()
        many = len(self)
        for number in range(many):
            last = self.seed_of_pass is None and number + 1 == many
            end = len(order) if last else (number + 1) * self.batch
            where = order[number * self.batch : end]
            images = self._images(where, device)
            if self.seed_of_pass is None:
                images = self.views.plain(images)
            else:
                images = self.views.train(images, generator)
            if number < first:
                continue  # it was changed at random for what that draws
            if tuple(images.shape[2:]) != self.size:
                images = F.interpolate(images, self.size, mode=self.interpolation, antialias=True)
            labels = torch.from_numpy(self.split.labels[where]).to(device)
            yield (
                (images, labels) if devices == 1 else (images[rank::devices], labels[rank::devices])
            )

    def _images(
        self, where: np.ndarray[tuple[int], np.dtype[np.int64]], device: torch.device
    ) -> Tensor:
        stored = self.split.images
        if device.type == "cpu" or stored.nbytes > ON_DEVICE:
            return torch.from_numpy(stored[where]).to(device)
        if self._kept is None or self._kept.device != device:
            self._kept = torch.from_numpy(np.array(stored)).to(device)
        return self._kept[torch.from_numpy(where).to(device)]


def to_judge_by(
    split: Split,
    views: Views,
    size: Size,
    recipe: Recipe,
    device: Callable[[], torch.device],
    share: Callable[[], tuple[int, int]] = lambda: (0, 1),
) -> Batches:
    """The images of a split in order, the same in every pass."""
    # no gradients are kept, so that more images fit than in a training batch
    batch = recipe.validation_batch * recipe.batch
    return Batches(
        split, views, size, batch, device, interpolation=recipe.interpolation, share=share
    )


class SearchData(pl.LightningDataModule):
    """Train and val batches of what a search may see.

    seed: of the training that uses it; each epoch draws afresh from it
    """

    def __init__(self, data: Searchable, size: Size, recipe: Recipe, seed: int) -> None:
        super().__init__()
        self.seed = seed
        self._train = Batches(
            data.train,
            data.views,
            size,
            recipe.batch,
            self._device,
            lambda: seed_of(self.seed, "data", self._trainer().current_epoch),
            interpolation=recipe.interpolation,
            share=self._share,
        )
        self._val = to_judge_by(data.val, data.views, size, recipe, self._device, self._share)

    def train_dataloader(self) -> Batches:
        """Shuffled and changed at random, by seed and epoch."""
        return self._train

    def val_dataloader(self) -> Batches:
        """The same in every pass."""
        return self._val

    def begin_at(self, epoch: int, batch: int) -> None:
        """Let the next pass, that of an epoch, give what a whole one gives from a batch on."""
        self._train.begin_at(batch)

    def _trainer(self) -> pl.Trainer:
        assert self.trainer is not None, "Lightning sets it before it asks for data"
        return self.trainer

    def _share(self) -> tuple[int, int]:
        trainer = self._trainer()
        return trainer.global_rank, trainer.world_size

    def _device(self) -> torch.device:
        return self._trainer().strategy.root_device
