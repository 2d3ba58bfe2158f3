from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from archdsl.data import packs
from archdsl.data.image_folder import ImageFolder
from archdsl.data.windows import Windows
from archdsl.errors import SearchError
from tests.data.one_file import decode

SIZE = (16, 16)


def source(root: Path, **options) -> ImageFolder:
    return ImageFolder(path=root.name, **options)


def test_class_folders_are_described_without_decoding(class_folders):
    root = class_folders()
    info = source(root).describe(root.parent)
    assert info.class_names == ("daisy", "rose")
    assert info.counts == {"train": 12, "val": 4, "test": 4}
    assert (info.channels, info.size, info.classes) == (3, None, 2)
    assert info.words() == ("image_folder flowers: 2 classes, 3 channels, 12 train, 4 val, 4 test")


def test_images_are_kept_with_a_margin_and_seen_at_the_size_of_the_network(class_folders):
    root = class_folders()
    data = source(root).searchable(root.parent, SIZE)
    assert data.train.images.shape == (12, 3, 18, 18)
    assert data.train.images.dtype == np.uint8
    assert data.train.labels.tolist() == [0] * 6 + [1] * 6
    images = torch.from_numpy(np.array(data.train.images))
    generator = torch.Generator().manual_seed(0)
    for seen in (data.views.plain(images), data.views.train(images, generator)):
        assert seen.shape == (12, 3, 16, 16)
        assert seen.dtype == torch.float32
    assert data.train.images[:6].max() < 70 and data.train.images[6:].min() > 110


def test_a_size_that_is_not_square(class_folders):
    root = class_folders()
    data = source(root, margin=0).searchable(root.parent, (8, 12))
    assert data.val.images.shape == (4, 3, 8, 12)
    assert data.views.plain(torch.zeros(2, 3, 8, 12)).shape == (2, 3, 8, 12)


@pytest.mark.parametrize(
    ("mode", "channels"), [("L", 3), ("RGB", 1), ("P", 3), ("RGBA", 3), ("1", 1)]
)
def test_colours_are_converted_to_the_channels_asked_for(class_folders, mode, channels):
    root = class_folders(mode=mode)
    data = source(root, channels=channels).searchable(root.parent, SIZE)
    assert data.train.images.shape[1] == channels


def test_given_train_val_and_test_folders(class_folders):
    class_folders("set/train", count=6)
    class_folders("set/val", count=2)
    root = class_folders("set/test", count=3).parent
    assert source(root).describe(root.parent).counts == {"train": 12, "val": 4, "test": 6}
    test, _ = source(root).held_out(root.parent, SIZE)
    assert len(test) == 6


def test_a_folder_that_is_not_given_is_set_aside_from_train(class_folders):
    class_folders("set/train", count=10)
    root = class_folders("set/val", count=2).parent
    assert source(root, test=0.2).describe(root.parent).counts == {"train": 16, "val": 4, "test": 4}


def test_splits_share_no_image(class_folders):
    root = class_folders()
    data = source(root).searchable(root.parent, SIZE)
    test, _ = source(root).held_out(root.parent, SIZE)
    seen = [image.tobytes() for s in (data.train, data.val, test) for image in s.images]
    assert len(set(seen)) == 20


def test_wrong_paths(class_folders, tmp_path):
    class_folders()
    with pytest.raises(SearchError, match="nowhere: no such folder"):
        ImageFolder(path="nowhere").describe(tmp_path)
    with pytest.raises(SearchError, match=r"0\.png: is a file, not a folder"):
        ImageFolder(path="flowers/rose/0.png").describe(tmp_path)


def test_folders_that_hold_no_question(class_folders, tmp_path):
    one = class_folders("one", classes=("rose",))
    with pytest.raises(SearchError, match="one class only, 'rose'"):
        source(one).describe(tmp_path)
    (one / "daisy").mkdir()
    with pytest.raises(SearchError, match="daisy: the class has no images"):
        source(one).describe(tmp_path)
    (tmp_path / "bare").mkdir()
    with pytest.raises(SearchError, match="bare: holds no class folders"):
        ImageFolder(path="bare").describe(tmp_path)


