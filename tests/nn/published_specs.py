"""Published models as specs, for the golden vectors; the shipped ones are loaded by name."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]

_S12 = ((64, 2), (128, 2), (320, 6), (512, 2))
_LAYER_NORM = {"type": "layer_norm", "bias": False}


def _stages(rows: tuple[tuple[int, int], ...], *extra: Spec) -> list[Spec]:
    more = extra or ({},) * len(rows)
    return [
        {"dim": dim, "depth": depth, **keys} for (dim, depth), keys in zip(rows, more, strict=True)
    ]


def poolformer_ablation(mixers: tuple[Any, ...], norm: Any, **stage2: Any) -> Spec:
    """PoolFormer-S12 with another token mixer in each stage."""
    extra = [{"token_mixer": mixer} for mixer in mixers]
    extra[2] |= stage2
    return {
        "archdsl": 1,
        "name": "ablation",
        "stem": {"type": "conv", "kernel": 7, "stride": 4, "padding": 2},
        "downsample": {"type": "conv", "kernel": 3, "stride": 2},
        "block": {"norm": norm, "channel_mixer": "mlp", "layer_scale": 1e-5},
        "stages": _stages(_S12, *extra),
        "head": {"type": "linear", "norm": norm},
    }


ATTENTION_WITH_BIAS = {"type": "attention", "proj_bias": True}
LAYER_NORM_1E5 = {"type": "layer_norm", "eps": 1e-5}
POSITIONS_LINEAR = {"type": "spatial_mlp", "ratio": None, "bias": False}


def metaformer(
    mixers: tuple[Any, ...],
    rows: tuple[tuple[int, int], ...] = _S12,
    norm: Any = _LAYER_NORM,
    head: str = "linear",
) -> Spec:
    """A MetaFormer baseline (arXiv 2210.13452)."""
    scaled = ({}, {}, {"res_scale": 1}, {"res_scale": 1})
    extra = [{"token_mixer": m, **more} for m, more in zip(mixers, scaled, strict=True)]
    return {
        "archdsl": 1,
        "name": "metaformer",
        "stem": {"type": "conv", "kernel": 7, "stride": 4, "padding": 2, "norm": _LAYER_NORM},
        "downsample": {"type": "conv", "kernel": 3, "stride": 2, "pre_norm": _LAYER_NORM},
        "block": {
            "norm": norm,
            "channel_mixer": {"type": "mlp", "act": "star_relu", "bias": False},
        },
        "stages": _stages(rows, *extra),
        "head": {"type": head, "pool_norm": "layer_norm"},
    }


GROUP_NORM = {"type": "group_norm", "groups": 1, "eps": 1e-6, "bias": False}
S18 = ((64, 3), (128, 3), (320, 9), (512, 3))

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


def ffnet(
    dims: tuple[int, ...],
    depths: tuple[int, ...],
    *,
    channel_kernels: tuple[int, ...] = (7, 7, 7, 7),
    kernels: tuple[tuple[int, int], ...] = ((3, 3), (3, 3), (7, 7), (7, 7)),
    ratios: tuple[float, ...] = (3, 3, 3, 3),
    layer_scale: float | None = None,
    stem: int = 64,
    classes: int = 1000,
) -> Spec:
    """An FFNet (arXiv 2406.02021): a kernel of 7 has two branches."""

    def static(kernel: int) -> Spec:
        return {"type": "rep_depthwise" if kernel == 7 else "depthwise", "kernel": kernel}

    def query(kernel: int) -> Spec:
        return static(kernel) if kernel == 7 else {**static(kernel), "norm": "batch_norm"}

    return {
        "archdsl": 1,
        "name": "ffnet",
        "input": [3, 256, 256],
        "classes": classes,
        "drop_path": 0.1,
        "stem": [
            {"type": "conv", "dim": stem, "kernel": 3, "stride": 2, "norm": "batch_norm",
             "act": "gelu"},
            {"type": "conv", "kernel": 3, "stride": 2, "norm": "batch_norm"},
        ],
        "downsample": [
            {"type": "rep_depthwise", "kernel": 7, "stride": 2},
            {"type": "residual", "of": {"type": "conv", "kernel": 1, "pre_norm": "batch_norm"}},
        ],
        "block": {"layer_scale": layer_scale},
        "stages": [
            {
                "dim": dim,
                "depth": depth,
                "token_mixer": {
                    "type": "meta_mixer",
                    "query": {"type": "pointwise", "norm": "batch_norm"},
                    "key": static(pair[0]),
                    "act": "gelu",
                    "value": static(pair[1]),
                },
                "channel_mixer": {
                    "type": "meta_mixer",
                    "query": query(kernel),
                    "key": {"type": "pointwise", "ratio": ratio},
                    "act": "gelu",
                    "value": "pointwise",
                },
            }
            for dim, depth, kernel, pair, ratio in zip(
                dims, depths, channel_kernels, kernels, ratios, strict=True
            )
        ],
        "head": {"type": "linear", "norm": "batch_norm", "pool": "mean"},
    }  # fmt: skip


FFNETS: dict[str, Spec] = {
    "ffnet_1": ffnet((80, 160, 320, 640), (2, 2, 8, 2), channel_kernels=(3, 3, 3, 3)),
    "ffnet_2": ffnet((88, 176, 352, 704), (3, 3, 15, 3)),
    "ffnet_3": ffnet((96, 192, 384, 768), (4, 4, 22, 5), layer_scale=1e-6),
    "ffnet_4": ffnet((128, 256, 512, 1024), (4, 4, 27, 3), layer_scale=1e-6),
}
FFNET_TINY = ffnet(
    (32, 64, 128, 256),
    (1, 1, 2, 1),
    channel_kernels=(3, 7, 3, 7),
    kernels=((3, 3), (3, 7), (7, 3), (7, 7)),
    ratios=(3, 2, 4, 3),
    layer_scale=1e-6,
    stem=16,
    classes=10,
)
