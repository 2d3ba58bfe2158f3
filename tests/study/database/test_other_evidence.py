"""Other code or data beside another driver: refused before there is a figure, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archdsl.errors import SearchError
from archdsl.study import search
from archdsl.study.record.database.reading import drivers_of
from archdsl.study.record.folder import read_state
from tests.study.conftest import judged, tiny_space
from tests.study.database.drivers import begun, start, until


@pytest.fixture
def beside(storage) -> Any:
    """Starts a driver that has no figure for long, and waits until it is at a trial."""
    there = []

    def started(folder: Path, **given: Any) -> None:
        there.append(start(storage, folder, "first", **given))
        until(lambda: (state := read_state(folder / "first")) is not None and state.trials)

    yield started
    for one in there:
        one.kill()
        one.join()


def arrays(path: Path, x: int) -> dict[str, Any]:
    """Settings of a proxy that trains for long on images with one pixel of that value."""
    images = np.zeros((40, 1, 12, 12), dtype=np.uint8)
    images[0, 0, 0, 0] = x
    path.mkdir()
    np.savez(path / "a.npz", x=images, y=np.arange(40) % 10)
    data = {"type": "npz", "path": str(path / "a.npz")}
    return {"data": data, "epochs": 5000, "batch": 8, "warmup": 0}


def test_other_code_beside_another_driver(beside, storage, tmp_path) -> None:
    beside(tmp_path, trials=3, seconds=60)
    space = tiny_space({"input": [1, 12, 12]}, storage=storage, trials=3)
    settings = space.spec.settings()
    with pytest.raises(SearchError, match=r"holds a search that ran other code: .*drivers\.py"):
        search(space, out=tmp_path / "other", settings=settings, evaluate=judged)
    assert [one.called for one in drivers_of(storage["url"], storage["study"])] != []
    state = read_state(tmp_path / "first")
    assert state is not None and not state.finished and len(state.sessions) == 1
    same = start(storage, tmp_path, "second", trials=3, seconds=0.05)
    until(lambda: "second" in dict(begun(tmp_path)))
    same.kill()
    same.join()


@pytest.mark.slow
def test_other_data_beside_another_driver(beside, storage, tmp_path) -> None:
    given = {"trials": 3, "budget": {"macs": "200k"}, "shared": f"file://{tmp_path}/shared"}
    beside(tmp_path, trains=True, proxy=arrays(tmp_path / "here", 1), **given)
    space = tiny_space(
        {"input": [1, 12, 12]}, storage=storage, proxy=arrays(tmp_path / "there", 2), **given
    )
    with pytest.raises(SearchError, match=r"holds a search that had other data \(.*\): "):
        search(space, out=tmp_path / "other", settings=space.spec.settings())
