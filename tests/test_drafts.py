"""Files and folders are whole or not there, whoever else writes in the same place."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.drafts import draft_of, drop_left, write_durably


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["a.yaml", "a", ".hidden", "n" * 255, "ä" * 127, "a[b]*?.c"])
def test_a_draft_takes_its_place_when_it_is_whole(tmp_path, name) -> None:
    path = tmp_path / name
    path.write_text("old")
    with draft_of(path) as draft:
        write_durably(draft, b"new")
        assert path.read_text() == "old"
        assert draft.parent == tmp_path
    assert path.read_text() == "new"
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_a_draft_that_does_not_get_whole_is_gone(tmp_path, error) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old")
    with pytest.raises(error), draft_of(path) as draft:
        draft.write_text("ne")
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.yaml"]


def test_a_folder_is_whole_or_not_there_too(tmp_path) -> None:
    with draft_of(tmp_path / "model") as draft:
        draft.mkdir()
        (draft / "spec.yaml").write_text("name: a\n")
        assert not (tmp_path / "model").exists()
    assert names(tmp_path / "model") == ["spec.yaml"]
    with pytest.raises(OSError), draft_of(tmp_path / "model") as draft:
        draft.mkdir()
        (draft / "other").write_text("a folder that is not empty keeps its place")
    assert names(tmp_path) == ["model"] and names(tmp_path / "model") == ["spec.yaml"]


@given(st.lists(st.binary(min_size=1), min_size=2, max_size=6))
def test_of_several_writers_at_once_one_has_the_place_and_none_fails(
    tmp_path_factory, contents
) -> None:
    path = tmp_path_factory.mktemp("at once") / "a"
    together, done = threading.Barrier(len(contents)), list[bytes]()

    def write(content: bytes) -> None:
        with draft_of(path) as draft:
            draft.write_bytes(content)
            together.wait()
        done.append(content)

    writers = [threading.Thread(target=write, args=(content,)) for content in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(done) == sorted(contents)
    assert path.read_bytes() in contents
    assert names(path.parent) == ["a"]


def test_what_a_kill_left_of_a_path_is_told_from_what_else_lies_there(tmp_path) -> None:
    path = tmp_path / "a[1].ckpt"
    for name in (".a[1].ckpt.0123abcd.tmp", ".a1.ckpt.0123abcd.tmp", ".a[1].ckpt.tmp", "b.tmp"):
        (tmp_path / name).write_text("half")
    folder = tmp_path / ".a[1].ckpt.89abcdef.tmp"
    folder.mkdir()
    (folder / "within").write_text("half")
    drop_left(path)
    assert names(tmp_path) == [".a1.ckpt.0123abcd.tmp", ".a[1].ckpt.tmp", "b.tmp"]
    drop_left(tmp_path / "never written")
