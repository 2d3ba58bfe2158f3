from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Folder = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ARCHDSL_CACHE", str(folder))
    return folder


@pytest.fixture
def class_folders(tmp_path: Path) -> Folder:
    """Writes `count` small images into each of the class folders below `root`."""

    def write(
        root: str = "flowers",
        classes: tuple[str, ...] = ("daisy", "rose"),
        count: int = 10,
        mode: str = "RGB",
    ) -> Path:
        rng = np.random.default_rng(0)
        for shade, name in enumerate(classes):
            folder = tmp_path / root / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 60, (20, 24, 3), dtype=np.uint8) + 120 * shade
                Image.fromarray(pixels.astype(np.uint8)).convert(mode).save(
                    folder / f"{number}.png"
                )
        return tmp_path / root

    return write
