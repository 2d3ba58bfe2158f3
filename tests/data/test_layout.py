"""Which folders are classes, which are splits of classes, and what lies among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from archdsl.data.image_folder import ImageFolder
from archdsl.data.split_names import split_of
from archdsl.errors import SearchError


def made(root: Path, *folders: str, files: tuple[str, ...] = ()) -> ImageFolder:
    """A folder with five images in each of `folders`, and with `files`."""
    for name in folders:
        (root / name).mkdir(parents=True)
        for number in range(5):
            Image.new("RGB", (4, 4)).save(root / name / f"{number}.png")
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("no image")
    return ImageFolder(path="fruits")


def of_classes(*splits: str) -> tuple[str, ...]:
    return tuple(f"{split}/{name}" for split in splits for name in ("apple", "pear"))


@pytest.mark.parametrize(
    ("splits", "counts"),
    [
        (("train", "val", "test"), (10, 10, 10)),
        (("Training", "Test"), (8, 2, 10)),
        (("Train", "Val"), (8, 10, 2)),
        (("training", "testing"), (8, 2, 10)),
        (("TRAIN", "VALIDATION"), (8, 10, 2)),
        (("train", "valid"), (8, 10, 2)),
        (("train", "dev", "test"), (10, 10, 10)),
        (("train_set", "test-images"), (8, 2, 10)),
        (("train2017", "val2017"), (8, 10, 2)),
        (("Training",), (6, 2, 2)),
    ],
)
def test_splits_are_known_by_their_usual_names(tmp_path, splits, counts):
    info = made(tmp_path / "fruits", *of_classes(*splits)).describe(tmp_path)
    assert info.class_names == ("apple", "pear")
    assert tuple(info.counts.values()) == counts


@pytest.mark.parametrize(
    "folders",
    [
        ("apple", "pear"),
        ("bus", "train"),
        ("test", "rose"),
        ("freight_train", "bullet_train"),
        ("freight_train", "crash_test"),
        ("apple/2019", "apple/2020", "pear/2020", "pear/2021"),
        ("apple/images", "pear/images"),
        ("animals/cat", "animals/dog", "plants/oak", "plants/elm"),
        ("apple", "pear/2019", "pear/2020"),
    ],
)
def test_classes_stay_classes(tmp_path, folders):
    info = made(tmp_path / "fruits", *folders).describe(tmp_path)
    assert info.class_names == tuple(sorted({name.partition("/")[0] for name in folders}))


REFUSED = [
    (
        of_classes("train", "val", "Validation"),
        ": 'Validation' and 'val' both look like the val split.  leave one, or put the images of "
        "both into it",
    ),
    (
        of_classes("Train", "train_data"),
        ": 'Train' and 'train_data' both look like the train split.  leave one, or put the images "
        "of both into it",
    ),
    (
        of_classes("train", "eval"),
        ": 'eval' may be the val split or the test split.  rename it val, or test",
    ),
    (
        of_classes("train", "Holdout"),
        ": 'Holdout' may be the val split or the test split.  rename it val, or test",
    ),
    (
        of_classes("train", "test", "extra"),
        "/extra: stands beside train.  beside train/ there may be a val/ and a test/; otherwise "
        "give class folders alone",
    ),
    (
        ("Training", "Test"),
        ": Test Training look like splits, and hold no class folders.  put the images of each "
        "class into a folder of its own in every split; if they are classes, rename them",
    ),
    (
        of_classes("Val", "Test"),
        ": Test Val look like splits, and there is no train split with class folders.  give "
        "train/CLASS as well; val/ and test/ may be left out",
    ),
    (
        ("apple", "pear", *of_classes("Test")),
        ": Test looks like a split, and there is no train split with class folders.  give "
        "train/CLASS as well; val/ and test/ may be left out",
    ),
    (
        ("apple/train", "apple/test", "pear/train", "pear/test"),
        "/apple: holds test train, which look like splits inside of a class.  put the classes "
        "into the splits: train/CLASS, val/CLASS, test/CLASS",
    ),
    (
        of_classes("fold1", "fold2"),
        ": fold1 fold2 hold no images of their own and the same folders (apple pear), so that they "
        "look like splits and not like classes.  call them train, val and test; if they are the "
        "classes, put their images right into them",
    ),
    (
        ("img_train/apple", "img_train/pear", "img_val"),
        ": img_train img_val differ in the word for a split only, so that they look like splits "
        "and not like classes.  call them train, val and test; if they are classes, rename them",
    ),
    (
        ("cifar10-Test", "cifar10-Training"),
        ": cifar10-Test cifar10-Training differ in the word for a split only, so that they look "
        "like splits and not like classes.  call them train, val and test; if they are classes, "
        "rename them",
    ),
]


@pytest.mark.parametrize(("folders", "said"), REFUSED)
def test_what_may_be_splits_is_never_taken_for_classes(tmp_path, folders, said):
    root = tmp_path / "fruits"
    with pytest.raises(SearchError) as caught:
        made(root, *folders).describe(tmp_path)
    assert str(caught.value) == f"{root}{said}"


@pytest.mark.parametrize(
    ("folders", "where", "inside"),
    [
        (of_classes("fruits/Training", "fruits/Test"), "fruits", "Test Training"),
        (of_classes("fruits/train"), "fruits", "train"),
        (("a/b/apple", "a/b/pear"), "a/b", "apple pear"),
    ],
)
def test_a_folder_around_the_folders_is_named(tmp_path, folders, where, inside):
    root = tmp_path / "fruits"
    with pytest.raises(SearchError) as caught:
        made(root, *folders).describe(tmp_path)
    assert str(caught.value) == (
        f"{root}: holds one folder only, and what look like classes or splits are in "
        f"{root / where} ({inside}).  let search.proxy.data.path name that folder"
    )
    assert ImageFolder(path=f"fruits/{where}").describe(tmp_path).classes == 2


def test_a_folder_that_holds_itself_comes_to_an_end(tmp_path):
    (tmp_path / "fruits").mkdir()
    (tmp_path / "fruits" / "again").symlink_to(tmp_path / "fruits")
    with pytest.raises(SearchError, match="holds one folder only"):
        ImageFolder(path="fruits").describe(tmp_path)


LEFT = (
    ".DS_Store", "README.md", "apple/Thumbs.db", "apple/desktop.ini", "pear/._0.png",
    "pear/License.txt", "pear/.thumbnails/0.png", "__MACOSX/apple/._0.png", "README.dataset.txt",
)  # fmt: skip


@pytest.mark.parametrize("splits", [(), ("Training", "Test")])
def test_what_systems_and_authors_leave_is_passed_over_with_a_word(tmp_path, splits):
    root = tmp_path / "fruits"
    folders = of_classes(*splits) if splits else ("apple", "pear")
    before = made(root, *folders).describe(tmp_path)
    assert before.notes == ()
    inner = f"{splits[0]}/" if splits else ""
    source = made(root, files=tuple(f"{inner}{name}" for name in LEFT))
    info = source.describe(tmp_path)
    assert info.counts == before.counts
    first = sorted([*(f"{inner}{name}" for name in LEFT if name.count("/") == 0)])[:2]
    assert info.notes[0].startswith(
        f"{root}: 9 entries that are no images were passed over: {first[0]}, {first[1]}, "
    )


@pytest.mark.parametrize(
    "name", ["notes.txt", "labels.csv", "reader.txt", "thumbs.txt", "0.jpg.part"]
)
def test_any_other_file_among_the_images_is_refused(tmp_path, name):
    with pytest.raises(SearchError) as caught:
        made(tmp_path / "fruits", "apple", "pear", files=(f"pear/{name}",)).describe(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'fruits' / 'pear' / name}: no image.  class folders hold images only "
        "(.bmp .gif .jpeg .jpg .pgm .png .ppm .tif .tiff .webp)"
    )


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Training", "train"), ("VALID", "val"), ("test_split", "test"), ("hold-out", "eval"),
        ("trainer", None), ("valley", None), ("contest", None), ("testimony", None),
        ("set", None), ("images", None), ("2019", None), ("deviled", None),
    ],
)  # fmt: skip
def test_names_of_splits(name, split):
    assert split_of(name) == split
