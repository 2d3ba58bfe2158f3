"""Kept images to what the network sees: windows of them, at random places in training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.data.source import Size

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True, slots=True)
class Windows:
    """Kept images (B, C, H, W), bytes, to windows of the network's size."""

    size: Size
    flip: bool

    def train(self, images: Tensor, generator: Generator) -> Tensor:
        """Windows at random places, half of them mirrored if they may be."""
        from archdsl.data.pixels import as_numbers, cropped, mirrored

        windows = cropped(images, self.size, generator)
        return as_numbers(mirrored(windows, generator) if self.flip else windows)

    def plain(self, images: Tensor) -> Tensor:
        """Windows around the middle."""
        from archdsl.data.pixels import as_numbers, centred

        return as_numbers(centred(images, self.size))
