"""A MetaFormer block and its parts."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Scale(nn.Module):
    """A learned factor per channel: LayerScale (arXiv 2103.17239), ResScale (arXiv 2110.09456)."""

    def __init__(self, dim: int, init: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((dim,), float(init)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        return x * self.scale[:, None, None]


class DropPath(nn.Module):
    """Stochastic depth (arXiv 1603.09382): in training, images lose the branch at this rate.

    What is kept is divided by the rate of keeping, so that the mean stays.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        if not self.training or self.rate == 0:
            return x
        keep = 1 - self.rate
        kept = x.new_empty(x.shape[0], 1, 1, 1).bernoulli_(keep)
        return x * (kept / keep if keep > 0 else kept)

    def extra_repr(self) -> str:
        """The rate, as printing the module shows it."""
        return f"rate={self.rate:.3g}"


class MetaFormerBlock(nn.Module):
    """x = res_scale · x + drop_path(layer_scale · mixer(norm(x))), for two mixers in turn.

    Whatever is None is left out; without its mixer, a whole branch (Yu et al., arXiv 2111.11418
    and 2210.13452).
    """

    def __init__(
        self,
        *,
        norm1: nn.Module | None = None,
        token_mixer: nn.Module | None = None,
        layer_scale1: Scale | None = None,
        res_scale1: Scale | None = None,
        norm2: nn.Module | None = None,
        channel_mixer: nn.Module | None = None,
        layer_scale2: Scale | None = None,
        res_scale2: Scale | None = None,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.norm1 = norm1
        self.token_mixer = token_mixer
        self.layer_scale1 = layer_scale1
        self.res_scale1 = res_scale1
        self.norm2 = norm2
        self.channel_mixer = channel_mixer
        self.layer_scale2 = layer_scale2
        self.res_scale2 = res_scale2
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        if self.token_mixer is not None:
            y = x if self.norm1 is None else self.norm1(x)
            y = mixed(self.token_mixer, y)
            y = y if self.layer_scale1 is None else self.layer_scale1(y)
            x = x if self.res_scale1 is None else self.res_scale1(x)
            x = x + self.drop_path(y)
        if self.channel_mixer is not None:
            y = x if self.norm2 is None else self.norm2(x)
            y = mixed(self.channel_mixer, y)
            y = y if self.layer_scale2 is None else self.layer_scale2(y)
            x = x if self.res_scale2 is None else self.res_scale2(x)
            x = x + self.drop_path(y)
        return x


class Mixers(nn.Sequential):
    """Mixers of one branch, one after another."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        for mixer in self:
            x = mixed(mixer, x)
        return x


def mixed(mixer: nn.Module, x: Tensor) -> Tensor:
    """A mixer on a (B, dim, H, W) map; one with `tokens = True` sees (B, H·W, dim) views of it."""
    if getattr(mixer, "tokens", False):
        y: Tensor = mixer(x.flatten(2).transpose(1, 2))
        return y.transpose(1, 2).reshape(x.shape)
    y = mixer(x)
    return y
