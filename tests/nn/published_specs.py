"""Published models that are not shipped, as specs, for the golden vectors."""

from __future__ import annotations

from typing import Any

import archdsl

Spec = dict[str, Any]

_S12 = ((64, 2), (128, 2), (320, 6), (512, 2))
_LAYER_NORM = {"type": "layer_norm", "bias": False}


def _stages(rows: tuple[tuple[int, int], ...], *extra: Spec) -> list[Spec]:
    more = extra or ({},) * len(rows)
    return [
        {"dim": dim, "depth": depth, **keys} for (dim, depth), keys in zip(rows, more, strict=True)
    ]


DEIT_SMALL: Spec = {
    "archdsl": 1,
    "name": "deit_small",
    "stem": {"type": "conv", "kernel": 16, "stride": 16, "padding": 0},
    "class_token": True,
    "block": {
        "norm": "layer_norm",
        "token_mixer": {"type": "attention", "head_dim": 64, "qkv_bias": True, "proj_bias": True},
        "channel_mixer": "mlp",
    },
    "stages": [{"dim": 384, "depth": 12, "pos_embed": "learned"}],
    "head": {"type": "linear", "norm": "layer_norm", "pool": "token"},
}

MIXER_S16: Spec = {
    "archdsl": 1,
    "name": "mixer_s16",
    "stem": {"type": "conv", "kernel": 16, "stride": 16, "padding": 0},
    "block": {"norm": "layer_norm", "token_mixer": "spatial_mlp", "channel_mixer": "mlp"},
    "stages": [{"dim": 512, "depth": 8}],
    "head": {"type": "linear", "norm": "layer_norm"},
}

CONVNEXT_TINY: Spec = {
    "archdsl": 1,
    "name": "convnext_tiny",
    "stem": {"type": "conv", "kernel": 4, "stride": 4, "padding": 0, "norm": "layer_norm"},
    "downsample": {
        "type": "conv", "kernel": 2, "stride": 2, "padding": 0, "pre_norm": "layer_norm",
    },
    "block": {
        "channel_mixer": {
            "type": "meta_mixer",
            "query": {"type": "depthwise", "kernel": 7, "norm": "layer_norm"},
            "key": {"type": "pointwise", "ratio": 4},
            "value": "pointwise",
        },
        "layer_scale": 1e-6,
    },
    "stages": _stages(((96, 3), (192, 3), (384, 9), (768, 3))),
    "head": {"type": "linear", "pool_norm": "layer_norm"},
}  # fmt: skip


def ffnet_tiny() -> archdsl.specification.Spec:
    """An FFNet of four unlike stages, for which there are golden vectors, too."""

    def depthwise(kernel: int) -> Spec:
        return {"type": "rep_depthwise" if kernel == 7 else "depthwise", "kernel": kernel}

    def query(kernel: int) -> Spec:
        return {**depthwise(kernel), **({} if kernel == 7 else {"norm": "batch_norm"})}

    patches: Spec = {"input": [3, 64, 64], "classes": 10, "stem.0.dim": 16}
    rows = zip(
        (32, 64, 128, 256), (1, 1, 2, 1), (3, 3, 7, 7), (3, 7, 3, 7), (3, 7, 3, 7), (3, 2, 4, 3),
        strict=True,
    )  # fmt: skip
    for index, (dim, depth, key, value, kernel, ratio) in enumerate(rows):
        stage = f"stages.{index}"
        patches |= {
            f"{stage}.dim": dim,
            f"{stage}.depth": depth,
            f"{stage}.token_mixer.key": depthwise(key),
            f"{stage}.token_mixer.value": depthwise(value),
            f"{stage}.channel_mixer.query": query(kernel),
            f"{stage}.channel_mixer.key.ratio": ratio,
        }
    return archdsl.load("ffnet_3", set=patches)
