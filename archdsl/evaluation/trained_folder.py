"""The folder of a full training: its record says which images it was trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from archdsl.errors import SearchError
from archdsl.training.data_source import DataSource

TRAIN, BEST = "train.json", "best.safetensors"
"""The record in such a folder, and the weights of the best epoch."""


def is_training(folder: Path) -> bool:
    """Whether a folder is one of a training."""
    return (folder / TRAIN).is_file()


def source_of(folder: Path) -> DataSource:
    """The images of a training, as its record has them.

    Raises SearchError for a record that cannot be read, and for images of a datamodule.
    """
    path = folder / TRAIN
    try:
        record: Any = json.loads(path.read_text(encoding="utf-8"))
        source, datamodule = record["data"]["source"], record["recipe"]["datamodule"]
    except (OSError, ValueError, KeyError, TypeError):
        raise SearchError(f"{path}: cannot be read.  name the images with  --data PATH") from None
    if datamodule is not None:
        raise SearchError(
            f"{path}: its images come from a datamodule, whose batches are not read here.  name a "
            "folder or an .npz file with  --data PATH"
        )
    return DataSource.from_record(source)
