"""What every job of a search needs on a node, as plain data that travel once."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from archdsl.data.fingerprint import digest_of
from archdsl.study.engines.handed import ReadData
from archdsl.study.engines.ray.node import unpacked
from archdsl.study.engines.seat import Limits


@dataclass(frozen=True, slots=True)
class Kit:
    """What a task is handed beside its job.

    version: of archdsl; versions: of what a trial runs on, where the search runs
    evaluate, memory, start_method: as a worker is handed them; limits: of a job
    threads: of torch; gpus: of a job, or its share of one
    data: that were read, if they were; arrays: the large ones of them, by the name of their file
    shared: the URL of the shared folder; below: the folder of this search in it
    """

    version: str
    versions: dict[str, str]
    evaluate: bytes | None
    memory: int | None
    start_method: str | None
    limits: Limits
    threads: int
    gpus: float
    data: ReadData | None
    shared: str
    below: str
    arrays: dict[str, Any] = field(default_factory=dict)

    def read_data(self) -> ReadData | None:
        """The data as a worker of this node is handed them. Raises SearchError."""
        if self.data is None or not self.arrays:
            return self.data
        digest = digest_of(self.data.pickled + repr(sorted(self.arrays)).encode())

        def save(folder: Path) -> None:
            for name, array in self.arrays.items():
                np.save(folder / name, array, allow_pickle=False)

        return dataclasses.replace(self.data, folder=str(unpacked(f"data-{digest}", save)))


def arrays_of(data: ReadData | None) -> dict[str, Any]:
    """The large arrays of data, by the name of the file that each lies in."""
    files = () if data is None else data.files
    return {Path(file).name: np.load(file, mmap_mode="r") for file in files}
