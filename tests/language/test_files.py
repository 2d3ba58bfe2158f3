"""Where a spec's text comes from: files and pipes, and in words why there is none."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import pytest

from archdsl.errors import SpecError
from archdsl.language.nodes import plain
from archdsl.language.yaml import MAX_BYTES, read, read_file


def write_file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def file_refusal(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        read_file(path)
    return str(caught.value).replace(str(path), "{file}")


def test_a_file_reads_under_its_own_name(tmp_path: Path) -> None:
    path = write_file(tmp_path / "s.yaml", "a: é\n".encode())
    tree = read_file(path)
    assert plain(tree) == {"a": "é"}
    assert tree.mark is not None and str(tree.mark) == f"{path}:1:1"


def test_a_missing_file_is_missing_in_words(tmp_path: Path) -> None:
    write_file(tmp_path / "poolformer.yaml", b"a: 1")
    assert file_refusal(tmp_path / "poolfomer.yaml") == (
        "{file}: there is no such file\n  did you mean 'poolformer.yaml'?"
    )
    assert file_refusal(tmp_path / "zzz") == "{file}: there is no such file"
    (tmp_path / "specs").mkdir()
    assert file_refusal(tmp_path / "spec" / "a.yaml") == (
        f"{{file}}: there is no folder {tmp_path / 'spec'}\n  did you mean 'specs'?"
    )
    assert file_refusal(tmp_path / "poolformer.yaml" / "a.yaml") == (
        f"{{file}}: {tmp_path / 'poolformer.yaml'} is no folder"
    )


def test_what_is_no_regular_file_is_never_opened(tmp_path: Path) -> None:
    assert file_refusal(tmp_path).startswith("{file}: this is a folder")
    if Path("/dev/zero").exists():
        assert file_refusal(Path("/dev/zero")).startswith("{file}: this is no regular file")


def test_a_path_that_no_system_takes_is_refused(tmp_path: Path) -> None:
    assert file_refusal(tmp_path / ("x" * 300)).startswith("{file}: the file cannot be read: ")
    with pytest.raises(SpecError, match="is no path"):
        read_file(Path("a\0b"))
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert file_refusal(loop).startswith("{file}: the file cannot be read: ")


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)  # sparse: nothing is written, and nothing may be read
    assert file_refusal(path).startswith(
        f"{{file}}: 100,000,000 bytes are too many; a spec has at most {MAX_BYTES:,}"
    )
    read_file(write_file(tmp_path / "fits.yaml", b"a: 1 #" + b"x" * (MAX_BYTES - 6)))
    assert "too many" in file_refusal(
        write_file(tmp_path / "over.yaml", b"a: 1 #" + b"x" * (MAX_BYTES - 5))
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: 1\n\0", "{file}: this is no text"),
        (b"a: 1\nb: \xff\n", "{file}: the file is not UTF-8: byte 0xff in line 2"),
        ("a: é".encode("latin-1"), "{file}: the file is not UTF-8: byte 0xe9 in line 1"),
        ("a: 1".encode("utf-16"), "{file}: the file is UTF-16"),
        ("archdsl: 1".encode("utf-16-le"), "{file}: the file is UTF-16"),
        ("# a".encode("utf-16-be"), "{file}: the file is UTF-16"),
        ("a: 1".encode("utf-32"), "{file}: the file is UTF-32"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "{file}: this is no text"),
    ],
)
def test_what_is_no_utf8_text_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    assert file_refusal(write_file(tmp_path / "s.yaml", content)).splitlines()[0] == words


@pytest.mark.parametrize("text", ["a: 1\n", "# first\na: 1", "a:\r\n  - 1\r\n"])
def test_a_byte_order_mark_is_passed_over(tmp_path: Path, text: str) -> None:
    plain_file = write_file(tmp_path / "s.yaml", text.encode())
    marked = write_file(tmp_path / "marked.yaml", text.encode("utf-8-sig"))
    one, other = read_file(marked), read_file(plain_file)
    assert plain(one) == plain(other) == plain(read("\ufeff" + text, "f"))
    assert [(m.line, m.column) for m in one.marks.values()] == [
        (m.line, m.column) for m in other.marks.values()
    ]


def test_a_mistake_behind_a_byte_order_mark_is_at_its_place(tmp_path: Path) -> None:
    path = write_file(tmp_path / "s.yaml", "a: null\n".encode("utf-8-sig"))
    assert file_refusal(path).startswith(
        "{file}:1:4: a: null is no word of archdsl\n    1 | a: null"
    )


def test_utf_16_is_refused_with_its_cure(tmp_path: Path) -> None:
    path = write_file(tmp_path / "s.yaml", "a: é\n".encode("utf-16"))
    assert file_refusal(path) == "{file}: the file is UTF-16\n  save it as UTF-8"
    assert plain(read_file(write_file(path, "a: é\n".encode()))) == {"a": "é"}


def piped(content: bytes) -> Path:
    """The reading end of a pipe that holds something and is not written to any more."""
    out, into = os.pipe()
    os.write(into, content)
    os.close(into)
    return Path(f"/dev/fd/{out}")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="pipes have no paths here")
def test_a_pipe_is_read() -> None:
    assert plain(read_file(piped(b"a: 1\n"))) == {"a": 1}
    assert "nothing comes out of this pipe" in file_refusal(piped(b""))
    assert "the file is not UTF-8" in file_refusal(piped(b"a: \xff"))


def test_a_pipe_that_nobody_writes_to_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert file_refusal(tmp_path / "pipe") == (
        "{file}: nothing comes out of this pipe\n  begin writing into it first"
    )


def test_no_more_than_a_spec_is_read_from_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    into = os.open(tmp_path / "pipe", os.O_WRONLY)

    def write() -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(into, b"#" * 4 * MAX_BYTES)

    writer = threading.Thread(target=write)
    writer.start()
    assert file_refusal(tmp_path / "pipe").startswith(
        f"{{file}}: {MAX_BYTES + 1:,} bytes are too many; a spec has at most {MAX_BYTES:,}"
    )
    os.close(reader)
    writer.join()
    os.close(into)
