"""TransNeXts by the configuration of a reference case: their specs, their weights."""

from __future__ import annotations

import json
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import archdsl
from archdsl.specification import Spec
from tests.nn.filling import transnext_rule
from tests.nn.names import names

GOLDEN = Path(__file__).parents[1] / "golden" / "transnext"
Config = dict[str, Any]


@cache
def golden(case: str) -> Any:
    """What the published code gave."""
    return json.loads((GOLDEN / f"{case}.json").read_text())


def spec_of(config: Config, input_shape: list[int]) -> Spec:
    """The spec of a configuration of the published code, of its classifier or its dense form."""
    dense = "is_extrapolation" in config
    own = (config["img_size"], config["img_size"]) == tuple(input_shape[2:])
    positions = {
        "pretrain_size": config.get("pretrain_size") or (None if own else config["img_size"])
    }
    if dense and not config["is_extrapolation"]:
        positions["interpolate_from"] = config["img_size"]
    rows = zip(
        config["embed_dims"], config["num_heads"], config["mlp_ratios"], config["depths"],
        config["sr_ratios"], config["window_size"], strict=True,
    )  # fmt: skip
    stages = []
    for dim, heads, ratio, depth, pool, window in rows:
        options = {"head_dim": dim // heads, "bias": config["qkv_bias"], **positions}
        mixer = {"type": "cosine_attention", **options}
        if pool != 1:
            fixed = config.get("fixed_pool_size")
            mixer = {"type": "aggregated_attention", **options, "window": window, "pool": pool}
            mixer["pool_size"] = fixed
        glu = {"type": "conv_glu", "ratio": ratio}
        stages.append({"dim": dim, "depth": depth, "token_mixer": mixer, "channel_mixer": glu})
    norm = {"type": "layer_norm", "eps": config["norm_eps"]}
    entry = {"type": "conv", "norm": {"type": "layer_norm", "eps": 1e-5}, "init": "he"}
    return archdsl.load(
        {
            "archdsl": 1,
            "name": "transnext",
            "input": input_shape[1:],
            "classes": config["num_classes"],
            "stem": {**entry, "kernel": 7, "stride": 4},
            "downsample": {**entry, "kernel": 3, "stride": 2},
            "out_norm": norm,
            "block": {"norm": norm},
            "stages": stages,
        }
    )


def official(name: str, shape: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """The published name and shape of one of our tensors."""
    found = names("transnext_micro")
    assert found is not None
    return found.published(name, shape)


def filled(model: nn.Module, multiplier: str | None = None, prefix: str = "") -> nn.Module:
    """A model in eval with the weights that its published names give."""
    state = {}
    for name, tensor in model.state_dict().items():
        theirs, shape = official(name, tuple(tensor.shape))
        value = weight(prefix + theirs, shape, multiplier)
        state[name] = torch.from_numpy(value).reshape(tensor.shape)
    model.load_state_dict(state)
    return model.eval()


_SMALL = ("patch_embed", "attn.proj.", "attn.sr.", "mlp.fc2.")


@cache
def weight(name: str, shape: tuple[int, ...], multiplier: str | None = None) -> np.ndarray:
    """The value of a published tensor; `eps_mult` makes the inputs of norms small."""
    value = transnext_rule(name, shape)
    if multiplier == "eps_mult" and any(part in name for part in _SMALL):
        value = 0.01 * value
    return value.astype(np.float32)


def fingerprint(values: list[np.ndarray]) -> int:
    """The CRC-32 of float32 values, one after another."""
    crc = 0
    for value in values:
        crc = zlib.crc32(np.ascontiguousarray(value).tobytes(), crc)
    return crc
