"""A record that is read while another process writes it, and each of its lines once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.errors import SearchError
from archdsl.study.record import lines
from archdsl.study.record.events import Created, Epoch, Event, Finished, Proposed, Running, Training
from archdsl.study.record.file_store import FileStore
from archdsl.study.record.folder import read_state
from archdsl.study.record.reading import Reading
from archdsl.study.report import write_report
from archdsl.study.report.read import read

SETUP = {"settings": {"objectives": [{"name": "accuracy", "direction": "maximize"}]}}


def written(count: int) -> list[bytes]:
    """The lines of a record of so many trials."""
    many: list[Event] = [Created("tiny", "name: tiny\n", SETUP, {})]
    for number in range(count):
        training = Training(number, "search", 0, 0)
        many += [
            Proposed(number, "random", {"a": number}, "text", {"macs": 5}, f"n{number}"),
            Running(training, None, 1.0),
            Epoch(training, 1, {"accuracy": 0.5}),
            Finished(number, "complete", {}, [number / 10], None, None, 1.0, 1.0, 2.0),
        ]
    found, last = list[bytes](), ""
    for number, event in enumerate(many):
        line, last = lines.encode(number, "a", last, event)
        found.append(line)
    return found


LINES = written(3)
WHOLE = b"".join(LINES)


@pytest.fixture
def parsed(monkeypatch) -> list[int]:
    """The numbers of the lines that were parsed, in order."""
    seen: list[int] = []
    original = lines.Reader.read

    def counting(reader: lines.Reader, line: bytes) -> Any:
        seen.append(reader.number)
        return original(reader, line)

    monkeypatch.setattr(lines.Reader, "read", counting)
    return seen


@given(st.lists(st.integers(len(LINES[0]), len(WHOLE)), max_size=8).map(sorted))
def test_what_a_writer_appends_in_pieces_is_never_taken_for_damage(cuts) -> None:
    """Wherever the pieces end: in the midst of a line, before its newline, after it."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.jsonl"
        reading = Reading(Path(folder))
        for cut in [*cuts, len(WHOLE)]:
            path.write_bytes(WHOLE[:cut])  # the same file, grown
            whole = WHOLE[:cut].count(b"\n")
            state = reading.go_on()
            afresh = read_state(Path(folder))
            assert afresh is not None
            assert reading.store.line == whole
            assert state.trials == afresh.trials and state.finished == afresh.finished
        assert [trial.number for trial in reading.state.finished] == [0, 1, 2]


def test_asking_again_parses_only_what_came_since(tmp_path, parsed) -> None:
    path, reading = tmp_path / "record.jsonl", Reading(tmp_path)
    for end in range(1, len(LINES) + 1):
        path.write_bytes(b"".join(LINES[:end]))
        reading.go_on()
        reading.go_on()
    assert parsed == list(range(len(LINES)))


@pytest.mark.parametrize("change", ["another file", "shorter", "gone and back"])
def test_another_record_in_its_place_is_read_from_its_beginning(tmp_path, change) -> None:
    path, reading = tmp_path / "record.jsonl", Reading(tmp_path)
    path.write_bytes(WHOLE)
    assert len(reading.go_on().finished) == 3
    match change:
        case "another file":
            (tmp_path / "draft").write_bytes(b"".join(written(5)))
            (tmp_path / "draft").replace(path)
        case "shorter":
            os.truncate(path, len(LINES[0]))
        case "gone and back":
            path.unlink()
            assert reading.go_on().created is None
            path.write_bytes(b"".join(written(1)))
    found = {"another file": 5, "shorter": 0, "gone and back": 1}[change]
    assert len(reading.go_on().finished) == found


def test_damage_behind_what_was_read_is_named_with_its_line(tmp_path) -> None:
    path, reading = tmp_path / "record.jsonl", Reading(tmp_path)
    path.write_bytes(b"".join(LINES[:4]))
    reading.go_on()
    path.write_bytes(b"".join([*LINES[:4], LINES[5]]))
    with pytest.raises(SearchError, match="line 5 is damaged: its number is 5 and not 4"):
        reading.go_on()


def test_who_goes_on_with_what_was_read_writes_behind_it(tmp_path) -> None:
    path, reading = tmp_path / "record.jsonl", Reading(tmp_path)
    path.write_bytes(b"".join(LINES[:5]))
    reading.go_on()
    path.write_bytes(b"".join(LINES[:9]) + b'{"num')  # another process was faster, and was killed
    with reading.store.open():
        reading.go_on()
        reading.store.add(Proposed(2, "random", {"a": 2}, "text", {"macs": 5}, "n2"))
    assert len(list(FileStore(tmp_path).replay())) == 10


def test_a_search_that_goes_on_and_its_report_parse_each_line_once(
    run, tiny, tmp_path, parsed
) -> None:
    run(tiny(trials=3), tmp_path / "run")
    before = (tmp_path / "run" / "record.jsonl").read_bytes().count(b"\n")
    parsed.clear()
    run(tiny(trials=5), tmp_path / "run")
    assert parsed == list(range(before))
    assert (tmp_path / "run" / "report.html").is_file()
    parsed.clear()
    record = read(tmp_path / "run")
    write_report(tmp_path / "run", record)
    assert parsed == sorted(set(parsed)) and len(record.trials) == 5


@pytest.mark.parametrize("half", [100, 1 << 16, 3 << 16])
def test_half_a_line_is_dropped_however_long_it_is(tmp_path, half) -> None:
    path = tmp_path / "record.jsonl"
    path.write_bytes(WHOLE + b"x" * half)
    store = FileStore(tmp_path)
    with store.open():
        assert path.read_bytes() == WHOLE
    path.write_bytes(b"x" * half)  # a record whose first line does not end is kept as it is
    with store.open():
        assert path.stat().st_size == half
