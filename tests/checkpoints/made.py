"""Checkpoints made on the spot."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

GOLDEN = Path(__file__).parents[1] / "golden"

Names = list[tuple[str, tuple[int, ...]]]

# The smallest models that are their families' in structure; their names choose their tables.
LITTLE: dict[str, dict[str, Any]] = {
    "poolformer_s12": {
        "input": [3, 64, 64], "classes": 7,
        "stages.0.dim": 8, "stages.1.dim": 12, "stages.2.dim": 16, "stages.3.dim": 20,
        "stages.2.depth": 2,
    },
    "caformer_s18": {
        "input": [3, 64, 64], "classes": 7,
        "stages.0.dim": 8, "stages.1.dim": 12, "stages.2.dim": 32, "stages.3.dim": 64,
        "stages.0.depth": 1, "stages.1.depth": 1, "stages.2.depth": 2, "stages.3.depth": 1,
    },
    "deit_tiny": {"input": [3, 48, 32], "classes": 7, "stages.0.depth": 2},
}  # fmt: skip


def tensors(names: Iterable[tuple[str, Iterable[int]]]) -> dict[str, Tensor]:
    """A tensor for each name, of small numbers that follow from the name."""
    made = {}
    for name, shape in names:
        numbers = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        made[name] = torch.randint(-9, 9, tuple(shape), dtype=torch.int8, generator=numbers)
    return made


def published(path: str) -> Names:
    """The names and shapes of a published model, `metaformer/caformer_s18_224_b2`."""
    found = json.loads((GOLDEN / f"{path}.json").read_text())
    listed = found["state_dict"] if isinstance(found, dict) else found
    return [(name, tuple(shape)) for name, shape in listed]
