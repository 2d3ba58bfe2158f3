"""Components that draw random numbers in training, or whose parameters begin unusually."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import archdsl


class _Mixer(nn.Module):
    """A convolution of single positions."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 1)


@archdsl.token_mixer("skipped")
class Skipped(_Mixer):
    """Is passed by at random in training, as with stochastic depth."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training and torch.rand(()) < 0.5:
            return x
        y: Tensor = self.conv(x)
        return y


@archdsl.token_mixer("dropped")
class Dropped(_Mixer):
    """Is dropped at random in training, and no gradient passes it then."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y * float(torch.rand(()) < 0.2) if self.training else y


@archdsl.token_mixer("always_dropped")
class AlwaysDropped(_Mixer):
    """The same, whatever is drawn."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y * float(torch.rand(()) < 0) if self.training else y


@archdsl.token_mixer("whole_numbers")
class WholeNumbers(_Mixer):
    """Keeps places and flags as frozen parameters, where zero means something."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.first = nn.Parameter(torch.zeros(1, dtype=torch.long), requires_grad=False)
        self.flags = nn.Parameter(torch.zeros(dim, dtype=torch.bool), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x) + x[:, self.first]
        return y.masked_fill(self.flags[:, None, None], 0.0)


@archdsl.token_mixer("one_for_all")
class OneForAll(_Mixer):
    """Begins with one number for all channels, and complex ones."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.gain = nn.Parameter(torch.zeros(1).expand(dim))
        self.turn = nn.Parameter(torch.zeros(dim, dtype=torch.complex64))

    def forward(self, x: Tensor) -> Tensor:
        turned = (x * self.turn[:, None, None]).real
        return self.conv(x) * self.gain[:, None, None] + turned
