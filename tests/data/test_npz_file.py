"""What an .npz file declares is held against the file and against memory before it is read."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from archdsl import memory
from archdsl.data.npz import Npz
from archdsl.errors import SearchError

N = 40
LABELS = (np.arange(N) % 4).astype("<i8").tobytes()
CURE = "save it with numpy.savez(path, x=..., y=...)"


def header(shape: object, descr: str = "|u1", text: str = "") -> bytes:
    text = text or f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
    text += " " * (-len(text) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def described(folder: Path, x: bytes, compression: int = zipfile.ZIP_STORED) -> str:
    """What becomes of a file with these bytes for x.npy."""
    with zipfile.ZipFile(folder / "a.npz", "w", compression) as archive:
        archive.writestr("x.npy", x)
        archive.writestr("y.npy", header((N,), "<i8") + LABELS)
    return answer(folder)


def answer(folder: Path) -> str:
    try:
        return Npz(path="a.npz").describe(folder).words()
    except SearchError as error:
        return str(error).removeprefix(f"{folder}/")


def test_a_right_one_is_read(tmp_path: Path) -> None:
    right = header((N, 6, 5)) + bytes(N * 30)
    words = "npz a.npz: 4 classes, 1x6x5, 24 train, 8 val, 8 test"
    assert described(tmp_path, right) == words
    assert described(tmp_path, right, zipfile.ZIP_DEFLATED) == words


@pytest.mark.parametrize(
    ("x", "problem"),
    [
        (
            header((10**12, 6, 5)) + bytes(N * 30),
            "x is declared as 30.0 TB, and the file holds 1.2 kB of it",
        ),
        (
            header((10**30, 6, 5)) + bytes(N * 30),
            "x is declared as over a million TB, and the file holds 1.2 kB of it",
        ),
        (
            header((N, 6, 5), "|V99999999") + bytes(N * 30),
            "x is declared as 120 GB, and the file holds 1.2 kB of it",
        ),
        (header((-N, 6, 5)), "cannot be read as .npz (a side is negative)"),
        (header((N, 6, 5), "|O"), "cannot be read as .npz (it holds Python objects)"),
        (
            header((), text="-" * 5000 + "1"),
            "cannot be read as .npz (maximum recursion depth exceeded during ast construction)",
        ),
        (b"", "cannot be read as .npz (EOF: reading magic string, expected 8 bytes got 0)"),
        (
            b"\x93NUMPY\x03\x00" + struct.pack("<I", 64) + b" " * 64,
            "cannot be read as .npz (its format is 3.0)",
        ),
    ],
)
def test_a_header_that_is_none_or_declares_too_much(tmp_path: Path, x: bytes, problem: str) -> None:
    assert described(tmp_path, x) == f"a.npz: {problem}.  {CURE}"


def test_an_archive_that_holds_more_than_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = header((N, 1000, 500)) + bytes(N * 1000 * 500)
    monkeypatch.setattr(memory, "free", lambda: 39_999_999)
    said = described(tmp_path, bomb, zipfile.ZIP_DEFLATED)
    assert (tmp_path / "a.npz").stat().st_size < 30_000
    assert said == (
        "a.npz: its arrays are 20.0 MB, splitting them takes twice that, and 40.0 MB of memory are "
        "free.  save fewer images, or smaller ones, or bytes"
    )
    monkeypatch.setattr(memory, "free", lambda: 41_000_000)
    assert described(tmp_path, bomb, zipfile.ZIP_DEFLATED).startswith("npz a.npz: 4 classes")


def test_a_fifo_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.npz")
    words = "a.npz: is no regular file.  search.proxy.data.path names an .npz file"
    assert answer(tmp_path) == words


def test_an_archive_with_a_password(tmp_path: Path) -> None:
    described(tmp_path, header((N, 6, 5)) + bytes(N * 30))
    path = tmp_path / "a.npz"
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    path.write_bytes(bytes(content))
    assert answer(tmp_path).startswith("a.npz: cannot be read as .npz (File ")


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (123_456, "123 kB"),
        (3_123_456_789, "3.1 GB"),
        (1_280_000_000_000, "1.3 TB"),
        (10**400, "over a million TB"),
    ],
)
def test_sizes_are_said_in_words(size: int, words: str) -> None:
    assert memory.written(size) == words


def test_some_memory_is_free() -> None:
    assert 0 < memory.free() < 1 << 62
