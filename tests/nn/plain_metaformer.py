"""The published equations written out plainly, on state dicts in the published names.

PoolFormer and its ablations (arXiv 2111.11418), the MetaFormer baselines (arXiv 2210.13452) and
FFNet (arXiv 2406.02021), for a check where there are no golden vectors. Maps are (B, C, H, W).
Mixers are letters, one a stage: identity, pooling, attention, fully connected, random, separable.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

State = Mapping[str, Tensor]


def poolformer(state: State, x: Tensor, mixers: str) -> Tensor:
    norm = _layer_norm if "A" in mixers else _group_norm
    x = _conv(state, "patch_embed.proj", x, stride=4, padding=2)
    stage = 0
    for entry in range(8):
        name = f"network.{entry}"
        if f"{name}.pos_embed" in state:
            x = x + state[f"{name}.pos_embed"]
        elif f"{name}.proj.weight" in state:
            x = _conv(state, f"{name}.proj", x, stride=2, padding=1)
            stage += 1
        block = 0
        while f"{name}.{block}.norm1.weight" in state:
            here = f"{name}.{block}"
            y = _mixed(
                state, f"{here}.token_mixer", norm(state, f"{here}.norm1", x, 1e-5), mixers[stage]
            )
            x = x + _column(state[f"{here}.layer_scale_1"]) * y
            y = _conv(state, f"{here}.mlp.fc1", norm(state, f"{here}.norm2", x, 1e-5))
            y = _conv(state, f"{here}.mlp.fc2", _gelu(y))
            x = x + _column(state[f"{here}.layer_scale_2"]) * y
            block += 1
    x = norm(state, "norm", x, 1e-5).mean(dim=(2, 3))
    return x @ state["head.weight"].T + state["head.bias"]


def metaformer(state: State, x: Tensor, mixers: str) -> Tensor:
    norm = _layer_norm if "S" in mixers else _group_norm
    x = _conv(state, "downsample_layers.0.conv", x, stride=4, padding=2)
    x = _layer_norm(state, "downsample_layers.0.post_norm", x, 1e-6)
    for stage in range(4):
        if stage:
            name = f"downsample_layers.{stage}"
            x = _layer_norm(state, f"{name}.pre_norm", x, 1e-6)
            x = _conv(state, f"{name}.conv", x, stride=2, padding=1)
        block = 0
        while f"stages.{stage}.{block}.norm1.weight" in state:
            here = f"stages.{stage}.{block}"
            scales = [state.get(f"{here}.res_scale{n}.scale", torch.ones(1)) for n in (1, 2)]
            y = _mixed(
                state, f"{here}.token_mixer", norm(state, f"{here}.norm1", x, 1e-6), mixers[stage]
            )
            x = _column(scales[0]) * x + y
            y = _linear(state, f"{here}.mlp.fc1", norm(state, f"{here}.norm2", x, 1e-6))
            y = _linear(state, f"{here}.mlp.fc2", _star_relu(state, f"{here}.mlp.act", y))
            x = _column(scales[1]) * x + y
            block += 1
    x = _layer_norm(state, "norm", x.mean(dim=(2, 3), keepdim=True), 1e-6)
    if "head.fc1.weight" in state:
        x = _linear(state, "head.fc1", x).clamp(min=0) ** 2
        return _linear(state, "head.fc2", _layer_norm(state, "head.norm", x, 1e-5)).flatten(1)
    return _linear(state, "head", x).flatten(1)


def ffnet(state: State, x: Tensor) -> Tensor:
    x = _gelu(_conv_norm(state, "patch_embed.0", x, stride=2))
    x = _conv_norm(state, "patch_embed.2", x, stride=2)
    for stage in range(4):
        if stage:
            x = _branches(state, f"stages.{stage}.0.proj.0", x, stride=2)
            y = _batch_norm(state, f"stages.{stage}.0.proj.1.conv.bn", x)
            x = x + _conv(state, f"stages.{stage}.0.proj.1.conv.c", y)
        block = int(stage > 0)
        while f"stages.{stage}.{block}.token_mixer.0.main.fc.c.weight" in state:
            here = f"stages.{stage}.{block}"
            main = f"{here}.token_mixer.0.main"
            y = _branches(state, f"{main}.conv1", _conv_norm(state, f"{main}.fc", x))
            y = _branches(state, f"{main}.conv2", _gelu(y))
            x = x + state.get(f"{here}.token_mixer.0.layer_scale", torch.ones(1)) * y
            main = f"{here}.channel_mixer.main"
            y = _conv(state, f"{main}.fc1", _branches(state, f"{main}.conv", x))
            y = _conv(state, f"{main}.fc2", _gelu(y))
            x = x + state.get(f"{here}.channel_mixer.layer_scale", torch.ones(1)) * y
            block += 1
    x = _batch_norm(state, "norm", x).mean(dim=(2, 3))
    return x @ state["head.weight"].T + state["head.bias"]


def _mixed(state: State, name: str, x: Tensor, mixer: str) -> Tensor:
    if mixer == "I":
        return x
    if mixer == "P":
        ones = torch.ones_like(x[:, :1])
        kernel = torch.ones(x.shape[1], 1, 3, 3, dtype=x.dtype)
        inside = F.conv2d(ones, kernel[:1], padding=1)
        return F.conv2d(x, kernel, padding=1, groups=x.shape[1]) / inside - x
    if mixer == "S":
        y = _star_relu(state, f"{name}.act1", _linear(state, f"{name}.pwconv1", x))
        weight = state[f"{name}.dwconv.weight"]
        y = F.conv2d(y, weight, padding=3, groups=len(weight))
        return _linear(state, f"{name}.pwconv2", y)
    tokens = x.flatten(2)  # (B, C, N)
    if mixer == "F":
        tokens = tokens @ state[f"{name}.fc.weight"].T
    if mixer == "R":
        tokens = torch.einsum("mn,bcn->bcm", state[f"{name}.random_matrix"], tokens)
    if mixer == "A":
        rows = state[f"{name}.qkv.weight"].chunk(3)
        q, k, v = ((row @ tokens).unflatten(1, (-1, 32)) for row in rows)  # (B, heads, 32, N)
        weights = (q.transpose(2, 3) @ k / 32**0.5).softmax(dim=-1)
        heads = torch.einsum("bhmn,bhdn->bhdm", weights, v).flatten(1, 2)
        tokens = state[f"{name}.proj.weight"] @ heads
        if f"{name}.proj.bias" in state:
            tokens = tokens + state[f"{name}.proj.bias"][:, None]
    return tokens.reshape(x.shape)


def _conv(
    state: State, name: str, x: Tensor, stride: int = 1, padding: int | None = None
) -> Tensor:
    weight = state[f"{name}.weight"]
    padding = weight.shape[-1] // 2 if padding is None else padding
    groups = x.shape[1] // weight.shape[1]
    return F.conv2d(x, weight, state.get(f"{name}.bias"), stride, padding, groups=groups)


def _linear(state: State, name: str, x: Tensor) -> Tensor:
    y = torch.einsum("oi,bihw->bohw", state[f"{name}.weight"], x)
    return y + _column(state[f"{name}.bias"]) if f"{name}.bias" in state else y


def _column(vector: Tensor) -> Tensor:
    return vector[:, None, None]


def _normalised(x: Tensor, dims: tuple[int, ...], eps: float) -> Tensor:
    centred = x - x.mean(dims, keepdim=True)
    return centred / ((centred**2).mean(dims, keepdim=True) + eps).sqrt()


def _affine(state: State, name: str, x: Tensor) -> Tensor:
    x = _column(state[f"{name}.weight"]) * x
    return x + _column(state[f"{name}.bias"]) if f"{name}.bias" in state else x


def _group_norm(state: State, name: str, x: Tensor, eps: float) -> Tensor:
    return _affine(state, name, _normalised(x, (1, 2, 3), eps))


def _layer_norm(state: State, name: str, x: Tensor, eps: float) -> Tensor:
    return _affine(state, name, _normalised(x, (1,), eps))


def _batch_norm(state: State, name: str, x: Tensor) -> Tensor:
    spread = (_column(state[f"{name}.running_var"]) + 1e-5).sqrt()
    return _affine(state, name, (x - _column(state[f"{name}.running_mean"])) / spread)


def _conv_norm(state: State, name: str, x: Tensor, stride: int = 1) -> Tensor:
    return _batch_norm(state, f"{name}.bn", _conv(state, f"{name}.c", x, stride))


def _branches(state: State, name: str, x: Tensor, stride: int = 1) -> Tensor:
    """A depthwise layer of FFNet: two branches with norms, one with a norm, or one bare."""
    if f"{name}.weight" in state:
        return _conv(state, name, x, stride)
    if f"{name}.c.weight" in state:
        return _conv_norm(state, name, x, stride)
    return _conv_norm(state, f"{name}.conv", x, stride) + _conv_norm(
        state, f"{name}.conv1", x, stride
    )


def _gelu(x: Tensor) -> Tensor:
    return x * (1 + torch.erf(x / 2**0.5)) / 2


def _star_relu(state: State, name: str, x: Tensor) -> Tensor:
    return state[f"{name}.scale"] * x.clamp(min=0) ** 2 + state[f"{name}.bias"]
