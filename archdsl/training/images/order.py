"""Which images a pass takes, and in which batches: by seed and epoch, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from archdsl.training.seeds import seed_of


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """One batch that is still to be read.

    indices: (B,), positions of its images
    seeds: of what is drawn for each of them; seed: for the batch; None where nothing is
    """

    indices: tuple[int, ...]
    seeds: tuple[int, ...] | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Shuffle:
    """The batches of every pass over the images of training.

    A pass takes each image once, in an order of its own, and what fills no batch at its end is left
    out. With `repeated` it takes a `repeated`-th of the images, each so often in a row, and as many
    steps.

    images: how many there are; batch: of a step, on all devices together
    rank, ranks: which device this is, of how many; each takes every `ranks`-th image of a batch
    """

    images: int
    batch: int
    seed: int
    repeated: int = 1
    rank: int = 0
    ranks: int = 1

    @property
    def steps(self) -> int:
        """How many batches a pass has."""
        return self.images // self.batch


@dataclass(frozen=True, slots=True)
class ShuffledPass:
    """The batches of an epoch, from one on; nothing is drawn that depends on those before."""

    order: Shuffle
    epoch: int
    begin: int = 0

    def __iter__(self) -> Iterator[Planned]:
        order, epoch = self.order, self.epoch
        generator = torch.Generator().manual_seed(seed_of(order.seed, "order", epoch))
        permuted = torch.randperm(order.images, generator=generator).numpy()
        for number in range(self.begin, order.steps):
            first = number * order.batch
            places = range(first, first + order.batch)[order.rank :: order.ranks]
            drawn = [(int(permuted[at // order.repeated]), at % order.repeated) for at in places]
            yield Planned(
                tuple(index for index, _ in drawn),
                tuple(seed_of(order.seed, "image", epoch, *image) for image in drawn),
                seed_of(order.seed, "batch", epoch, number, order.rank),
            )


def in_order(images: int, batch: int) -> list[Planned]:
    """All images in order, for a network to be judged by; the last batch may be smaller."""
    return [
        Planned(tuple(range(first, min(first + batch, images))))
        for first in range(0, images, batch)
    ]
