"""The bundled question: which digit lies somewhere on a noisy canvas?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from archdsl.components.options import Bound, Fraction
from archdsl.components.registry import data
from archdsl.data.fingerprint import Fingerprint, Item, digest_of
from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing
from archdsl.data.source import (
    ImageSource,
    Searchable,
    Size,
    SourceInfo,
    Split,
    Views,
)
from archdsl.data.split import Indices, stratified
from archdsl.progress import Progress, unwatched

if TYPE_CHECKING:
    from torch import Generator, Tensor

SIDE = 8
"""The side of scikit-learn's digits."""

PATCH = 4
"""The side of one piece of clutter."""

SHARE = 0.22
"""The shares of val and of test: 397 of the 1,797 digits each."""

VAL_SEED, TEST_SEED = 1, 2

Side = Annotated[int, Bound("int from 8 to 64", lambda v: SIDE <= v <= 64)]
Count = Annotated[int, Bound("int from 0 to 16", lambda v: 0 <= v <= 16)]
Placements = Annotated[int, Bound("int from 1 to 64", lambda v: 1 <= v <= 64)]


@data("digits")
class Digits(ImageSource):
    """Handwritten digits, each somewhere on a noisy canvas.

    The images are scikit-learn's 1,797 digits of 8 x 8 pixels (E. Alpaydin and C. Kaynak,
    Optical Recognition of Handwritten Digits, UCI 1998). As they are, any network with a
    convolution solves them. Here each lies at a random place of a larger canvas, over uniform
    noise and, for a question harder still, over 4 x 4 pieces of other digits of its batch.
    Training places it anew in every epoch; val and test digits lie always in the same places.

    canvas: side of the canvas in pixels
    noise: the largest value of the uniform noise, where ink is 1
    clutter: pieces of other digits on each canvas
    placements: how often each val digit is placed: the more, the less a place decides. A test digit
        is placed once, so that the images of that split are independent of each other
    """

    def __init__(
        self,
        *,
        canvas: Side = 12,
        noise: Fraction = 0.3,
        clutter: Count = 0,
        placements: Placements = 1,
    ) -> None:
        self.canvas = Canvas(canvas, noise, clutter)
        self.placements = placements

    def describe(self, folder: Path) -> SourceInfo:
        """What there is; `folder` is not needed."""
        return self._info(_read()[2])

    def searchable(self, folder: Path, size: Size, progress: Progress = unwatched) -> Searchable:
        """The train digits as they are, and the val digits on their canvases."""
        images, labels, parts = _read()
        train = Split(images[list(parts.train)], labels[list(parts.train)])
        val = self._placed(images, labels, parts.val * self.placements, VAL_SEED)
        info, side = self._info(parts), self.canvas.side
        pixels = Pixels(BYTES, (0.0,), (1.0,), image_size=(side, side))  # white ink on black
        said = Preprocessing(info.class_names, 1, (side, side), pixels)
        return Searchable(info, train, val, self.canvas, said)

    def held_out(self, folder: Path, size: Size) -> tuple[Split, Views]:
        """The test digits on their canvases."""
        images, labels, parts = _read()
        return self._placed(images, labels, parts.test, TEST_SEED), self.canvas

    def fingerprint(self, folder: Path) -> Fingerprint:
        """The digits as scikit-learn gives them, and where each one went."""
        images, labels, parts = _read()
        content = images.tobytes() + labels.tobytes()
        return (
            Item("the digits of scikit-learn", size=len(content), digest=digest_of(content)),
            *(
                Item(f"digit {index}", split, int(labels[index]))
                for split in ("train", "val", "test")
                for index in getattr(parts, split)
            ),
        )

    def _info(self, parts: Indices) -> SourceInfo:
        return SourceInfo(
            name="digits",
            channels=1,
            size=(self.canvas.side, self.canvas.side),
            classes=10,
            class_names=tuple("0123456789"),
            counts={
                "train": len(parts.train),
                "val": len(parts.val) * self.placements,
                "test": len(parts.test),
            },
            pixels="ink from 0 to 1",
        )

    def _placed(self, images: Any, labels: Any, where: tuple[int, ...], seed: int) -> Split:
        import torch

        generator = torch.Generator().manual_seed(seed)
        chosen = torch.from_numpy(images[list(where)])
        return Split(self.canvas.train(chosen, generator).numpy(), labels[list(where)])


@dataclass(frozen=True, slots=True)
class Canvas:
    """Places digits: (B, 1, 8, 8), ink from 0 to 1, to (B, 1, side, side), the same."""

    side: int
    noise: float
    clutter: int

    def train(self, images: Tensor, generator: Generator) -> Tensor:
        """The digits at places drawn from `generator`, with fresh noise and clutter."""
        import torch

        batch, device = len(images), images.device

        def draw(high: int) -> Tensor:
            return torch.randint(high, (batch, 1), generator=generator, device=device)

        def window(side: int, room: int) -> tuple[Tensor, Tensor]:
            """Rows (B, side, 1) and columns (B, 1, side) of windows at random places."""
            steps = torch.arange(side, device=device)
            rows, columns = draw(room - side + 1) + steps, draw(room - side + 1) + steps
            return rows[:, :, None], columns[:, None, :]

        shape = (batch, self.side, self.side)
        canvas = torch.rand(shape, generator=generator, device=device) * self.noise
        ink = images[:, 0]
        each = torch.arange(batch, device=device)[:, None, None]
        for _ in range(self.clutter):
            rows, columns = window(PATCH, SIDE)
            piece = ink[draw(batch)[:, :, None], rows, columns]
            rows, columns = window(PATCH, self.side)
            canvas[each, rows, columns] = torch.maximum(canvas[each, rows, columns], piece)
        rows, columns = window(SIDE, self.side)
        canvas[each, rows, columns] = torch.maximum(canvas[each, rows, columns], ink)
        return canvas[:, None]

    def plain(self, images: Tensor) -> Tensor:
        """Digits that lie on their canvases already, as they are."""
        return images


def _read() -> tuple[Any, Any, Indices]:
    """Images (1797, 1, 8, 8) from 0 to 1, labels (1797,), and the fixed split."""
    import numpy as np
    from sklearn.datasets import load_digits

    flat, labels = load_digits(return_X_y=True)
    images = (flat.reshape(-1, 1, SIDE, SIDE) / 16).astype(np.float32)
    keys = [str(index) for index in range(len(labels))]
    parts = stratified(
        keys, labels.tolist(), val=SHARE, test=SHARE, name="digits", class_names="0123456789"
    )
    return images, labels.astype(np.int64), parts
