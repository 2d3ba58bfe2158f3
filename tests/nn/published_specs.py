"""What has golden vectors and is not shipped, as a shipped spec with patches."""

from __future__ import annotations

from typing import Any

import archdsl

Spec = dict[str, Any]


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