def test_files_that_do_not_belong(class_folders, tmp_path):
    root = class_folders()
    (root / "rose" / ".DS_Store").write_text("hidden")
    (root / "LICENSE").write_text("beside the classes")
    assert source(root).describe(tmp_path).notes == (
        f"{root}: 2 entries that are no images were passed over: LICENSE, rose/.DS_Store",
    )
    (root / "rose" / "notes.txt").write_text("among the images")
    with pytest.raises(SearchError, match=r"notes\.txt: no image"):
        source(root).describe(tmp_path)
    (root / "rose" / "notes.txt").rename(root / "loose.png")
    with pytest.raises(SearchError, match=r"loose\.png: an image outside of the class folders"):
        source(root).describe(tmp_path)


def test_splits_with_other_classes(class_folders, tmp_path):
    class_folders("set/train")
    root = class_folders("set/val", classes=("daisy", "rose", "tulip")).parent
    with pytest.raises(SearchError, match="train: has no class 'tulip', which val has"):
        source(root).describe(tmp_path)
    shutil.rmtree(root / "val" / "tulip")
    shutil.rmtree(root / "val" / "rose")
    class_folders("set/val/tulip", classes=("x",))
    with pytest.raises(SearchError, match="val: has no class 'rose', which train has"):
        source(root).describe(tmp_path)


def test_a_class_folder_beside_train(class_folders, tmp_path):
    class_folders("set/train")
    root = class_folders("set/extra").parent
    with pytest.raises(SearchError, match="extra: stands beside train"):
        source(root).describe(tmp_path)


def test_a_class_called_train_is_a_class(class_folders, tmp_path):
    root = class_folders(classes=("bus", "train"))
    assert source(root).describe(tmp_path).class_names == ("bus", "train")


def test_folders_within_a_class_and_links_in_circles(class_folders, tmp_path):
    root = class_folders()
    inner = root / "rose" / "inner"
    inner.mkdir()
    shutil.copy(root / "rose" / "0.png", inner / "0.png")
    (inner / "back").symlink_to(root / "rose")
    assert sum(source(root).describe(tmp_path).counts.values()) == 21


