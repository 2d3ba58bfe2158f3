"""The folder that all machines reach: files whole or not there, and faults in words."""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.errors import SearchError
from archdsl.study import search
from archdsl.study.engines import shared_folder
from archdsl.study.engines.mirror import Mirror
from archdsl.study.engines.shared_folder import SharedFolder
from archdsl.study.record.folder import read_state
from tests.study.conftest import tiny_space


@pytest.fixture
def shared(tmp_path) -> SharedFolder:
    return SharedFolder(f"file://{tmp_path}/there")


def file(tmp_path: Path, content: bytes, name: str = "here") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


NAMES = st.sampled_from(["a", "b", "trials/00001/checkpoint.ckpt", "trials/00001/b", "trials/2/b"])


@given(steps=st.lists(st.tuples(st.sampled_from(["put", "remove"]), NAMES, st.binary(max_size=9))))
def test_what_was_put_is_there_until_it_is_removed(tmp_path_factory, steps) -> None:
    folder = tmp_path_factory.mktemp("shared")
    shared, known = SharedFolder(f"file://{folder}/there"), dict[str, bytes]()
    for what, name, content in steps:
        if what == "put":
            shared.put(file(folder, content), name)
            known[name] = content
        else:
            shared.remove(name.partition("/")[0])
            top = name.partition("/")[0]
            known = {k: v for k, v in known.items() if k.partition("/")[0] != top}
    assert shared.names() == sorted(known)
    for name in ("a", "b", "trials/00001/checkpoint.ckpt"):
        assert shared.size(name) == (len(known[name]) if name in known else None)
        assert shared.get(name, folder / "back") == (name in known)
        assert name not in known or (folder / "back").read_bytes() == known[name]


def failing(shared: SharedFolder, monkeypatch: Any, *errors: OSError | None) -> list[str]:
    """Let writing fail, one time after another; None for one that succeeds. Returns the tries."""
    left, tries, real = list(errors), list[str](), shared._files.put_file

    def put_file(source: str, target: str) -> None:
        tries.append(target)
        error = left.pop(0) if left else None
        if error is not None:
            Path(target).write_bytes(b"torn")
            raise error
        real(source, target)

    monkeypatch.setattr(shared._files, "put_file", put_file)
    monkeypatch.setattr(shared_folder, "PAUSES", (0.0, 0.0, 0.0))
    return tries


def test_what_may_be_over_is_tried_again(shared, tmp_path, monkeypatch) -> None:
    tries = failing(shared, monkeypatch, OSError(errno.EIO, "io"), OSError(errno.ESTALE, "stale"))
    shared.put(file(tmp_path, b"new"), "a")
    assert len(tries) == 3 and shared.text("a") == "new" and shared.names() == ["a"]


def test_a_full_folder_is_said_at_once_and_the_old_file_stays(
    shared, tmp_path, monkeypatch
) -> None:
    shared.put(file(tmp_path, b"old"), "a")
    full = OSError(errno.ENOSPC, "No space left on device")
    tries = failing(shared, monkeypatch, full, full)
    with pytest.raises(SearchError, match=r"file://.*/there/a cannot be written: No space left"):
        shared.put(file(tmp_path, b"new"), "a")
    assert len(tries) == 1 and shared.text("a") == "old" and shared.names() == ["a"]


def test_what_does_not_come_back_is_said(shared, tmp_path, monkeypatch) -> None:
    tries = failing(shared, monkeypatch, *[OSError(errno.EIO, "Input/output error")] * 9)
    with pytest.raises(SearchError, match=r"cannot be written: Input/output error\.  see to it"):
        shared.put(file(tmp_path, b"new"), "a")
    assert len(tries) == 4 and shared.names() == []


def test_a_slow_folder_is_said_once(tmp_path, monkeypatch) -> None:
    said = list[str]()
    monkeypatch.setattr(shared_folder, "SLOW", -1.0)
    shared = SharedFolder(f"file://{tmp_path}/there", said.append)
    for name in "ab":
        shared.put(file(tmp_path, b"new"), name)
    assert len(said) == 1 and "is slow" in said[0]


def test_who_reads_while_another_writes_sees_a_whole_file(shared, tmp_path) -> None:
    whole = [bytes([n]) * 200_000 for n in range(8)]
    shared.put(file(tmp_path, whole[0]), "a")
    over = threading.Event()

    def write() -> None:
        for content in whole * 4:
            shared.put(file(tmp_path, content, "source"), "a")
        over.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not over.is_set():
        assert shared.get("a", tmp_path / "back") and (tmp_path / "back").read_bytes() in whole
    thread.join()


def test_a_package_that_is_missing_is_named_with_its_command(monkeypatch) -> None:
    import fsspec

    def missing(*given: Any, **options: Any) -> Any:
        raise ImportError("no module")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(SearchError, match=r"s3:// is reached through s3fs, .*  pip install s3fs"):
        SharedFolder("s3://bucket/x")


def test_one_search_has_a_folder(shared, tmp_path) -> None:
    mirror = Mirror(shared, tmp_path / "run")
    mirror.claim("digest", "first", fresh=True)
    mirror.claim("digest", "first", fresh=False)
    with pytest.raises(SearchError, match="holds the files of another search, first"):
        mirror.claim("other", "second", fresh=True)


def test_a_search_leaves_there_what_its_run_directory_has(tmp_path) -> None:
    space = tiny_space(
        {"input": [1, 12, 12]}, trials=3, budget={"macs": "200k"}, final={"keep": 1, "seeds": 2},
        proxy={"epochs": 2, "steps_per_epoch": 2, "warmup": 0}, shared=f"file://{tmp_path}/there",
    )  # fmt: skip
    run, there = tmp_path / "run", tmp_path / "there"
    search(space, out=run, settings=space.spec.settings())
    state = read_state(run)
    assert state is not None and state.best is not None
    kept = [path.relative_to(run) for path in run.rglob("weights.safetensors")]
    assert kept
    assert sorted(path.relative_to(there) for path in there.rglob("*.safetensors")) == sorted(kept)
    assert all((there / path).read_bytes() == (run / path).read_bytes() for path in kept)
    assert not list(there.rglob("*.ckpt")) and not list(there.rglob("*.tmp"))
