"""The record as a file: torn tails are dropped, damage is named, and only the opener writes."""

from __future__ import annotations

import os
import re

import pytest

from archdsl.errors import SearchError
from archdsl.study.record.events import Looked, Training
from archdsl.study.record.file_store import FileStore


def look(number: int) -> Looked:
    return Looked(Training(number, "search", 0, 0), "test", {"who \udcff\u2028\x85": 0.5})


@pytest.fixture
def store(tmp_path):
    """A store with three events."""
    store = FileStore(tmp_path)
    with store.open():
        assert [store.add(look(number)) for number in range(3)] == [0, 1, 2]
    return store


def test_what_was_added_is_replayed_and_added_to(store, tmp_path) -> None:
    again = FileStore(tmp_path)
    with again.open():
        assert list(again.replay()) == [look(0), look(1), look(2)]
        assert again.add(look(3)) == 3
        again.settle()
    assert list(FileStore(tmp_path).replay()) == [look(number) for number in range(4)]


def test_half_a_last_line_is_dropped_wherever_it_was_torn(store, tmp_path) -> None:
    whole = store.path.read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    for end in (start, start + 1, (start + len(whole)) // 2, len(whole) - 1):
        store.path.write_bytes(whole[:end])
        assert list(FileStore(tmp_path).replay()) == [look(0), look(1)]  # read, it stays
        assert store.path.stat().st_size == end
        again = FileStore(tmp_path)
        with again.open():
            list(again.replay())
            again.add(look(2))
        assert list(FileStore(tmp_path).replay()) == [look(0), look(1), look(2)]


def test_damage_is_named_with_its_line_and_can_be_left_behind(store, tmp_path) -> None:
    damaged = store.path.read_bytes().replace(b'[1, "search"', b'[7, "search"')
    store.path.write_bytes(damaged)
    words = (
        f"{store.path}: line 2 is damaged: its checksum is of another line.  "
        "`archdsl search --salvage` goes on from the 1 line before it and keeps the damaged file "
        "beside; or restore it from a copy, or choose another --out"
    )
    with pytest.raises(SearchError, match=re.escape(words)):
        list(FileStore(tmp_path).replay())
    assert store.salvage() == tmp_path / "record.damaged-1.jsonl"
    assert (tmp_path / "record.damaged-1.jsonl").read_bytes() == damaged
    assert list(FileStore(tmp_path).replay()) == [look(0)]
    assert store.salvage() is None  # nothing is damaged any more


def test_two_damaged_records_are_both_kept(store, tmp_path) -> None:
    for number in (1, 2):
        store.path.write_bytes(store.path.read_bytes() + b"no line\n")
        assert store.salvage() == tmp_path / f"record.damaged-{number}.jsonl"


def test_another_process_than_the_opener_does_not_write(tmp_path) -> None:
    store = FileStore(tmp_path)
    with store.open():
        store.add(look(0))
        child = os.fork()
        if child == 0:
            try:
                store.add(look(1))
            except SearchError:
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        store.add(look(1))
    assert list(FileStore(tmp_path).replay()) == [look(0), look(1)]


def test_a_full_disk_leaves_whole_lines_and_says_so(store, tmp_path, monkeypatch) -> None:
    with store.open():
        list(store.replay())
        write = os.write

        def half(handle: int, data: object) -> int:
            if len(bytes(data)) > 20:
                return write(handle, bytes(data)[:20])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.write", half)
        before = store.path.read_bytes()
        with pytest.raises(SearchError, match=r"record.jsonl cannot be written: No space left on"):
            store.add(look(3))
        monkeypatch.undo()
        assert store.path.read_bytes() == before
        store.add(look(3))
    assert list(FileStore(tmp_path).replay()) == [look(number) for number in range(4)]


def test_a_folder_in_its_place_is_said_in_words(tmp_path) -> None:
    store = FileStore(tmp_path)
    store.path.mkdir()
    with (
        store.open(),
        pytest.raises(SearchError, match=r"record.jsonl cannot be written: Is a dir"),
    ):
        store.add(look(0))
    with pytest.raises(SearchError, match=r"record.jsonl cannot be read: Is a directory"):
        list(store.replay())


def test_what_is_no_file_is_not_waited_for(tmp_path) -> None:
    store = FileStore(tmp_path)
    os.mkfifo(store.path)
    with pytest.raises(SearchError, match=r"record.jsonl cannot be read: no regular file"):
        list(store.replay())
    reader = os.open(store.path, os.O_RDONLY | os.O_NONBLOCK)
    with (
        store.open(),
        pytest.raises(SearchError, match=r"record.jsonl cannot be written: no regular file"),
    ):
        store.add(look(0))
    os.close(reader)


@pytest.mark.parametrize("content", [b"x" * 500, b"\0" * 500, None])
def test_what_does_not_end_is_damage_and_is_kept(store, tmp_path, content) -> None:
    content = content or store.path.read_bytes().replace(b"\n", b"\r")
    store.path.write_bytes(content)
    with pytest.raises(SearchError, match=r"line 1 is damaged: .* --salvage` begins anew"):
        list(FileStore(tmp_path).replay())
    with FileStore(tmp_path).open():
        assert store.path.read_bytes() == content  # no kill leaves this, and so nothing is dropped
    assert store.salvage() == tmp_path / "record.damaged-1.jsonl"
    assert (tmp_path / "record.damaged-1.jsonl").read_bytes() == content
    assert list(FileStore(tmp_path).replay()) == []


def test_a_link_that_leads_nowhere_is_not_taken_for_a_new_record(store, tmp_path) -> None:
    kept = store.path.rename(tmp_path / "elsewhere")
    store.path.symlink_to(tmp_path / "not mounted")
    for act in (lambda: list(FileStore(tmp_path).replay()), store.salvage):
        with pytest.raises(SearchError, match=r"record.jsonl is a link that leads nowhere"):
            act()
    kept.rename(tmp_path / "not mounted")
    assert list(FileStore(tmp_path).replay()) == [look(0), look(1), look(2)]


@pytest.mark.parametrize("change", ["deleted", "cut", "longer", "replaced"])
def test_a_record_that_somebody_else_changes_is_not_written_on(store, tmp_path, change) -> None:
    whole = store.path.read_bytes()
    with store.open():
        list(store.replay())
        store.add(look(3))
        match change:
            case "deleted":
                store.path.unlink()
            case "cut":
                os.truncate(store.path, 100)
            case "longer":
                store.path.write_bytes(store.path.read_bytes() + b"mine")
            case "replaced":
                store.path.unlink()
                store.path.write_bytes(whole)
        with pytest.raises(SearchError, match=r"cannot be written: No such|by somebody else while"):
            store.add(look(4))
