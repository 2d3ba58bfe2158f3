"""Shards are indexed once, and any of their images is read at any time."""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archdsl.data import shards
from archdsl.data.webdataset import WebDataset
from archdsl.errors import SearchError

Members = list[tuple[str, bytes]]


def picture(shade: int) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.full((20, 24, 3), shade, np.uint8)).save(content, "PNG")
    return content.getvalue()


def members(count: int = 20, classes: tuple[Any, ...] = (0, 1), first: int = 0) -> Members:
    found: Members = []
    for number in range(first, first + count):
        said = classes[number % len(classes)]
        found.append((f"{number:04}.png", picture(4 * number)))
        found.append((f"{number:04}.cls", str(said).encode()))
    return found


def write(path: Path, held: Members) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as file:
        for name, content in held:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    os.utime(path, (1, 1))
    return path


def source(root: Path, **options: Any) -> WebDataset:
    return WebDataset(path=root.name, **options)


def test_images_of_shards_are_split_and_packed_as_those_of_a_folder(tmp_path) -> None:
    root = write(tmp_path / "set" / "0.tar", members()).parent
    write(root / "1.tar", members())
    info = source(root).describe(tmp_path)
    assert info.words() == "webdataset set: 2 classes, 3 channels, 28 train, 6 val, 6 test"
    assert info.class_names == ("0", "1")
    data = source(root).searchable(tmp_path, (16, 16))
    assert data.train.images.shape == (28, 3, 18, 18)
    test, _ = source(root).held_out(tmp_path, (16, 16))
    assert len(test) == 6


def test_each_image_is_read_where_it_lies_and_named(tmp_path) -> None:
    root = write(tmp_path / "set" / "train-0.tar", members(5)).parent
    write(root / "train-1.tar", members(5, first=5))
    write(root / "val-0.tar", members(4, first=10))
    write(root / "test-0.tar", members(4, first=14))
    train, val, test = source(root).samples(tmp_path, "train", "val", "test")
    for samples, first in ((train, 0), (val, 10), (test, 14)):
        for index in range(len(samples)):
            number = first + index
            assert np.asarray(samples.image(index, 1)).tolist() == [[4 * number] * 24] * 20
            assert samples.labels[index] == number % 2
            assert samples.name(index).endswith(f".tar: {number:04}")
            assert samples.size(index) == len(picture(4 * number))
    assert train.name(6) == f"{root / 'train-1.tar'}: 0006"


def test_a_folder_may_say_the_split_and_a_single_shard_is_all(tmp_path) -> None:
    root = write(tmp_path / "set" / "training" / "0.tar", members(4)).parent.parent
    write(root / "validation" / "0.tar", members(2))
    write(root / "test" / "0.tar", members(2))
    assert source(root).describe(tmp_path).counts == {"train": 4, "val": 2, "test": 2}
    alone = write(tmp_path / "all.tar", members())
    assert source(alone).describe(tmp_path).counts == {"train": 12, "val": 4, "test": 4}


def test_classes_are_numbers_or_names_or_a_key_of_json(tmp_path) -> None:
    named = write(tmp_path / "named.tar", members(classes=("rose", "daisy")))
    assert source(named).describe(tmp_path).class_names == ("daisy", "rose")
    many = write(tmp_path / "many.tar", members(count=60, classes=tuple(range(12))))
    assert source(many).describe(tmp_path).class_names == tuple(map(str, range(12)))
    held = [
        (name.replace(".cls", ".json"), json.dumps({"label": int(content)}).encode())
        if name.endswith(".cls")
        else (name, content)
        for name, content in members()
    ]
    said = write(tmp_path / "said.tar", held)
    assert source(said, label_member="json.label").describe(tmp_path).classes == 2
    with pytest.raises(
        SearchError, match=r"0000 has no \.cls\.  give each image its class, or say what"
    ):
        source(said).describe(tmp_path)
    with pytest.raises(SearchError, match=r"0000\.json: is no JSON with class"):
        source(said, label_member="json.class").describe(tmp_path)


