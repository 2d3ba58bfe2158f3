"""Several trainings of one small MetaFormer as one: each step does all seeds' work at once.

Networks this small cost much in calls and little in arithmetic: three seeds side by side took 1.3
to 2.5 times the time of one. The weights of all seeds lie in one tensor (S, P), a row per seed, and
maps are (S, B, H, W, dim). The parameters are those of `archdsl.build`, in its order; only what the
benchmark's space needs is here, and `tests/benchmarks/` holds it against the modules themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.nn.block import MetaFormerBlock
from archdsl.nn.channel_mixers.mlp import MLP
from archdsl.nn.heads import LinearHead
from archdsl.nn.layers import Conv
from archdsl.nn.norms import BatchNorm, LayerNorm
from archdsl.nn.token_mixers.attention import Attention
from archdsl.nn.token_mixers.identity import Identity
from archdsl.nn.token_mixers.pooling import Pooling
from archdsl.nn.token_mixers.sep_conv import SepConv

Mode = Callable[[], bool]
"""Whether training, and not eval."""

Weights = dict[str, Tensor]
Step = Callable[[Weights, Tensor], Tensor]
"""A layer: the weights of all seeds by name, and a map, to a map."""


class Stacked:
    """The same network with S sets of weights.

    models: S builds of one architecture, each with the weights that its seed starts from
    flat: all weights, (S, P), in the order of `named_parameters()`
    training: whether batch norms go by the batch, and not by what they have seen
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        model: Any = models[0]
        named = dict(model.named_parameters())
        self.names = tuple(named)
        self.shapes = tuple(p.shape for p in named.values())
        self.sizes = [p.numel() for p in named.values()]
        rows = [torch.cat([p.detach().flatten() for p in m.parameters()]) for m in models]
        self.flat = torch.stack(rows).requires_grad_()  # (S, P)
        self.training = True

        def mode() -> bool:
            return self.training

        self.steps: list[Step] = []
        for index, module in enumerate(model.stem):
            self.steps.append(_layer(module, f"stem.{index}", mode))
        for at, stage in enumerate(model.stages):
            for index, module in enumerate(stage.downsample):
                self.steps.append(_layer(module, f"stages.{at}.downsample.{index}", mode))
            for index, module in enumerate(stage.blocks):
                self.steps.append(_layer(module, f"stages.{at}.blocks.{index}", mode))
        self.steps.append(_layer(model.head, "head", mode))

    def decayed(self) -> Tensor:
        """(P,): 1 for weights of two dimensions and more, 0 for biases and norms."""
        pairs = zip(self.shapes, self.sizes, strict=True)
        return torch.cat([torch.full((size,), float(len(shape) > 1)) for shape, size in pairs])

    def __call__(self, images: Tensor) -> Tensor:
        """(S, B, H, W, C) images to (S, B, classes) logits."""
        seeds = len(self.flat)
        parts = self.flat.split(self.sizes, dim=1)
        weights = {
            name: part.view(seeds, *shape)
            for name, part, shape in zip(self.names, parts, self.shapes, strict=True)
        }
        x = images
        for step in self.steps:
            x = step(weights, x)
        return x


def _layer(module: nn.Module, name: str, training: Mode) -> Step:
    return _LAYERS[type(module)](module, name, training)


def _linear(weights: Weights, name: str, x: Tensor) -> Tensor:
    """(S, ..., in) to (S, ..., out); the weight may be that of a 1x1 convolution."""
    weight = weights[f"{name}.weight"]
    weight = weight.flatten(2).transpose(1, 2)  # (S, in, out)
    bias = weights.get(f"{name}.bias")
    rows = x.reshape(len(x), -1, x.shape[-1])
    out = torch.bmm(rows, weight) if bias is None else torch.baddbmm(bias[:, None], rows, weight)
    return out.view(*x.shape[:-1], -1)


def _layer_norm(module: LayerNorm, name: str, training: Mode) -> Step:
    def step(weights: Weights, x: Tensor) -> Tensor:
        weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
        seeds = (len(x), *[1] * (x.ndim - 2), -1)
        x = F.layer_norm(x, x.shape[-1:], eps=module.eps)
        return torch.addcmul(bias.view(seeds), x, weight.view(seeds))

    return step


def _batch_norm(module: BatchNorm, name: str, training: Mode) -> Step:
    """Each seed by its own statistics, and its own running ones in eval."""
    running: list[tuple[Tensor, Tensor]] = []

    def step(weights: Weights, x: Tensor) -> Tensor:
        weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
        if not running:
            width = x.shape[-1]
            running.extend((torch.zeros(width), torch.ones(width)) for _ in x)
        y = [
            F.batch_norm(rows.flatten(0, -2), *stats, w, b, training(), module.momentum, module.eps)
            for rows, stats, w, b in zip(x, running, weight, bias, strict=True)
        ]
        return torch.stack(y).view(x.shape)

    return step


