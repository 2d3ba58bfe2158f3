"""How deep in a network its parameters lie, by their addresses."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from torch import nn

from archdsl.errors import SearchError


def layers_of(model: nn.Module) -> dict[str, int]:
    """Address of a parameter -> the number of its layer, which grows from the images to the head.

    0 is the stem with the class token and what is added before the first block; then each block
    is a layer; the head is the last. What leads from one stage into the next goes with the first
    block there, and the norm after a stage with the last block before it.

    model: as `build` makes it
    Raises SearchError for another model, of which there is no telling.
    """
    first = [1, *(1 + blocks for blocks in accumulate(_depths(model)))]
    """The layer of the first block of each stage, and that of the head."""
    return {name: _layer(name.split("."), first) for name, _ in model.named_parameters()}


def last_layer(model: nn.Module) -> int:
    """The number of the head: one more than there are blocks."""
    return 1 + sum(_depths(model))


def _depths(model: nn.Module) -> list[int]:
    stages: Any = getattr(model, "stages", ())
    return [len(stage.blocks) for stage in stages]


def _layer(path: list[str], first: list[int]) -> int:
    match path:
        case ["stem" | "class_token", *_] | ["stages", "0", "downsample" | "pos_embed", *_]:
            return 0
        case ["stages", stage, "blocks", block, *_]:
            return first[int(stage)] + int(block)
        case ["stages", stage, "downsample" | "pos_embed", *_]:
            return first[int(stage)]
        case ["stages", stage, "out_norm", *_]:
            return first[int(stage) + 1] - 1
        case ["head", *_]:
            return first[-1]
    raise SearchError(
        f"recipe: layer_decay: there is no telling which layer {'.'.join(path)} belongs to.  "
        "write  train.layer_decay: none"
    )
