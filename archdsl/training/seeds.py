"""Every random draw of a training follows from its seed and the epoch, and from nothing else."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def seed_of(*parts: int | str) -> int:
    """A seed of 63 bits from a training's seed and what is drawn, well mixed."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def seed_everything(seed: int) -> None:
    """Seed the generators that models and the user's own data may draw from."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)


def drawn_so_far() -> dict[str, Any]:
    """Where the generators that `seed_everything` seeds are, as plain values and tensors."""
    version, words, normal = random.getstate()
    name, keys, *rest = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
        "python": [version, list(words), normal],
        "numpy": [name, np.asarray(keys).tolist(), *rest],
    }


def draw_on(state: Mapping[str, Any]) -> None:
    """Let the generators go on from where `drawn_so_far` said that they were."""
    torch.set_rng_state(state["torch"])
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
    version, words, normal = state["python"]
    random.setstate((version, tuple(words), normal))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, np.array(keys, np.uint32), *rest))


@contextmanager
def own_randomness() -> Iterator[None]:
    """Leave the process's generators as they were."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        # one accelerator is used; naming none would copy the state of all
        devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
