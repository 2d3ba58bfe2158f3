from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archdsl.components.component import component
from archdsl.training import DataSource

Folder = Callable[..., DataSource]


@pytest.fixture
def photos(tmp_path: Path) -> Folder:
    """Writes a folder of three classes of noise of many sizes, and gives it as a source."""

    def write(count: int = 12, suffix: str = "jpg", mode: str = "RGB") -> DataSource:
        rng = np.random.default_rng(0)
        for name in ("daisy", "rose", "tulip"):
            folder = tmp_path / "photos" / name
            folder.mkdir(parents=True)
            for number in range(count):
                height, width = rng.integers(20, 60, 2)
                pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
                Image.fromarray(pixels).convert(mode).save(folder / f"{number:02}.{suffix}")
        channels = {"RGB": 3, "L": 1}[mode]
        return DataSource(
            component("data", "image_folder", path="photos", channels=channels), tmp_path
        )

    return write