@pytest.mark.parametrize("name", ["daisy/3.png", "rose/0.png", "rose/9.png"])
def test_an_unreadable_image_of_any_split_is_named_before_training(class_folders, tmp_path, name):
    root = class_folders()
    source(root).searchable(tmp_path, SIZE)
    content = (root / name).read_bytes()
    (root / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(SearchError, match=rf"{name}: cannot be read as an image"):
        source(root).searchable(tmp_path, SIZE)


def test_text_with_the_name_of_an_image(class_folders, tmp_path):
    root = class_folders()
    (root / "rose" / "0.png").write_text("no picture")
    with pytest.raises(SearchError, match=r"rose/0\.png: cannot be read as an image"):
        source(root).searchable(tmp_path, SIZE)


def test_a_link_to_nothing(class_folders, tmp_path):
    root = class_folders()
    (root / "rose" / "gone.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(SearchError, match=r"gone\.png: cannot be read"):
        source(root).searchable(tmp_path, SIZE)


@pytest.mark.parametrize("name", ["tulip", "val", "rose/inner"])
def test_a_link_to_a_folder_that_is_gone_is_not_passed_over(class_folders, tmp_path, name):
    root = class_folders()
    counts = source(root).describe(tmp_path).counts
    (root / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SearchError) as caught:
        source(root).describe(tmp_path)
    assert str(caught.value) == (
        f"{root / name}: a link that leads nowhere ({tmp_path / 'elsewhere'}).  mend it, or remove "
        "it"
    )
    if name != "val":  # there it would be a split
        shutil.copytree(root / "rose", tmp_path / "elsewhere", ignore=lambda *_: {"inner"})
        assert sum(source(root).describe(tmp_path).counts.values()) > sum(counts.values())
    (root / name).unlink()
    (root / name).symlink_to(root / name)
    with pytest.raises(SearchError, match=f"{name}: a link that leads nowhere"):
        source(root).describe(tmp_path)
    (root / name).unlink()
    (root / ".hidden").symlink_to(tmp_path / "gone")
    (root / "README.md").symlink_to(tmp_path / "gone")
    assert source(root).describe(tmp_path).counts == counts


def test_deep_pixels_are_scaled_or_refused_and_never_clipped(tmp_path):
    Image.fromarray(np.full((4, 4), 65535, dtype=np.uint16)).save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png", 1, (4, 4)).min() == 255
    Image.fromarray(np.full((4, 4), 32768, dtype=np.uint16)).save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png", 1, (4, 4)).max() == 128
    Image.fromarray(np.zeros((4, 4), dtype=np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(SearchError, match="32 bits to a pixel"):
        decode(tmp_path / "a.tiff", 1, (4, 4))


def test_an_image_of_absurd_size_is_refused(class_folders, tmp_path, monkeypatch):
    root = class_folders()
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300)
    with pytest.raises(SearchError, match="decompression bomb"):
        source(root).searchable(tmp_path, SIZE)


def test_a_fifo_with_the_name_of_an_image_is_not_waited_for(class_folders, tmp_path):
    root = class_folders()
    (root / "rose" / "0.png").unlink()
    os.mkfifo(root / "rose" / "0.png")
    with pytest.raises(SearchError) as caught:
        source(root).searchable(tmp_path, SIZE)
    words = "cannot be read as an image (no regular file).  replace it or remove it"
    assert str(caught.value) == f"{root / 'rose' / '0.png'}: {words}"
    with pytest.raises(SearchError, match=r"cannot be read \(no regular file\)") as caught:
        source(root).fingerprint(tmp_path)


def test_a_program_with_the_name_of_an_image_is_not_handed_on(tmp_path):
    path = tmp_path / "0.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\nshowpage\n")
    with pytest.raises(SearchError, match="it is of no kind that Pillow knows"):
        decode(path, 3, (8, 8))


def test_a_name_that_is_no_utf8_is_a_name_like_any_other(class_folders, tmp_path):
    root = class_folders()
    (root / "rose" / "0.png").rename(root / "rose" / "img\udcff.png")
    (root / "rose").rename(root / "rose\udcfe")
    info = source(root).describe(tmp_path)
    assert info.class_names == ("daisy", "rose\udcfe")
    assert len(source(root).fingerprint(tmp_path)) == 20
    assert len(source(root).searchable(tmp_path, SIZE).train) == 12


def test_a_photo_is_turned_as_its_camera_says(tmp_path):
    pixels = np.zeros((8, 4, 3), dtype=np.uint8)
    pixels[:4] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(pixels).save(tmp_path / "a.jpg", exif=exif)
    turned = decode(tmp_path / "a.jpg", 3, (8, 4))
    assert turned[:, 0].max() < 50 and turned[:, 7].min() > 200


def test_a_second_search_decodes_nothing(class_folders, tmp_path, monkeypatch):
    root = class_folders()
    first = source(root).searchable(tmp_path, SIZE)

    def decode_nothing(*arguments: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(packs, "decode_all", decode_nothing)
    second = source(root).searchable(tmp_path, SIZE)
    assert np.array_equal(first.train.images, second.train.images)
    assert np.array_equal(first.val.images, second.val.images)
    with pytest.raises(AssertionError, match="decoded again"):
        source(root).searchable(tmp_path, (8, 8))
    os.utime(root / "rose" / "0.png", ns=(1, 1))
    with pytest.raises(AssertionError, match="decoded again"):
        source(root).searchable(tmp_path, SIZE)


def test_a_torn_pack_is_made_again(class_folders, tmp_path, cache):
    root = class_folders()
    first = source(root).searchable(tmp_path, SIZE)
    for pack in cache.glob("*.npy"):
        pack.write_bytes(pack.read_bytes()[:100])
    second = source(root).searchable(tmp_path, SIZE)
    assert second.train.images.shape == first.train.images.shape
    assert len(list(cache.glob("*.npy"))) == 2
    assert not list(cache.glob("*.tmp"))


def test_a_pack_with_another_byte_in_it_is_made_again(class_folders, tmp_path, cache):
    root = class_folders()
    first = np.array(source(root).searchable(tmp_path, SIZE).train.images)  # no mapped file
    for pack in cache.glob("*.npy"):
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 1
        pack.write_bytes(bytes(content))
    assert np.array_equal(first, source(root).searchable(tmp_path, SIZE).train.images)


@pytest.mark.parametrize("what", ["folder", "FIFO", "empty file"])
def test_what_is_no_pack_in_the_place_of_one_is_passed_over(class_folders, tmp_path, cache, what):
    root = class_folders()
    first = source(root).searchable(tmp_path, SIZE)
    for path in [*cache.glob("*.npy"), *cache.glob("*.checked")]:
        path.unlink()
        match what:
            case "folder":
                path.mkdir()
            case "FIFO":
                os.mkfifo(path)
            case "empty file":
                path.touch()
    second = source(root).searchable(tmp_path, SIZE)
    assert np.array_equal(first.train.images, second.train.images)


def test_images_that_neither_the_cache_nor_memory_holds(class_folders, tmp_path, monkeypatch):
    root = class_folders()
    monkeypatch.setattr(packs, "LIMIT", 0)
    monkeypatch.setattr(packs.memory, "free", lambda: 10_000)
    words = (
        f"{root}: 12 images of 3x18x18 take 11.7 kB, the cache has no room for them, and 10.0 kB "
        "of memory are free.  make room on the disk of the cache ($ARCHDSL_CACHE), or take a "
        "smaller input"
    )
    with pytest.raises(SearchError, match=re.escape(words)):
        source(root).searchable(tmp_path, SIZE)
    monkeypatch.setattr(packs.memory, "free", lambda: 12_000)
    assert len(source(root).searchable(tmp_path, SIZE).train) == 12


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(
    class_folders, tmp_path, monkeypatch
):
    root = class_folders()
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "file" / "cache"))
    data = source(root).searchable(tmp_path, SIZE)
    assert data.train.images.shape == (12, 3, 18, 18)
    assert data.train.images.max() > 0


def test_packs_that_were_not_used_for_longest_make_room(
    class_folders, tmp_path, cache, monkeypatch
):
    root = class_folders()
    source(root).searchable(tmp_path, (32, 32))
    old = sorted(cache.glob("*.npy"), key=lambda pack: pack.stat().st_size, reverse=True)
    for used, pack in enumerate(old):
        os.utime(pack, (used, used))
    monkeypatch.setattr(packs, "LIMIT", 40_000)
    source(root).searchable(tmp_path, SIZE)
    kept = set(cache.glob("*.npy"))
    assert len(kept) == 3
    assert set(old) - kept == {old[0]}


def test_progress_counts_every_image_once(class_folders, tmp_path):
    root = class_folders()
    seen: list[tuple[int, int]] = []
    source(root).searchable(tmp_path, SIZE, lambda done, total: seen.append((done, total)))
    assert seen == [(n, 20) for n in range(1, 21)]


def test_windows_are_pieces_of_the_image():
    images = torch.arange(2 * 1 * 6 * 6, dtype=torch.uint8).reshape(2, 1, 6, 6)
    windows = Windows((4, 4), flip=False).train(images, torch.Generator().manual_seed(1))
    numbers = ((windows + 2) / 4 * 255).round().to(torch.uint8)
    for image, window in zip(images, numbers, strict=True):
        top, left = divmod(int(window[0, 0, 0]) % 36, 6)
        assert torch.equal(window[0], image[0, top : top + 4, left : left + 4])
