"""What a worker process does: reads the images of a batch, and names those that cannot be read."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from archdsl.data.decode import Channels, quiet
from archdsl.data.samples import Samples
from archdsl.errors import SearchError
from archdsl.training.images.crops import ImageView
from archdsl.training.images.order import Planned

OnBad: TypeAlias = Literal["skip", "stop"]

MOST = 100
"""Images in a row that are passed over for one that can be read; more are no accident."""


class Read(NamedTuple):
    """The images of a batch as they were read.

    images: (B, C, h, w), bytes, in channels-last memory; labels: (B,), int64
    seed: of what is drawn for the batch, None for one to judge by
    unreadable: of each image that was passed over why it cannot be read
    failure: why there is no batch, or nothing
    """

    images: Tensor
    labels: Tensor
    seed: int | None = None
    unreadable: tuple[str, ...] = ()
    failure: str = ""


class BatchReader(Dataset[Read]):
    """The batches of some images, by what was planned of them.

    An image that cannot be read is passed over with `on_bad` "skip". In training the next one that
    can be stands in its place, with its own label, so that a pass is as long as it was, whoever
    reads it and wherever it begins; of those to judge by it is left out. With "stop" there is no
    batch.
    """

    def __init__(
        self, samples: Samples, channels: Channels, view: ImageView, on_bad: OnBad
    ) -> None:
        self.samples = samples
        self.channels = channels
        self.view = view
        self.on_bad = on_bad

    def __getitem__(self, planned: Planned) -> Read:
        """Read a batch. What cannot be read is told, and not raised: this is another process."""
        unreadable: list[str] = []
        found: list[tuple[Any, int]] = []
        seeds = planned.seeds if planned.seeds is not None else (None,) * len(planned.indices)
        try:
            with quiet():
                for index, seed in zip(planned.indices, seeds, strict=True):
                    if (one := self._one(index, seed, unreadable)) is not None:
                        found.append(one)
            if not found:
                raise SearchError(f"{unreadable[-1]}; no image of its batch can be")
        except SearchError as error:
            nothing = torch.empty(0)
            return Read(nothing, nothing, None, tuple(unreadable), str(error))
        images = torch.from_numpy(np.stack([image for image, _ in found]))
        labels = torch.tensor([label for _, label in found])
        return Read(images.permute(0, 3, 1, 2), labels, planned.seed, tuple(unreadable))

    def _one(self, index: int, seed: int | None, unreadable: list[str]) -> tuple[Any, int] | None:
        """An image (h, w, C) and its label, or those of what stands in its place."""
        failed: SearchError | None = None
        for further in range(MOST if seed is not None else 1):
            at = (index + further) % len(self.samples)
            try:
                image = self.samples.image(at, self.channels, self.view.least)
            except SearchError as error:
                if self.on_bad == "stop":
                    raise
                unreadable.append(str(error))
                failed = error
                continue
            pixels = np.asarray(self.view(image, seed))
            return (pixels if pixels.ndim == 3 else pixels[..., None]), int(self.samples.labels[at])
        if seed is None:
            return None
        raise SearchError(f"{failed}; nor can the {MOST - 1} images after it")
