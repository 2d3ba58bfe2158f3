"""Weights and inputs that were made from names: the same numbers in every program."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

Rule = Callable[[str, tuple[int, ...]], np.ndarray]


def normals(key: str, shape: tuple[int, ...]) -> np.ndarray:
    seed = zlib.crc32(key.encode())
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)


def image(*shape: int) -> Tensor:
    key = "input:" + ",".join(map(str, shape))
    return torch.from_numpy(normals(key, shape).astype(np.float32))


def metaformer_rule(name: str, shape: tuple[int, ...]) -> np.ndarray:
    z = normals(name, shape)
    last = name.rpartition(".")[2]
    if last == "random_matrix":
        return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    if last in ("pos_embed", "cls_token"):
        return 0.2 * z
    if last in ("layer_scale_1", "layer_scale_2", "gamma"):
        return 0.5 + 0.1 * z
    if last == "scale":
        return 1 + 0.1 * z
    return _plain_rule(z, last, gain=0.5)


def ffnet_rule(name: str, shape: tuple[int, ...]) -> np.ndarray:
    z = normals(name, shape)
    last = name.rpartition(".")[2]
    if last == "num_batches_tracked":
        return np.zeros(shape, dtype=np.int64)
    if last == "running_mean":
        return 0.1 * z
    if last == "running_var":
        return 1 + 0.1 * np.abs(z)
    if last == "layer_scale":
        return 0.5 + 0.1 * z
    entry = name.startswith("patch_embed.") or ".proj." in name
    return _plain_rule(z, last, gain=1.0 if entry else 0.5)


def transnext_rule(name: str, shape: tuple[int, ...]) -> np.ndarray:
    z = normals(name, shape)
    if name.endswith("temperature"):
        return 2 + 0.5 * z
    return _plain_rule(z, name.rpartition(".")[2], gain=0.5)


def _plain_rule(z: np.ndarray, last: str, gain: float) -> np.ndarray:
    if z.ndim >= 2:
        return z * gain / np.sqrt(z.size / z.shape[0])
    return 1 + 0.1 * z if last.endswith("weight") else 0.1 * z


def fill(
    model: nn.Module,
    published_name: Callable[[str], str],
    rule: Rule,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> None:
    """Fill a model's tensors by the names under which they were published.

    shapes: the published shapes where they differ, such as (out, in) for a 1x1 convolution
    """
    state = {}
    for name, tensor in model.state_dict().items():
        published = published_name(name)
        shape = tuple(tensor.shape) if shapes is None else shapes[published]
        value = torch.from_numpy(np.asarray(rule(published, shape)))
        if published == "pos_embed":  # tokens (1, N, dim) as a column of positions
            value = value.transpose(1, 2)
        if value.is_floating_point():
            value = value.float()
        state[name] = value.reshape(tensor.shape)
    model.load_state_dict(state)
