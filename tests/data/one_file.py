"""One image file as samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from archdsl.data.packs import decoded
from archdsl.data.samples import Files
from archdsl.data.texts import Texts


def decode(path: Path, channels: Any, size: tuple[int, int]) -> Any:
    """The image in a file, as it is packed."""
    files = Files(path.parent, Texts.of([path.name]), np.zeros(1, np.int64), ("a",))
    return decoded(files, 0, channels, size)