def _conv(module: Conv, name: str, training: Mode) -> Step:
    """Cut into windows, one matrix product, norm."""
    conv = module.conv
    (kernel, _), (stride, _), (padding, _) = conv.kernel_size, conv.stride, conv.padding
    norm = _layer(module.norm, f"{name}.norm", training)

    def step(weights: Weights, x: Tensor) -> Tensor:
        if padding:
            x = F.pad(x, (0, 0, padding, padding, padding, padding))
        if kernel > 1:
            # (S, B, h, w, dim, kernel, kernel), in the order of a convolution's weight
            x = x.unfold(2, kernel, stride).unfold(3, kernel, stride).flatten(4)
        weight = weights[f"{name}.conv.weight"].flatten(2).transpose(1, 2)
        rows = x.reshape(len(x), -1, x.shape[-1])
        y = torch.bmm(rows, weight)  # a batch norm follows, so that there is no bias
        return norm(weights, y.view(*x.shape[:-1], -1))

    return step


def _block(module: MetaFormerBlock, name: str, training: Mode) -> Step:
    norm1 = _layer(module.norm1, f"{name}.norm1", training)
    norm2 = _layer(module.norm2, f"{name}.norm2", training)
    tokens = _layer(module.token_mixer, f"{name}.token_mixer", training)
    channels = _layer(module.channel_mixer, f"{name}.channel_mixer", training)

    def step(weights: Weights, x: Tensor) -> Tensor:
        x = x + tokens(weights, norm1(weights, x))
        return x + channels(weights, norm2(weights, x))

    return step


def _identity(module: Identity, name: str, training: Mode) -> Step:
    return lambda weights, x: x


def _pooling(module: Pooling, name: str, training: Mode) -> Step:
    def step(weights: Weights, x: Tensor) -> Tensor:
        maps = x.flatten(0, 1).permute(0, 3, 1, 2)  # no seed's own: all are one batch
        return module(maps).permute(0, 2, 3, 1).view(x.shape)

    return step


def _sep_conv(module: SepConv, name: str, training: Mode) -> Step:
    conv, act = module.depthwise, module.act

    def step(weights: Weights, x: Tensor) -> Tensor:
        x = act(_linear(weights, f"{name}.widen", x))
        weight = weights[f"{name}.depthwise.weight"]
        y = [
            F.conv2d(maps.permute(0, 3, 1, 2), w, padding=conv.padding, groups=conv.groups)
            for maps, w in zip(x, weight, strict=True)
        ]
        x = torch.stack([maps.permute(0, 2, 3, 1) for maps in y])
        return _linear(weights, f"{name}.narrow", x)

    return step


def _attention(module: Attention, name: str, training: Mode) -> Step:
    def step(weights: Weights, x: Tensor) -> Tensor:
        seeds, batch, height, width, _ = x.shape
        qkv = _linear(weights, f"{name}.qkv", x)
        qkv = qkv.view(seeds * batch, height * width, 3, -1, module.head_dim)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (S·B, heads, N, head_dim) each
        if height * width > 16:  # where torch's own takes longer
            y = (q * module.head_dim**-0.5 @ k.transpose(2, 3)).softmax(-1) @ v
        else:
            y = F.scaled_dot_product_attention(q, k, v)
        y = y.transpose(1, 2)
        return _linear(weights, f"{name}.proj", y.reshape(x.shape))

    return step


def _mlp(module: MLP, name: str, training: Mode) -> Step:
    def step(weights: Weights, x: Tensor) -> Tensor:
        return _linear(weights, f"{name}.fc2", module.act(_linear(weights, f"{name}.fc1", x)))

    return step


def _head(module: LinearHead, name: str, training: Mode) -> Step:
    norm = _layer(module.pool_norm, f"{name}.pool_norm", training)

    def step(weights: Weights, x: Tensor) -> Tensor:
        return _linear(weights, f"{name}.classifier", norm(weights, x.mean(dim=(2, 3))))

    return step


_LAYERS: dict[type[nn.Module], Callable[[Any, str, Mode], Step]] = {
    Attention: _attention,
    BatchNorm: _batch_norm,
    Conv: _conv,
    Identity: _identity,
    LayerNorm: _layer_norm,
    LinearHead: _head,
    MLP: _mlp,
    MetaFormerBlock: _block,
    Pooling: _pooling,
    SepConv: _sep_conv,
}
