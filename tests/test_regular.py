"""Only files are opened, and nothing that is none is waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archdsl.regular import NO_LINK, descriptor, opened


def test_a_file_is_read_and_a_link_to_it_where_links_may_be(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"abc")
    link.symlink_to(file)
    for path in (file, link):
        with opened(path) as stream:
            assert stream.read() == b"abc"
    with pytest.raises(OSError, match="symbolic links"):
        opened(link, NO_LINK)


def test_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="no regular file"):
        opened(tmp_path / "fifo")
    with pytest.raises(OSError, match="No such device"):
        descriptor(tmp_path / "fifo", os.O_WRONLY)


@pytest.mark.parametrize("path", ["/dev/zero", "."])
def test_a_device_and_a_folder_are_refused(path: str) -> None:
    with pytest.raises(OSError, match="no regular file"):
        opened(Path(path))
