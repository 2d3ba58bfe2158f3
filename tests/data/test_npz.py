from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from archdsl.data.npz import Npz
from archdsl.errors import SearchError

N = 40
X = np.arange(N * 6 * 5, dtype=np.float32).reshape(N, 1, 6, 5)
Y = np.arange(N) % 4


def saved(folder: Path, **arrays: np.ndarray) -> Npz:
    np.savez(folder / "a.npz", **arrays)
    return Npz(path="a.npz")


def refused(folder: Path, words: str, **arrays: np.ndarray) -> None:
    source = saved(folder, **arrays)
    with pytest.raises(SearchError, match=words):
        source.describe(folder)


def test_one_pair_of_arrays_is_split_class_by_class(tmp_path):
    source = saved(tmp_path, x=X, y=Y)
    info = source.describe(tmp_path)
    assert (info.channels, info.size, info.classes) == (1, (6, 5), 4)
    assert info.counts == {"train": 24, "val": 8, "test": 8}
    data = source.searchable(tmp_path, (6, 5))
    test, _ = source.held_out(tmp_path, (6, 5))
    together = np.concatenate([data.train.images, data.val.images, test.images])
    assert sorted(together[:, 0, 0, 0]) == sorted(X[:, 0, 0, 0])


def test_no_split_shares_memory_with_another(tmp_path):
    source = saved(tmp_path, x=X, y=Y)
    data = source.searchable(tmp_path, (6, 5))
    for split in (data.train, data.val):
        base = split.images
        while base.base is not None:
            base = base.base
        assert base.size == split.images.size


def test_given_splits_are_taken_as_they_are(tmp_path):
    source = saved(
        tmp_path, x_train=X, y_train=Y, x_val=X[:8], y_val=Y[:8], x_test=X[:4], y_test=Y[:4]
    )
    assert source.describe(tmp_path).counts == {"train": 40, "val": 8, "test": 4}
    assert np.array_equal(source.held_out(tmp_path, (6, 5))[0].images, X[:4])


def test_a_split_that_is_not_given_comes_from_train(tmp_path):
    source = saved(tmp_path, x_train=X, y_train=Y, x_test=X[:4], y_test=Y[:4])
    assert source.describe(tmp_path).counts == {"train": 32, "val": 8, "test": 4}


@pytest.mark.parametrize(
    ("layout", "shape", "channels"),
    [("nchw", (N, 3, 6, 5), 3), ("nhwc", (N, 6, 5, 3), 3), ("nchw", (N, 6, 5), 1)],
)
def test_the_order_of_axes(tmp_path, layout, shape, channels):
    np.savez(tmp_path / "a.npz", x=np.zeros(shape, dtype=np.uint8), y=Y)
    info = Npz(path="a.npz", layout=layout).describe(tmp_path)
    assert (info.channels, info.size) == (channels, (6, 5))


def test_bytes_become_numbers_around_zero_and_floats_stay(tmp_path):
    pixels = np.full((N, 1, 2, 2), 255, dtype=np.uint8)
    data = saved(tmp_path, x=pixels, y=Y).searchable(tmp_path, (2, 2))
    seen = data.views.plain(torch.from_numpy(data.val.images))
    assert seen.dtype == torch.float32
    assert torch.allclose(seen, torch.tensor(2.0))
    data = saved(tmp_path, x=X.astype(np.float64), y=Y).searchable(tmp_path, (6, 5))
    assert torch.equal(
        data.views.train(torch.from_numpy(data.train.images), torch.Generator()),
        torch.from_numpy(data.train.images),
    )


def test_flip_mirrors_half_in_training_only(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    data = Npz(path="a.npz", flip=True).searchable(tmp_path, (6, 5))
    images = torch.from_numpy(data.train.images)
    seen = data.views.train(images, torch.Generator().manual_seed(0))
    same = (seen == images).flatten(1).all(1)
    assert 0 < same.sum() < len(images)
    assert torch.equal(seen[~same], images[~same].flip(3))
    assert torch.equal(data.views.plain(images), images)


def test_wrong_paths_say_what_is_there(tmp_path):
    with pytest.raises(SearchError, match=r"b\.npz: no such file"):
        Npz(path="b.npz").describe(tmp_path)
    with pytest.raises(SearchError, match="is a folder, not a file"):
        Npz(path=".").describe(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 torn"])
def test_a_file_that_is_no_npz(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(SearchError, match=r"a\.npz: cannot be read as \.npz"):
        Npz(path="a.npz").describe(tmp_path)


def test_a_single_array_is_no_npz(tmp_path):
    with (tmp_path / "a.npz").open("wb") as file:
        np.save(file, X)
    with pytest.raises(SearchError, match="one array without a name"):
        Npz(path="a.npz").describe(tmp_path)


def test_pickled_objects_are_never_loaded(tmp_path):
    refused(tmp_path, "cannot be read", x=np.array([object()] * N), y=Y)


def test_arrays_that_are_missing(tmp_path):
    refused(tmp_path, "holds a, and no training images", a=X)
    refused(tmp_path, "holds arr_0, arr_1, and no training images", arr_0=X, arr_1=Y)
    refused(tmp_path, r"holds x, and no labels to it\.", x=X)
    refused(tmp_path, "holds y_val, and no images to it", x_train=X, y_train=Y, y_val=Y)
    refused(tmp_path, "holds both x and x_train", x=X, y=Y, x_train=X, y_train=Y)
    refused(tmp_path, "holds x_test, y_test, and no training images", x_test=X, y_test=Y)


def test_arrays_of_the_wrong_shape_or_type(tmp_path):
    refused(tmp_path, r"x has the shape \(40, 30\)", x=X.reshape(N, -1), y=Y)
    refused(tmp_path, "x is int64", x=X.astype(np.int64), y=Y)
    refused(tmp_path, r"save 40 integers of shape \(40,\)", x=X, y=Y[:-1])
    refused(tmp_path, r"y is int64 of shape \(40, 4\)", x=X, y=np.eye(4, dtype=int)[Y])
    refused(tmp_path, r"y is int64 of shape \(1, 40\)", x=X, y=Y[None])
    refused(tmp_path, "y is float64", x=X, y=Y.astype(float))
    refused(tmp_path, "not finite", x=np.where(X == 7, np.nan, X), y=Y)
    refused(tmp_path, "x_val is uint8, and x_train float32", x_train=X, y_train=Y,
            x_val=X.astype(np.uint8), y_val=Y)  # fmt: skip
    refused(tmp_path, "x_val holds images", x_train=X, y_train=Y, x_val=X[:, :, :3], y_val=Y)


def test_labels_count_from_zero_without_gaps(tmp_path):
    saved(tmp_path, x=X, y=Y).describe(tmp_path)
    refused(tmp_path, "y holds -1", x=X, y=Y - 1)
    refused(tmp_path, "train has class 4, and no image of class 0", x=X, y=Y + 1)
    refused(tmp_path, "no image of class 3", x=X, y=np.where(Y == 3, 10**12, Y))
    refused(tmp_path, "one class only", x=X, y=Y * 0)
    refused(tmp_path, "val has no image of class 3, and train has", x_train=X, y_train=Y,
            x_val=X, y_val=Y % 3)  # fmt: skip
    refused(tmp_path, "train has no image of class 4, and test has", x_train=X, y_train=Y,
            x_test=X, y_test=np.arange(N) % 5)  # fmt: skip


def test_a_class_too_small_for_three_splits(tmp_path):
    labels = Y.copy()
    labels[labels == 3] = 0
    labels[:2] = 3
    refused(tmp_path, "class '3' has 2 images, too few for 3 splits", x=X, y=labels)
