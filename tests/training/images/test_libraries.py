"""The libraries of augmentations where they are not installed, and what their draws follow from.

What torchvision and timm make of images is in tests/integrations/test_augmentations.py.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from archdsl.errors import SearchError
from archdsl.training.augmentation import Augmentation
from archdsl.training.images.augment import Augment
from archdsl.training.images.crops import Crop
from archdsl.training.images.libraries import library_of
from archdsl.training.images.libraries.drawing import drawing_all_from, drawing_from

TORCH = torch.__version__
NEEDS = "recipe: augmentation needs the package "
USES = [
    {},
    {"crop_scale": None, "rand_augment": 1},
    {"crop_scale": None, "random_erasing": 0.5},
    {"crop_scale": None, "mixup": 0.8},
    {"crop_scale": None, "cutmix": 1.0},
]


def made(**said: Any) -> None:
    augmentation = Augmentation(**said)
    Crop((8, 8), augmentation)
    Augment(augmentation, 3, 4)


@pytest.fixture
def none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("kornia", "torchvision", "timm"):
        for module in [one for one in sys.modules if one.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("library", "cure"),
    [
        ("kornia", "pip install 'archdsl[train]'"),
        (
            "torchvision",
            f"install the release that belongs to torch {TORCH}, or write  library: kornia",
        ),
        ("timm", "pip install timm, or write  library: kornia"),
    ],
)
def test_a_library_that_is_not_installed_is_named_where_it_is_used(
    none_of_them, library: str, cure: str, use: dict[str, Any]
) -> None:
    made(library=library, crop_scale=None)
    with pytest.raises(SearchError) as caught:
        made(library=library, **use)
    assert str(caught.value) == f"{NEEDS}{library}, which is not installed.  {cure}"


def test_colours_by_a_library_that_is_not_installed_are_refused(none_of_them) -> None:
    for library in ("kornia", "torchvision"):
        with pytest.raises(SearchError, match=f"{NEEDS}{library}, which is not installed"):
            made(library=library, crop_scale=None, color_jitter=0.4)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (
            'raise RuntimeError("operator torchvision::nms does not exist\\nand more")',
            f"and the installed torchvision does not match torch {TORCH} (operator "
            "torchvision::nms does not exist)",
        ),
        (
            'raise ModuleNotFoundError("gone", name="torchvision.ops")',
            "which needs torchvision, which is not installed",
        ),
    ],
)
def test_a_torchvision_that_timm_cannot_import_is_named(
    none_of_them, tmp_path: Path, monkeypatch, source: str, says: str
) -> None:
    (tmp_path / "timm").mkdir()
    (tmp_path / "timm/__init__.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "timm")
    with pytest.raises(SearchError) as caught:
        made(library="timm")
    assert str(caught.value) == (
        f"{NEEDS}timm, {says}.  install the release that belongs to torch {TORCH}, or write  "
        "library: kornia"
    )


@pytest.mark.parametrize(
    "source", ['raise ImportError("gone", name="jax")', 'raise RuntimeError("no CPU")']
)
def test_what_else_breaks_an_import_stays_what_it_is(
    none_of_them, tmp_path: Path, monkeypatch, source: str
) -> None:
    (tmp_path / "timm").mkdir()
    (tmp_path / "timm/__init__.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "timm")
    with pytest.raises((ImportError, RuntimeError), match=r"gone|no CPU"):
        made(library="timm")


def test_an_odd_batch_is_refused_where_images_are_mixed_in_pairs() -> None:
    for library in ("kornia", "torchvision", "timm"):
        library_of(Augmentation(library=library)).refuse_batch(4)
    for library in ("kornia", "torchvision"):
        library_of(Augmentation(library=library)).refuse_batch(5)
    with pytest.raises(SearchError) as caught:
        library_of(Augmentation(library="timm")).refuse_batch(5)
    assert str(caught.value) == (
        "recipe: augmentation: timm mixes images in pairs, and a batch has 5.  write a train.batch "
        "that is even on each device, or  library: kornia"
    )


def test_what_is_drawn_follows_from_the_seed_and_leaves_the_generators_as_they_were() -> None:
    def drawn() -> tuple[float, float, float]:
        return torch.rand(()).item(), random.random(), float(np.random.rand())

    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    untouched = drawn()
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    with drawing_all_from(2**40 + 7):
        first = drawn()
    with drawing_all_from(2**40 + 7):
        assert drawn() == first
    with drawing_all_from(2**40 + 8):
        assert not set(drawn()) & set(first)
    with drawing_from(2**40 + 7):
        assert torch.rand(()).item() == first[0]
    assert drawn() == untouched