def test_a_shard_is_read_once_and_again_when_it_changes(tmp_path, monkeypatch) -> None:
    path = write(tmp_path / "all.tar", members())
    os.utime(path, (1, 1))
    monkeypatch.setattr(shards, "RECENT", -(10**18))  # its entry was changed a moment ago
    first = source(path).describe(tmp_path)
    read = shards._read

    def read_nothing(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(shards, "_read", read_nothing)
    assert source(path).describe(tmp_path) == first
    images = source(path).samples(tmp_path, "train")[0]
    assert images.image(0, 3).size == (24, 20)
    os.utime(path, (2, 2))
    with pytest.raises(AssertionError, match="read again"):
        source(path).describe(tmp_path)
    monkeypatch.setattr(shards, "_read", read)
    write(path, members(count=30))
    assert sum(source(path).describe(tmp_path).counts.values()) == 30


def test_a_torn_index_is_made_again(tmp_path, cache, monkeypatch) -> None:
    path = write(tmp_path / "all.tar", members())
    monkeypatch.setattr(shards, "RECENT", -(10**18))
    first = source(path).describe(tmp_path)
    (kept,) = cache.glob("*.shard")
    kept.write_bytes(kept.read_bytes()[:50])
    assert source(path).describe(tmp_path) == first


def test_a_fingerprint_tells_labels_and_contents_apart(tmp_path) -> None:
    path = write(tmp_path / "all.tar", members())
    first = source(path).fingerprint(tmp_path)
    assert len(first) == 20
    assert {item.size for item in first} == {len(picture(4 * n)) for n in range(20)}
    assert source(path).fingerprint(tmp_path) == first
    held = members()
    held[0] = "0000.png", picture(99)
    assert source(write(path, held)).fingerprint(tmp_path) != first
    assert source(write(path, members(classes=(1, 0)))).fingerprint(tmp_path) != first


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([("a.txt", b"none")], "all.tar: holds no images"),
        ([*members(2), ("0000.jpg", picture(0))], "0000 has two images.  leave one of them"),
        ([*members(2), ("7.cls", b"1")], "7 has no image.  give each image its class"),
        (members(4, (1, 2)), "there is class 2, and no image of class 0.  number the classes"),
        (members(4, ("rose",)), "there is one class only.  two or more are needed"),
        (members(4, ("",)), r"0000.cls: says no class.  write a number or a name into it"),
        ([("1.png", picture(0)), ("1.cls", b"\xff")], "1.cls: is no text"),
        *(
            (members(4, ("0", odd)), rf"0001.cls: says {re.escape(odd)}, and classes are numbered")
            for odd in ("-1", "+1", "1.0", "1.", ".5", "1e3")
        ),
        (members(4, ("0", "rose\ntulip")), r"holds 'rose\\ntulip', which is no number and no"),
        (members(4, ("0", "a\x00b")), r"holds 'a\\x00b', which is no number and no name"),
        (members(4, ("0", "x" * 256)), "which is no number and no name on one line.  write the"),
        (members(4, ("0", '{"label": 1}')), "looks like JSON.  write the class alone into it, or"),
        (members(4, ("0", "[1]")), "looks like JSON.  .*, as  label_member: json.label"),
        (
            [("a/photo.1.png", picture(0)), ("a/photo.1.cls", b"0")],
            "of a/photo.1.png the key is a/photo, and the rest, 1.png, is no image: a key ends at",
        ),
    ],
)
def test_what_is_no_shard_of_images_is_refused(tmp_path, held, words) -> None:
    path = write(tmp_path / "all.tar", held)
    with pytest.raises(SearchError, match=words):
        source(path).describe(tmp_path)


