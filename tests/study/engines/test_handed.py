"""What a worker is handed: data that are read once and shared, and an evaluate."""

from __future__ import annotations

import errno
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archdsl.data.source import Split
from archdsl.errors import SearchError
from archdsl.study.engines.handed import LARGE, SharedData, prepared_again, received, sent
from archdsl.training import DataSource, Recipe, prepare


@pytest.fixture
def prepared() -> Any:
    return prepare(Recipe(), DataSource(), (1, 12, 12), 10)


def there_and_back(prepared: Any, folder: Path) -> tuple[Any, SharedData]:
    shared = SharedData(folder)
    data = shared.of(prepared)
    assert data is not None
    return prepared_again(data, lambda: None), shared


def test_small_data_come_back_as_they_were(prepared, tmp_path) -> None:
    again, shared = there_and_back(prepared, tmp_path / "shared")
    assert not (tmp_path / "shared").exists()
    for split in ("train", "val"):
        was, now = (getattr(one.data, split) for one in (prepared, again))
        assert np.array_equal(was.images, now.images) and np.array_equal(was.labels, now.labels)
    assert (again.info, again.recipe, again.steps) == (
        prepared.info, prepared.recipe, prepared.steps
    )  # fmt: skip
    shared.close()


@pytest.mark.parametrize("start", [0, 3])
def test_large_arrays_are_mapped_and_those_of_a_file_from_there(prepared, tmp_path, start) -> None:
    images = np.arange(2 * LARGE, dtype=np.uint8).reshape(-1, 1, 64, 64)
    np.save(tmp_path / "pack.npy", images)
    in_file = np.load(tmp_path / "pack.npy", mmap_mode="r")[start:]
    labels = np.zeros(len(images), np.int64)
    data = replace(prepared.data, train=Split(images, labels), val=Split(in_file, labels[start:]))
    again, shared = there_and_back(replace(prepared, data=data), tmp_path / "shared")
    assert Path(again.data.train.images.filename).parent == tmp_path / "shared"
    for split, was in (("train", images), ("val", images[start:])):
        now = getattr(again.data, split).images
        assert isinstance(now, np.memmap) and np.array_equal(now, was)
        assert now.flags.writeable is False
    assert str(again.data.val.images.filename) == str(tmp_path / "pack.npy")
    shared.close()
    assert [path.name for path in tmp_path.iterdir()] == ["pack.npy"]


@pytest.mark.parametrize("fails", ["mapping", "writing", "the folder"])
def test_where_a_folder_is_good_for_no_file_to_map_another_is_taken(
    prepared, tmp_path, monkeypatch, fails
) -> None:
    folder, elsewhere = tmp_path / "shared", tmp_path / "tmp"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    if fails == "the folder":
        folder.write_text("a file is in its place")
    else:
        module, name = (np.lib.format, "open_memmap") if fails == "mapping" else (np, "save")
        original = getattr(module, name)

        def refused(path: Any, *given: Any, **named: Any) -> Any:
            if Path(path).parent == folder:
                raise OSError(errno.ENODEV, "No such device")
            return original(path, *given, **named)

        monkeypatch.setattr(module, name, refused)
    images = [np.full(2 * LARGE, value, np.uint8).reshape(-1, 1, 64, 64) for value in (1, 2)]
    labels = np.zeros(len(images[0]), np.int64)
    train, val = (Split(one, labels) for one in images)
    data = replace(prepared.data, train=train, val=val)
    again, shared = there_and_back(replace(prepared, data=data), folder)
    for split, was in (("train", images[0]), ("val", images[1])):
        now = getattr(again.data, split).images
        assert isinstance(now, np.memmap) and np.array_equal(now, was)
        assert Path(now.filename).is_relative_to(elsewhere)
    shared.close()
    assert not list(elsewhere.iterdir()) and not folder.is_dir()


def test_what_cannot_be_shared_is_read_by_each_worker(prepared, tmp_path) -> None:
    shared = SharedData(tmp_path / "shared")
    assert shared.of(replace(prepared, datamodule=object())) is None
    views = lambda images: images  # noqa: E731  # what pickle cannot name
    assert shared.of(replace(prepared, data=replace(prepared.data, views=views))) is None
    shared.close()


def test_an_evaluate_of_a_notebook_is_sent_with_what_it_names() -> None:
    cells: dict[str, Any] = {"__name__": "__main__"}
    exec("import math\nscale = 3\ndef evaluate(c):\n    return math.sqrt(scale * c)", cells)
    assert received(sent(cells["evaluate"]))(12) == 6.0  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["r", "w", "rb", "r+b"])
def test_an_open_file_is_not_sent(mode, tmp_path) -> None:
    """Each worker would have a copy at a place of its own."""
    (tmp_path / "data.txt").write_text("12")
    with (tmp_path / "data.txt").open(mode) as file:
        held = lambda candidate: len(file.read())  # noqa: E731
        with pytest.raises(SearchError) as refused:
            sent(held)  # type: ignore[arg-type]
    assert str(refused.value) == (
        "evaluate cannot be sent to a worker process (TypeError: it holds an open file, "
        f"{tmp_path / 'data.txt'}).  make inside it what it works with (open files, locks, "
        "connections, models on a GPU), or search with  workers: 1"
    )
    text = io.StringIO("12")
    fine = lambda candidate: len(text.read())  # noqa: E731
    assert received(sent(fine))(None) == 2  # type: ignore[arg-type]


def test_an_evaluate_that_cannot_be_made_again_is_said_to_be_so() -> None:
    with pytest.raises(SearchError) as refused:
        received(b"not pickled")
    assert str(refused.value) == (
        "evaluate cannot be made again in a worker process (UnpicklingError: invalid load key, "
        "'n'.).  what it imports must be importable there, too; or search with  workers: 1"
    )
