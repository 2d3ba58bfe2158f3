"""The names under which people save images and labels, in whatever order of words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.data.npz import Npz
from archdsl.data.npz_names import Pair, meaning, pairs_of
from archdsl.errors import SearchError

N = 40
X = np.arange(N * 6 * 5, dtype=np.float32).reshape(N, 1, 6, 5)
Y = np.arange(N) % 4

IMAGES = ("x", "X", "images", "image", "imgs", "data", "inputs")
LABELS = ("y", "Y", "labels", "label", "targets", "target")
SPLITS = {
    "train": ("train", "training", "Train"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "Test"),
}


def forms(split: str, role: str) -> tuple[str, ...]:
    return (
        f"{split}_{role}", f"{role}_{split}", f"{split}{role.capitalize()}",
        f"{split}.{role}", f"{split}-set {role}", f"{role.lower()}{split.lower()}",
    )  # fmt: skip


@given(
    st.sampled_from([(split, word) for split, words in SPLITS.items() for word in words]),
    st.sampled_from([("images", word) for word in IMAGES] + [("labels", word) for word in LABELS]),
    st.integers(0, 5),
)
def test_a_name_says_its_split_and_its_role(
    split: tuple[str, str], role: tuple[str, str], form: int
) -> None:
    assert meaning(forms(split[1], role[1])[form]) == (split[0], role[0])


@pytest.mark.parametrize("name", [*IMAGES, *LABELS])
def test_a_role_alone_is_of_no_split(name: str) -> None:
    assert meaning(name) == ("", "images" if name in IMAGES else "labels")


@pytest.mark.parametrize(
    "name",
    ["", "arr_0", "train", "test_set", "x_coordinate", "train_val_images", "train_images_labels",
     "class_names", "mean", "fine_labels", "train_ids", "ytrue", "index"],
)  # fmt: skip
def test_other_names_say_nothing(name: str) -> None:
    assert meaning(name) is None


IN_CIRCULATION = [
    ("x_train", "y_train", "x_test", "y_test"),
    ("X_train", "y_train", "X_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("train_data", "train_labels", "test_data", "test_labels"),
    ("trainX", "trainY", "testX", "testY"),
    ("xtrain", "ytrain", "xtest", "ytest"),
    ("images_train", "labels_train", "images_test", "labels_test"),
    ("training_images", "training_labels", "testing_images", "testing_labels"),
    ("train_set_x", "train_set_y", "test_set_x", "test_set_y"),
    ("x_train", "train_labels", "testInputs", "test_target"),
]


@pytest.mark.parametrize("names", IN_CIRCULATION, ids=lambda names: names[0])
@pytest.mark.parametrize("shape", [(N,), (N, 1)])
def test_they_are_the_same_data(
    tmp_path: Path, names: tuple[str, str, str, str], shape: tuple[int, ...]
) -> None:
    arrays = (X, Y, X[:8], Y[:8])
    plain = ("x_train", "y_train", "x_test", "y_test")
    np.savez(tmp_path / "plain.npz", **dict(zip(plain, arrays, strict=True)))
    shaped = [a.reshape(len(a), *shape[1:]) if a.ndim == 1 else a for a in arrays]
    given = dict(zip(names, shaped, strict=True))
    np.savez(tmp_path / "named.npz", **given, class_names=np.array(["a", "b", "c", "d"]))
    one, other = Npz(path="plain.npz"), Npz(path="named.npz")
    assert one.describe(tmp_path).counts == other.describe(tmp_path).counts
    mine, theirs = one.searchable(tmp_path, (6, 5)), other.searchable(tmp_path, (6, 5))
    for a, b in ((mine.train, theirs.train), (mine.val, theirs.val)):
        assert np.array_equal(a.images, b.images)
        assert np.array_equal(a.labels, b.labels)
    items = [item.name for item in other.fingerprint(tmp_path)]
    assert f"{names[1]}[0]" in items
    assert f"{names[3]}[0]" in items


def test_medmnist_as_it_is(tmp_path: Path) -> None:
    arrays = {}
    for split in ("train", "val", "test"):
        arrays[f"{split}_images"] = np.zeros((N, 28, 28, 3), dtype=np.uint8)
        arrays[f"{split}_labels"] = Y[:, None].astype(np.uint8)
    np.savez(tmp_path / "a.npz", **arrays)
    info = Npz(path="a.npz", layout="nhwc").describe(tmp_path)
    assert info.words() == "npz a.npz: 4 classes, 3x28x28, 40 train, 40 val, 40 test"


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (
            ["x_train", "train_images", "y_train"],
            "x_train and train_images both look like the images of train.  leave one of them",
        ),
        (["x", "images", "y"], "x and images both look like the images.  leave one of them"),
        (
            ["x_val", "x_valid", "y_val", "x_train", "y_train"],
            "x_val and x_valid both look like the images of val.  leave one of them",
        ),
        (
            ["train_images", "train_labels", "eval_images", "eval_labels"],
            "eval_images may be of the val split or of the test split.  rename it, val or test in "
            "the place of that word",
        ),
        (["images", "labels", "test_images"], "holds both images and test_images.  CURE"),
        (["train_images", "mean"], "holds train_images, and no labels to it.  CURE"),
        (
            ["train_images", "train_labels", "val_labels"],
            "holds val_labels, and no images to it.  CURE",
        ),
        (["arr_0", "arr_1"], "holds arr_0, arr_1, and no training images.  CURE"),
        ([], "holds no arrays, and no training images.  CURE"),
        (
            [f"a{k}" for k in range(9)],
            "holds a0, a1, a2, a3, a4, a5, a6, a7, ..., and no training images.  CURE",
        ),
    ],
)
def test_what_cannot_be_told_is_refused_by_name(names: list[str], problem: str) -> None:
    cure = (
        "save x and y, or x_train and y_train (and x_val, y_val, x_test, y_test); images and "
        "labels, or train_images and train_labels, are the same"
    )
    with pytest.raises(SearchError) as caught:
        pairs_of(names, "a.npz")
    assert str(caught.value) == f"a.npz: {problem.replace('CURE', cure)}"


def test_its_good_neighbour_is_read() -> None:
    names = ["mean", "train_images", "train_labels", "valX", "valY"]
    assert pairs_of(names, "a.npz") == {
        "train": Pair("train_images", "train_labels"),
        "val": Pair("valX", "valY"),
    }