def test_a_class_is_a_whole_number_or_a_name_on_one_line(tmp_path) -> None:
    for names in ((" 00", "1\n"), ("747-100", "A320"), ("tench, Tinca tinca", "ros\u00e9 \u6a5f")):
        path = write(tmp_path / "all.tar", members(20, names))
        expected = tuple(sorted(name.strip() for name in names))
        expected = ("0", "1") if names[0] == " 00" else expected
        assert source(path).describe(tmp_path).class_names == expected


def test_a_truth_in_json_is_no_class(tmp_path) -> None:
    held = [(f"{n}.png", picture(n)) for n in range(4)]
    path = write(
        tmp_path / "all.tar",
        [*held, *((f"{n}.json", json.dumps({"y": n % 2 == 0}).encode()) for n in range(4))],
    )
    with pytest.raises(SearchError, match=r"0\.json: says no class"):
        source(path, label_member="json.y").describe(tmp_path)


def test_links_of_shards_are_followed_and_those_that_lead_nowhere_refused(tmp_path) -> None:
    (tmp_path / "shards").mkdir()
    write(tmp_path / "shards" / "0.tar", members(20))
    write(tmp_path / "far" / "deep" / "1.tar", members(20))
    (tmp_path / "shards" / "more").symlink_to(tmp_path / "far")
    (tmp_path / "shards" / "back").symlink_to(tmp_path / "shards")
    found = source(tmp_path / "shards").describe(tmp_path)
    assert sum(found.counts.values()) == 40
    for name in ("2.tar", "rest"):
        (tmp_path / "shards" / name).symlink_to(tmp_path / "gone")
        with pytest.raises(SearchError, match=f"shards/{name}: a link that leads nowhere"):
            source(tmp_path / "shards").describe(tmp_path)
        (tmp_path / "shards" / name).unlink()
    (tmp_path / "shards" / ".2.tar").symlink_to(tmp_path / "gone")
    assert source(tmp_path / "shards").describe(tmp_path).counts == found.counts


def test_wrong_paths_and_files(tmp_path) -> None:
    with pytest.raises(SearchError, match="nowhere: no such file or folder"):
        WebDataset(path="nowhere").describe(tmp_path)
    (tmp_path / "bare").mkdir()
    with pytest.raises(SearchError, match=r"bare: holds no shards \(.tar\)"):
        WebDataset(path="bare").describe(tmp_path)
    (tmp_path / "bare" / "0.tar.gz").write_bytes(b"")
    with pytest.raises(SearchError, match=r"0\.tar\.gz: is compressed"):
        WebDataset(path="bare").describe(tmp_path)
    (tmp_path / "torn.tar").write_bytes(b"no tar at all" * 100)
    with pytest.raises(SearchError, match=r"torn\.tar: cannot be read as a tar file"):
        WebDataset(path="torn.tar").describe(tmp_path)


def test_names_that_say_other_splits(tmp_path) -> None:
    root = write(tmp_path / "set" / "train-0.tar", members(4)).parent
    write(root / "more-0.tar", members(4))
    with pytest.raises(SearchError, match=r"'more-0\.tar' says no split, and others do"):
        source(root).describe(tmp_path)
    (root / "more-0.tar").rename(root / "eval-0.tar")
    with pytest.raises(SearchError, match=r"'eval-0\.tar' may be of the val split or the test"):
        source(root).describe(tmp_path)
    (root / "eval-0.tar").rename(root / "val-0.tar")
    (root / "train-0.tar").rename(root / "test-0.tar")
    with pytest.raises(SearchError, match="holds test, val, and no train"):
        source(root).describe(tmp_path)


def test_a_member_that_is_cut_off_is_named_when_it_is_read(tmp_path) -> None:
    path = write(tmp_path / "all.tar", members())
    (train,) = source(path).samples(tmp_path, "train")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(SearchError, match=r"all\.tar: \d{4}: cannot be read as an image \("):
        train.image(len(train) - 1, 3)
