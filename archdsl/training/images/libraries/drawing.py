"""What libraries draw: from a seed of each draw's own, and from no generator that goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def drawing_from(seed: int) -> Iterator[None]:
    """Let what torch draws on the CPU follow from a seed, and leave its generator as it was.

    kornia and torchvision draw all parameters there, those of images on an accelerator too.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed accelerators, too
        yield


@contextmanager
def drawing_all_from(seed: int) -> Iterator[None]:
    """The same of Python's generator and of numpy's, too, which timm draws from."""
    pythons, numpys = random.getstate(), np.random.get_state()
    try:
        random.seed(seed)
        np.random.seed(seed % 2**32)
        with drawing_from(seed):
            yield
    finally:
        random.setstate(pythons)
        np.random.set_state(numpys)
