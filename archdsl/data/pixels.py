"""Batches of pixels to batches of numbers, and the random changes that training makes."""

from __future__ import annotations

import torch
from torch import Generator, Tensor


def as_numbers(images: Tensor) -> Tensor:
    """Bytes 0 to 255 as (pixel / 255 - 0.5) / 0.25; floating point as it is, in float32."""
    if images.dtype != torch.uint8:
        return images.float()
    return images.float().mul_(4 / 255).sub_(2)


def mirrored(images: Tensor, generator: Generator) -> Tensor:
    """Half of the images of a batch (B, C, H, W), chosen at random, with left and right swapped."""
    draw = torch.rand(len(images), generator=generator, device=images.device)
    return torch.where((draw < 0.5)[:, None, None, None], images.flip(3), images)


def cropped(images: Tensor, size: tuple[int, int], generator: Generator) -> Tensor:
    """A window of `size` (h, w) at a random place of each image of a batch (B, C, H, W)."""
    batch, _, height, width = images.shape
    h, w = size
    if (height, width) == (h, w):
        return images
    device = images.device

    def places(room: int, side: int) -> Tensor:
        draw = torch.randint(room - side + 1, (batch, 1), generator=generator, device=device)
        return draw + torch.arange(side, device=device)

    rows, columns = places(height, h)[:, :, None], places(width, w)[:, None, :]
    each = torch.arange(batch, device=device)[:, None, None]
    # (B, h, w, C) is how advanced indexing leaves it; as (B, C, H, W) that is channels-last
    return images.permute(0, 2, 3, 1)[each, rows, columns].permute(0, 3, 1, 2)


def centred(images: Tensor, size: tuple[int, int]) -> Tensor:
    """The middle window of `size` (h, w) of each image of a batch (B, C, H, W)."""
    height, width = images.shape[2:]
    h, w = size
    top, left = (height - h) // 2, (width - w) // 2
    return images[:, :, top : top + h, left : left + w]
