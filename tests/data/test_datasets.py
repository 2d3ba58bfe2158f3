"""Folders of Hugging Face data sets are sources of images like any other."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archdsl.data.datasets import Datasets
from archdsl.errors import SearchError

library = pytest.importorskip("datasets")


def pictures(count: int) -> list[dict[str, Any]]:
    found = []
    for number in range(count):
        content = io.BytesIO()
        Image.fromarray(np.full((20, 24, 3), 10 * number, np.uint8)).save(content, "PNG")
        found.append({"bytes": content.getvalue(), "path": None})
    return found


def table(count: int = 20, names: tuple[str, ...] | None = ("daisy", "rose"), **more: Any) -> Any:
    features = {"image": library.Image(), "label": library.Value("int64")}
    if names is not None:
        features["label"] = library.ClassLabel(names=list(names))
    columns = {"image": pictures(count), "label": [number % 2 for number in range(count)]}
    return library.Dataset.from_dict({**columns, **more}, library.Features(features | {
        name: library.Value("string") for name in more
    }))  # fmt: skip


def source(root: Path, **options: Any) -> Datasets:
    return Datasets(path=root.name, **options)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """All splits, as `save_to_disk` writes them."""
    root = tmp_path / "flowers"
    splits = {"train": table(8), "validation": table(4), "test": table(2)}
    library.DatasetDict(splits).save_to_disk(str(root))
    return root


def test_splits_and_class_names_are_those_of_the_data(saved, tmp_path) -> None:
    info = source(saved).describe(tmp_path)
    assert info.words() == "datasets flowers: 2 classes, 3 channels, 8 train, 4 val, 2 test"
    assert info.class_names == ("daisy", "rose")
    data = source(saved).searchable(tmp_path, (16, 16))
    assert data.train.images.shape == (8, 3, 18, 18)
    assert data.val.labels.tolist() == [0, 1, 0, 1]


def test_each_image_is_read_in_its_row_and_named(saved, tmp_path) -> None:
    (train,) = source(saved).samples(tmp_path, "train")
    for index in range(8):
        assert np.asarray(train.image(index, 1)).tolist() == [[10 * index] * 24] * 20
    assert train.name(3) == f"{saved}: train row 3"


def test_one_table_is_split_here(tmp_path) -> None:
    root = tmp_path / "all"
    table().save_to_disk(str(root))
    assert source(root).describe(tmp_path).counts == {"train": 12, "val": 4, "test": 4}


def test_parquet_files_are_read_with_and_without_words_on_their_columns(tmp_path, cache) -> None:
    root = tmp_path / "flowers"
    (root / "data").mkdir(parents=True)
    for split, count in (("train", 6), ("validation", 4), ("test", 2)):
        for part in range(2):
            table(count).to_parquet(root / "data" / f"{split}-0000{part}-of-00002.parquet")
    info = source(root).describe(tmp_path)
    assert info.counts == {"train": 12, "val": 8, "test": 4}
    assert info.class_names == ("daisy", "rose")
    assert (cache / "datasets").is_dir()
    bare = tmp_path / "bare"
    bare.mkdir()
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"image": pictures(20), "label": [number % 2 for number in range(20)]}
    pq.write_table(pa.table(columns), bare / "all.parquet")
    info = source(bare).describe(tmp_path)
    assert info.class_names == ("0", "1")
    (train,) = source(bare).samples(tmp_path, "train")
    assert train.image(0, 3).size == (24, 20)


def test_columns_are_found_or_named(tmp_path) -> None:
    root = tmp_path / "all"
    more = {"kind": ["tulip", "lily"] * 10}
    table(**more).rename_column("label", "species").save_to_disk(str(root))
    assert source(root).describe(tmp_path).class_names == ("daisy", "rose")
    assert source(root, label_column="kind").describe(tmp_path).class_names == ("lily", "tulip")
    with pytest.raises(SearchError) as caught:
        source(root, label_column="sort").describe(tmp_path)
    assert str(caught.value) == (
        f"{root}: has no column 'sort'.  its columns are image, species, kind"
    )
    bare = tmp_path / "bare"
    table(names=None).rename_column("label", "species").save_to_disk(str(bare))
    with pytest.raises(SearchError) as caught:
        source(bare).describe(tmp_path)
    assert str(caught.value) == (
        f"{bare}: has no column that may hold the label.  write  label_column: NAME  (there are "
        "image, species)"
    )


def test_a_row_without_a_class_or_an_image_is_named(tmp_path) -> None:
    root = tmp_path / "all"
    held = table()
    library.Dataset.from_dict(
        {"image": pictures(20), "label": [0, 1, None] + [0] * 17}, held.features
    ).save_to_disk(str(root))
    with pytest.raises(SearchError, match=r"label says no class in row 2\.  leave the row out"):
        source(root).describe(tmp_path)
    other = tmp_path / "other"
    images = pictures(20)
    images[1] = {"bytes": b"none", "path": None}
    images[2] = None
    library.Dataset.from_dict({"image": images, "label": [0, 1] * 10}, held.features).save_to_disk(
        str(other)
    )
    splits = source(other).samples(tmp_path, "train", "val", "test")
    failed = []
    for samples in splits:
        for index in range(len(samples)):
            try:
                samples.image(index, 3)
            except SearchError as error:
                failed.append(str(error).partition(": ")[2])
    assert sorted(failed) == [
        "train row 1: cannot be read as an image (it is of no kind that Pillow knows).  replace "
        "it or remove it",
        "train row 2: cannot be read as an image (there is none in the row).  replace it or "
        "remove it",
    ]


def test_a_row_may_name_a_file_of_the_folder_and_no_other(tmp_path) -> None:
    root = tmp_path / "named"
    root.mkdir()
    for place in (root / "in.png", tmp_path / "out.png"):
        place.write_bytes(pictures(1)[0]["bytes"])
    import pyarrow as pa
    import pyarrow.parquet as pq

    paths = ["in.png", "../out.png", str(tmp_path / "out.png"), str(root / "in.png")] * 5
    images = [{"bytes": None, "path": path} for path in paths]
    pq.write_table(pa.table({"image": images, "label": [0, 1] * 10}), root / "all.parquet")
    for samples in source(root).samples(tmp_path, "train", "val", "test"):
        for index in range(len(samples)):
            row = int(samples.key(index))
            if row % 4 in (0, 3):
                assert samples.image(index, 3).size == (24, 20)
            else:
                with pytest.raises(SearchError, match="the row names a file outside of the folder"):
                    samples.image(index, 3)


def test_a_fingerprint_tells_labels_and_contents_apart(tmp_path) -> None:
    prints = []
    for name, held in (("a", table()), ("b", table()), ("c", table(names=("rose", "daisy")))):
        held.save_to_disk(str(tmp_path / name))
        prints.append(source(tmp_path / name).fingerprint(tmp_path))
    assert prints[0] == prints[1]
    images = pictures(20)
    images[5] = images[6]
    held = {"image": images, "label": [0, 1] * 10}
    library.Dataset.from_dict(held, table().features).save_to_disk(str(tmp_path / "d"))
    assert source(tmp_path / "d").fingerprint(tmp_path) != prints[0]


def test_wrong_paths(tmp_path) -> None:
    with pytest.raises(SearchError, match="nowhere: no such folder"):
        Datasets(path="nowhere").describe(tmp_path)
    (tmp_path / "bare").mkdir()
    with pytest.raises(SearchError, match="bare: holds nothing that save_to_disk wrote"):
        Datasets(path="bare").describe(tmp_path)
    (tmp_path / "bare" / "a.parquet").write_text("none")
    with pytest.raises(SearchError, match=r"bare: cannot be read as data sets \("):
        Datasets(path="bare").describe(tmp_path)


def test_a_missing_package_is_named(saved, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(SearchError) as caught:
        source(saved).describe(tmp_path)
    assert str(caught.value) == (
        "data: this source needs the package datasets, which is not installed.  "
        "pip install 'archdsl[datasets]'"
    )
