"""A shared folder: its files are whole or not there, and what goes wrong is said in words."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from archdsl.errors import SearchError
from archdsl.study.engines import shared_folder
from archdsl.study.engines.mirror import Mirror
from archdsl.study.engines.shared_folder import SharedFolder
from tests.soon import law

FOLDERS, NAMES = ("trials/00000", "trials/00001", "final/0/a/seed-1"), ("checkpoint.ckpt", "w")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "drop", "keep"]), st.sampled_from(FOLDERS), st.sampled_from(NAMES),
        st.binary(max_size=30),
    ),
    max_size=12,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch) -> None:
    monkeypatch.setattr(shared_folder, "PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture
def shared(tmp_path) -> SharedFolder:
    return SharedFolder(f"file://{tmp_path}/shared")


@law(STEPS, few=15, many=200)
def test_a_mirror_holds_what_was_put_there_and_not_dropped(steps) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        mirror = Mirror(SharedFolder(f"file://{place}/a b/shared"), run)
        known: dict[str, bytes] = {}
        for what, folder, name, content in steps:
            path = run / folder / name
            if what == "put":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                mirror.put(path)
                known[f"{folder}/{name}"] = content
            else:
                keep = (name,) if what == "keep" else ()
                mirror.drop(run / folder, keep)
                known = {
                    one: its for one, its in known.items()
                    if not one.startswith(folder) or one.rpartition("/")[2] in keep
                }  # fmt: skip
        assert mirror.shared.names() == sorted(known)
        for name in (f"{folder}/{one}" for folder in FOLDERS for one in NAMES):
            here = run / name
            here.unlink(missing_ok=True)
            assert mirror.has(here) == mirror.get(here) == (name in known)
            assert mirror.size(here) == len(known.get(name, b""))
            if name in known:
                assert here.read_bytes() == known[name]


def test_what_is_written_appears_whole_whenever_it_is_broken_off(
    shared, tmp_path, monkeypatch
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"old" * 10)
    new.write_bytes(b"new" * 10)
    shared.put(old, "a/file")
    whole = type(shared._files).put_file

    def torn(self: Any, source: str, target: str, **given: Any) -> None:
        whole(self, source, target)
        Path(target).write_bytes(b"ne")
        raise KeyboardInterrupt

    monkeypatch.setattr(type(shared._files), "put_file", torn)
    with pytest.raises(KeyboardInterrupt):
        shared.put(new, "a/file")
    assert shared.names() == ["a/file"]
    assert shared.text("a/file") == "old" * 10


def failing(times: int, error: OSError) -> Callable[..., None]:
    """Fail so often, and write then."""
    left = [times]

    def put(self: Any, source: str, target: str, **given: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise error
        Path(target).write_bytes(Path(source).read_bytes())

    return put


@pytest.mark.parametrize(
    ("number", "times", "ends"),
    [
        (errno.EIO, 3, True),
        (errno.EIO, 4, False),
        (errno.ESTALE, 2, True),
        (errno.ENOSPC, 1, False),
        (errno.EROFS, 1, False),
    ],
)
def test_what_passes_is_tried_again_and_what_lasts_is_said(
    shared, tmp_path, monkeypatch, number, times, ends
) -> None:
    (tmp_path / "file").write_text("content")
    monkeypatch.setattr(
        type(shared._files), "put_file", failing(times, OSError(number, os.strerror(number)))
    )
    if ends:
        shared.put(tmp_path / "file", "a/file")
        assert shared.text("a/file") == "content"
        return
    with pytest.raises(SearchError) as said:
        shared.put(tmp_path / "file", "a/file")
    assert str(said.value) == (
        f"search.shared: file://{tmp_path}/shared/a/file cannot be written: {os.strerror(number)}."
        "  see to it, and the same command goes on"
    )
    assert shared.names() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="who is root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(shared, tmp_path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "shared").mkdir(mode=0o500)
    with pytest.raises(SearchError, match="shared/a/file cannot be written: Permission denied"):
        shared.put(tmp_path / "file", "a/file")


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path) -> None:
    (tmp_path / "file").touch()
    shared = SharedFolder(f"file://{tmp_path}/file/below")
    with pytest.raises(SearchError, match=r"file/below/a cannot be written: .*Not a directory"):
        shared.put(tmp_path / "file", "a")


def test_a_slow_folder_is_said_to_be_slow_once(tmp_path, monkeypatch) -> None:
    told = list[str]()
    shared = SharedFolder(f"file://{tmp_path}/shared", told.append)
    (tmp_path / "file").touch()
    shared.put(tmp_path / "file", "a")
    assert told == []
    monkeypatch.setattr(shared_folder, "SLOW", -1.0)
    shared.put(tmp_path / "file", "a")
    shared.put(tmp_path / "file", "a")
    assert [one.partition(" took")[0] for one in told] == [
        f"search.shared: file://{tmp_path}/shared is slow: a"
    ]


@pytest.mark.parametrize(("url", "package"), [("s3://b/x", "s3fs"), ("gs://b/x", "gcsfs")])
def test_the_package_that_is_missing_is_named_with_its_command(monkeypatch, url, package) -> None:
    from fsspec.registry import _registry

    scheme = url.partition("://")[0]
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(_registry, scheme, raising=False)
    with pytest.raises(SearchError) as said:
        SharedFolder(url)
    assert str(said.value) == (
        f"search.shared: {scheme}:// is reached through {package}, which is not installed.  "
        f"pip install {package}"
    )


def test_a_folder_is_one_search_s(shared, tmp_path) -> None:
    mirror = Mirror(shared, tmp_path / "run")
    mirror.claim("d1", "digits", fresh=True)
    mirror.claim("d1", "digits", fresh=True)
    left = tmp_path / "run" / "trials" / "00000" / "checkpoint.ckpt"
    left.parent.mkdir(parents=True)
    left.touch()
    mirror.put(left)
    mirror.claim("d1", "digits", fresh=False)
    with pytest.raises(SearchError) as another:
        mirror.claim("d2", "petals", fresh=False)
    assert str(another.value) == (
        f"search.shared: file://{tmp_path}/shared holds the files of another search, digits.  "
        "choose another folder for this one, or empty it"
    )
    with pytest.raises(SearchError) as anew:
        mirror.claim("d1", "digits", fresh=True)
    assert str(anew.value) == (
        f"search.shared: file://{tmp_path}/shared holds trials/00000/checkpoint.ckpt, and this "
        "search has not begun.  choose another folder for it, or empty that one"
    )
    Mirror(shared, tmp_path / "run", "proxy-check").claim("d2", "digits", fresh=True)
