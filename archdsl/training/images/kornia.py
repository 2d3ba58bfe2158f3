"""The library of augmentations, and what it draws: from a seed of each draw's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from archdsl.errors import SearchError


def library() -> Any:
    """The package `kornia.augmentation`. Raises SearchError where it is not installed."""
    try:
        import kornia.augmentation
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "kornia":
            raise
        raise SearchError(
            "recipe: augmentation needs the package kornia, which is not installed.  "
            "pip install 'archdsl[train]'"
        ) from None
    return kornia.augmentation


@contextmanager
def drawing_from(seed: int) -> Iterator[None]:
    """Let what is drawn on the CPU follow from a seed, and leave the process's generator as it was.

    The library draws all parameters on the CPU, those of images on an accelerator too.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed accelerators, too
        yield
