"""The convolutional gated linear unit against TransNeXt's published code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tests.nn.filling import fill, transnext_rule

GOLDEN = Path(__file__).parents[1] / "golden" / "transnext" / "unit_glu.npz"


def test_conv_glu_is_that_of_the_published_code(make: Callable[..., nn.Module]) -> None:
    golden = np.load(GOLDEN)
    about = json.loads(str(golden["meta"]))
    dim, (height, width) = about["in_features"], about["grid"]
    mixer = make("channel_mixer", "conv_glu", dim=dim, ratio=about["nominal_hidden"] / dim)
    hidden = mixer.state_dict()["fc2.weight"].shape[1]
    assert hidden == 33

    def published(name: str) -> str:
        return about["prefix"] + name.replace("depthwise.", "dwconv.dwconv.")

    shapes = {
        published(name): tuple(t.shape) if "depthwise" in name else tuple(t.shape[:2])
        for name, t in mixer.state_dict().items()
    }
    fill(mixer, published, transnext_rule, shapes)

    def as_map(tokens: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(tokens).transpose(1, 2).reshape(-1, dim, height, width)

    with torch.no_grad():
        y = mixer(as_map(golden["x"]))
    assert (y - as_map(golden["y"])).abs().max() < 1e-6
