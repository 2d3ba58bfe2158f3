"""The libraries of augmentations that a recipe names, each of which does its own to images.

library.py              what one of them is asked for
drawing.py              what they draw: from a seed of each draw's own
installed.py            the import of one, and what is said where there is none
kornia.py               kornia: a batch at once, on the device;  kornia_rand_augment.py  RandAugment
torchvision.py          torchvision's v2: one image in a worker process, and batches of two sorts
timm.py                 timm: the same
"""

from __future__ import annotations

from collections.abc import Callable

from archdsl.training.augmentation import Augmentation
from archdsl.training.images.libraries.kornia import Kornia
from archdsl.training.images.libraries.library import Library
from archdsl.training.images.libraries.timm import Timm
from archdsl.training.images.libraries.torchvision import Torchvision

_BY_NAME: dict[str, Callable[[Augmentation], Library]] = {
    "kornia": Kornia,
    "torchvision": Torchvision,
    "timm": Timm,
}


def library_of(augmentation: Augmentation) -> Library:
    """The library that an augmentation names; nothing of it is imported before it is used."""
    return _BY_NAME[augmentation.library](augmentation)
