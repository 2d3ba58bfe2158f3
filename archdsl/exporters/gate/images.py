"""The images of a check."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from archdsl.compiler.network import Network
from archdsl.data.preprocessing import BYTES, Preprocessing
from archdsl.data.source import Searchable
from archdsl.exporters.gate.compare import BATCHES

COUNT = sum(BATCHES)


@dataclass(frozen=True, slots=True)
class Images:
    """As the network sees them, (N, C, H, W), and in words where they are from."""

    pixels: Tensor
    words: str


def drawn(network: Network, said: Preprocessing | None = None, why: str = "") -> Images:
    """Images of noise, each byte alike, with the mean and the deviation of the task's own.

    said: of the task; without it (pixel / 255 - 0.5) / 0.25
    why: no real ones are there, in words
    """
    shape = (COUNT, *network.input)
    generator = torch.Generator().manual_seed(0)
    bytes_ = torch.randint(0, 256, shape, generator=generator).float()
    pixels = None if said is None or said.channels != network.input[0] else said.pixels
    if pixels is None:
        mean, std, scale = torch.tensor(0.5), torch.tensor(0.25), BYTES
    else:
        mean = torch.tensor(pixels.mean)[:, None, None]
        std = torch.tensor(pixels.std)[:, None, None]
        scale = BYTES if pixels.scale is None else pixels.scale
    whose = "the task's" if pixels is not None else "the usual"
    words = f"{COUNT} random images with {whose} mean and deviation"
    return Images((bytes_ * scale - mean) / std, f"{words}, as {why}" if why else words)


def of_source(data: Searchable, network: Network) -> Images:
    """Validation images of a source, spread over the split, in the size of the network.

    There are as many as a check takes: where the split has fewer, some come again.
    """
    number = len(data.val)
    where = torch.arange(COUNT) * max(1, number // COUNT) % number
    stored = torch.from_numpy(data.val.images[where.numpy()])
    pixels = data.views.plain(stored)
    if tuple(pixels.shape[2:]) != network.input[1:]:
        pixels = torch.nn.functional.interpolate(
            pixels, network.input[1:], mode="bilinear", antialias=True
        )
    return Images(pixels, f"{COUNT} validation images of {data.info.name}")
