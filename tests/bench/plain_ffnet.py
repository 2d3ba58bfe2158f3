"""FFNet (arXiv 2406.02021), in its training form, as its equations read, on contiguous maps.

The modules are named as archdsl names them, so that one state dict fits both.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvNorm(nn.Module):
    """A convolution without bias, then a batch norm."""

    def __init__(
        self, dim_in: int, dim: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim_in, dim, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(dim)

    def forward(self, x: Tensor) -> Tensor:
        """A map to a map."""
        y: Tensor = self.norm(self.conv(x))
        return y


class RepDepthwise(nn.Module):
    """A 7x7 and a 3x3 depthwise convolution, each with a batch norm, summed."""

    def __init__(self, dim_in: int, dim: int, stride: int = 1) -> None:
        super().__init__()
        self.large = nn.Conv2d(dim_in, dim, 7, stride, 3, groups=dim_in, bias=False)
        self.large_norm = nn.BatchNorm2d(dim)
        self.small = nn.Conv2d(dim_in, dim, 3, stride, 1, groups=dim_in, bias=False)
        self.small_norm = nn.BatchNorm2d(dim)

    def forward(self, x: Tensor) -> Tensor:
        """A map to a map."""
        y: Tensor = self.large_norm(self.large(x)) + self.small_norm(self.small(x))
        return y


class Pointwise(nn.Module):
    """x + W · norm(x)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.of = nn.Module()
        self.of.pre_norm = nn.BatchNorm2d(dim)
        self.of.conv = nn.Conv2d(dim, dim, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """A map to a map."""
        y: Tensor = x + self.of.conv(self.of.pre_norm(x))
        return y


def depthwise(dim: int, kernel: int) -> nn.Module:
    """The two-branch form where the window is 7, and otherwise a plain one with a bias."""
    if kernel == 7:
        return RepDepthwise(dim, dim)
    return nn.Conv2d(dim, dim, kernel, padding=kernel // 2, groups=dim)


class TokenMixer(nn.Module):
    """A depthwise convolution of the activated depthwise convolution of a projected query."""

    def __init__(self, dim: int, kernel: int) -> None:
        super().__init__()
        self.query = ConvNorm(dim, dim, 1)
        self.key = depthwise(dim, kernel)
        self.value = depthwise(dim, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """A map to a map."""
        y: Tensor = self.value(F.gelu(self.key(self.query(x))))
        return y


class ChannelMixer(nn.Module):
    """An MLP behind a depthwise convolution."""

    def __init__(self, dim: int, kernel: int) -> None:
        super().__init__()
        plain = ConvNorm(dim, dim, kernel, groups=dim)
        self.query = RepDepthwise(dim, dim) if kernel == 7 else plain
        self.key = nn.Conv2d(dim, 3 * dim, 1)
        self.value = nn.Conv2d(3 * dim, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        """A map to a map."""
        y: Tensor = self.value(F.gelu(self.key(self.query(x))))
        return y


class Scale(nn.Module):
    """A learned factor per channel."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((dim,), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        """A map to a map."""
        return x * self.scale[:, None, None]


class Block(nn.Module):
    """Two mixers, each beside its input."""

    def __init__(self, dim: int, kernel: int, wide: int, scaled: bool) -> None:
        super().__init__()
        self.token_mixer = TokenMixer(dim, kernel)
        self.channel_mixer = ChannelMixer(dim, wide)
        self.layer_scale1 = Scale(dim) if scaled else nn.Identity()
        self.layer_scale2 = Scale(dim) if scaled else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """A map to a map."""
        x = x + self.layer_scale1(self.token_mixer(x))
        x = x + self.layer_scale2(self.channel_mixer(x))
        return x


class Stage(nn.Module):
    """A way in and blocks."""

    def __init__(self, downsample: Sequence[nn.Module], blocks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.downsample = nn.Sequential(*downsample)
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        """A map to a map."""
        y: Tensor = self.blocks(self.downsample(x))
        return y


class FFNet(nn.Module):
    """The whole network, without stochastic depth."""

    def __init__(
        self, dims: Sequence[int], depths: Sequence[int], *, wide: int, scaled: bool
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(ConvNorm(3, 64, 3, 2), ConvNorm(64, dims[0], 3, 2))
        before = (None, *dims)
        self.stages = nn.Sequential()
        for b, dim, depth, kernel in zip(before, dims, depths, (3, 3, 7, 7), strict=False):
            way_in = [] if b is None else [RepDepthwise(b, dim, 2), Pointwise(dim)]
            self.stages.append(
                Stage(way_in, [Block(dim, kernel, wide, scaled) for _ in range(depth)])
            )
        self.head = nn.Module()
        self.head.norm = nn.BatchNorm2d(dims[-1])
        self.head.classifier = nn.Linear(dims[-1], 1000)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) to (B, 1000)."""
        x = self.stem[1](F.gelu(self.stem[0](x)))
        x = self.head.norm(self.stages(x)).mean(dim=(2, 3))
        y: Tensor = self.head.classifier(x)
        return y


def ffnet_1() -> FFNet:
    """FFNet-1."""
    return FFNet((80, 160, 320, 640), (2, 2, 8, 2), wide=3, scaled=False)


def ffnet_4() -> FFNet:
    """FFNet-4."""
    return FFNet((128, 256, 512, 1024), (4, 4, 27, 3), wide=7, scaled=True)
