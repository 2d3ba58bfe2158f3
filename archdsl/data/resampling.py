"""Decoded images to what a network sees, in torch alone: what leaves with an exported winner.

Images are scaled as Pillow scales them, so that a model sees the bytes that it was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def planes(image: Tensor, channels: int) -> Tensor:
    """Images (..., H, W, C), or (H, W) for grey, as (..., channels, H, W).

    Grey becomes three equal channels, and colour becomes the grey that Pillow makes of it (ITU-R
    601-2). Raises TypeError for what is no tensor, and ValueError for other numbers of channels.
    """
    if not isinstance(image, Tensor):
        raise TypeError(f"an image is a torch.Tensor (H, W, C), and not {type(image).__name__}")
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim not in (3, 4) or 0 in image.shape:
        raise ValueError(f"an image is (H, W, C), and this is {tuple(image.shape)}")
    image = image.movedim(-1, -3)
    given = image.shape[-3]
    if (given, channels) == (1, 3):
        return image.expand(*image.shape[:-3], 3, *image.shape[-2:])
    if (given, channels) == (3, 1) and image.dtype == torch.uint8:
        red, green, blue = (image.int().narrow(-3, at, 1) for at in range(3))
        grey = 19595 * red + 38470 * green + 7471 * blue + 32768
        return grey.bitwise_right_shift(16).byte()
    if given != channels:
        raise ValueError(f"the image has {given} channels, and the network takes {channels}")
    return image


def of_bytes(image: Tensor) -> Tensor:
    """The image. Raises ValueError for one whose pixels are no bytes, 0 to 255."""
    if image.dtype != torch.uint8:
        raise ValueError(f"the pixels are {image.dtype}; give torch.uint8, from 0 to 255")
    return image


def of_numbers(image: Tensor) -> Tensor:
    """The image as float32. Raises ValueError for whole numbers, whose scale nobody knows."""
    if not image.is_floating_point():
        raise ValueError(
            f"the pixels are {image.dtype}; the network was trained on floating point as it was "
            "in a file, and what bytes would be there is not known"
        )
    return image.float()


def of_size(image: Tensor, size: tuple[int, int]) -> Tensor:
    """The image (..., H, W). Raises ValueError for one of another size."""
    if tuple(image.shape[-2:]) != size:
        sides = "{} x {}".format
        raise ValueError(
            f"the image is {sides(*image.shape[-2:])}, and the network was trained on images of "
            f"{sides(*size)}: how another becomes one of these is not known"
        )
    return image


def middle(image: Tensor, size: tuple[int, int]) -> Tensor:
    """The window in the middle: (..., H, W) to (..., h, w)."""
    top, left = ((image.shape[at - 2] - size[at]) // 2 for at in (0, 1))
    return image[..., top : top + size[0], left : left + size[1]]


def normalised(image: Tensor, scale: float, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Pixels (..., C, H, W) as (pixel * scale - mean) / std, channel by channel, in float32."""
    factors = [scale / each for each in std]
    offsets = [centre / each for centre, each in zip(mean, std, strict=True)]
    shape = (-1, 1, 1)
    return image.float() * image.new_tensor(factors, dtype=torch.float32).view(shape) - (
        image.new_tensor(offsets, dtype=torch.float32).view(shape)
    )


def scaled(image: Tensor, size: tuple[int, int], interpolation: str) -> Tensor:
    """Numbers (..., C, H, W) brought to a size."""
    images = image if image.ndim == 4 else image[None]
    images = F.interpolate(images, size, mode=interpolation, antialias=True)
    return images if image.ndim == 4 else images[0]


def window(given: tuple[int, int], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Of an image of given height and width the largest part in the middle that has a size's
    proportions: left, top, right, bottom.
    """
    height, width = given
    ratio = size[1] / size[0]
    wide, high = float(width), float(height)
    if width / height > ratio:
        wide = ratio * height
    elif width / height < ratio:
        high = width / ratio
    left, top = (width - wide) * 0.5, (height - high) * 0.5
    return left, top, left + wide, top + high


def covering(image: Tensor, size: tuple[int, int], interpolation: str) -> Tensor:
    """Bytes (..., H, W) scaled until they cover a size and cut around the middle: (..., h, w).

    Bit for bit what Pillow makes of it, first along the rows and then along the columns.
    interpolation: "bilinear" or "bicubic"
    """
    left, top, right, bottom = window((image.shape[-2], image.shape[-1]), size)
    image = resampled(image, -1, (left, right), size[1], interpolation)
    return resampled(image, -2, (top, bottom), size[0], interpolation)


def resampled(
    image: Tensor, dim: int, part: tuple[float, float], size: int, interpolation: str
) -> Tensor:
    """Bytes with `size` pixels along `dim`, made of those from part[0] to part[1].

    Pillow's arithmetic: weights of 22 binary digits, and a sum that is rounded to a byte.
    """
    start, end = torch.tensor(part, dtype=torch.float32)
    step = (end - start).item() / size
    coarse = max(step, 1.0)
    reach = coarse if interpolation == "bilinear" else 2 * coarse
    centres = start.item() + (torch.arange(size, dtype=torch.float64) + 0.5) * step
    rows = image.movedim(dim, 0)
    made = []
    for centre in centres.split(16):  # a few at a time: each is made of few pixels
        first = (centre - reach + 0.5).long().clamp(min=0)[:, None]
        last = (centre + reach + 0.5).long().clamp(max=len(rows))[:, None]
        near = torch.arange(int(first[0]), int(last[-1]))
        distance = (near - centre[:, None] + 0.5).abs() * (1 / coarse)
        weights = kernel(distance, interpolation).where((near >= first) & (near < last), 0.0)
        weights = weights / weights.sum(1, keepdim=True) * (1 << 22)
        weights = torch.trunc(weights + torch.where(weights < 0, -0.5, 0.5)).to(image.device)
        seen = rows[int(first[0]) : int(last[-1])].flatten(1).double()
        made.append(((weights @ seen + (1 << 21)) / (1 << 22)).floor().clamp(0, 255).byte())
    return torch.cat(made).reshape(size, *rows.shape[1:]).movedim(0, dim)


def kernel(x: Tensor, interpolation: str) -> Tensor:
    """The weight of a pixel at a distance, in pixels of the coarser grid.

    Bicubic is that of R. Keys, Cubic convolution interpolation (1981), with a = -1/2.
    """
    if interpolation == "bilinear":
        return (1 - x).clamp(min=0)
    near = (1.5 * x - 2.5) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * -0.5
    return torch.where(x < 1, near, torch.where(x < 2, far, 0.0))
