"""The whole network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

Modules = Iterable[nn.Module]


class ClassToken(nn.Module):
    """A learned token before all others, which a head may read (ViT, arXiv 2010.11929)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.empty(1, 1, dim))
        nn.init.normal_(self.token, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to (B, dim, 1 + H·W, 1)."""
        tokens = x.flatten(2).transpose(1, 2)  # (B, H·W, dim)
        tokens = torch.cat([self.token.expand(x.shape[0], -1, -1), tokens], dim=1)
        return tokens.transpose(1, 2).unsqueeze(3)


class Stage(nn.Module):
    """What leads into a stage, its blocks, and what follows them."""

    def __init__(
        self,
        *,
        downsample: Modules = (),
        pos_embed: nn.Module | None = None,
        blocks: Modules,
        out_norm: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.downsample = nn.Sequential(*downsample)
        self.pos_embed = pos_embed
        self.blocks = nn.Sequential(*blocks)
        self.out_norm = out_norm

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim_in, H, W) to the stage's own map."""
        x = self.downsample(x)
        if self.pos_embed is not None:
            x = self.pos_embed(x)
        x = self.blocks(x)
        return x if self.out_norm is None else self.out_norm(x)


class MetaFormer(nn.Module):
    """Stem, stages, head. Maps are (B, dim, H, W) in channels-last memory, weights contiguous."""

    def __init__(
        self,
        *,
        stem: Modules,
        class_token: ClassToken | None = None,
        stages: Iterable[Stage],
        head: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(*stem)
        self.class_token = class_token
        self.stages = nn.Sequential(*stages)
        self.head = head
        lay_contiguous(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) images to (B, classes) logits, or to the last map without a head."""
        x = x.contiguous(memory_format=torch.channels_last)
        x = self.stem(x)
        if self.class_token is not None:
            x = self.class_token(x)
        x = self.stages(x)
        return x if self.head is None else self.head(x)


class MapsOfStages(nn.Module):
    """Stem and stages without a head: the maps at the ends of some stages, for other networks.

    With a class token, the maps are those of the other tokens.

    features: indices of stages, from 0; the maps come in this order
    """

    def __init__(
        self,
        *,
        stem: Modules,
        class_token: ClassToken | None = None,
        stages: Modules,
        features: Sequence[int],
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(*stem)
        self.class_token = class_token
        self.stages = nn.Sequential(*stages)
        self.features = features
        lay_contiguous(self)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, C, H, W) images to one (B, channels, H / reduction, W / reduction) map a stage."""
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        size = x.shape[2:]
        if self.class_token is not None:
            x = self.class_token(x)
        maps: list[Tensor] = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        if self.class_token is not None:  # (B, dim, 1 + H·W, 1), of a single stage
            tokens = x[:, :, 1:, 0]
            map_ = tokens.view(*tokens.shape[:2], *size)
            maps = [map_.contiguous(memory_format=torch.channels_last)]
        return [maps[index] for index in self.features]


def lay_contiguous(module: nn.Module) -> None:
    """Lay a module's tensors contiguously, as safetensors and DDP want them."""
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.layout is torch.strided and not tensor.is_contiguous():
            tensor.data = tensor.data.contiguous()
