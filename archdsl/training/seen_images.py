"""Images of a split that were told right, one by one, as a record holds them. No torch in here."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Bits: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.bool_]]"


def packed(right: Bits, labels: np.ndarray[Any, Any], classes: int) -> dict[str, Any]:
    """(images,) whether each was told right, and its label, as values that JSON can hold.

    right: a bit each, in hexadecimal, the first image first; images: how many
    classes: [how many right, how many] of each class
    """
    count = np.bincount(labels, minlength=classes)
    told = np.bincount(labels[right], minlength=classes)
    return {
        "images": len(right),
        "right": np.packbits(right).tobytes().hex(),
        "classes": np.stack([told, count], axis=1).tolist(),
    }


def unpacked(seen: dict[str, Any]) -> Bits:
    """(images,) whether each was told right, from what `packed` gave."""
    bits = np.frombuffer(bytes.fromhex(seen["right"]), np.uint8)
    return np.unpackbits(bits, count=seen["images"]).astype(bool)
