"""Lines of the record: every event comes back, and no damage is taken for an event."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.study.record import events
from archdsl.study.record.events import KINDS, Malformed, Training, event, plain
from archdsl.study.record.lines import Reader, encode

TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)  # lone surrogates, too
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ANSWERS = st.none() | st.booleans() | st.integers() | FLOATS | TEXTS
METRICS = st.dictionaries(TEXTS, FLOATS | st.sampled_from(["nan", "inf"]), max_size=3)
TRAININGS = st.builds(
    Training, st.integers(0, 99), st.sampled_from(["search", "final"]), st.integers(), st.just(0)
)
EVENTS = st.one_of(
    st.builds(
        events.Proposed, st.integers(0, 99), st.sampled_from(["default", "gp"]),
        st.dictionaries(TEXTS, ANSWERS, max_size=4),
        TEXTS, st.dictionaries(TEXTS, st.integers(), max_size=3), TEXTS,
    ),
    st.builds(events.Running, TRAININGS, st.none() | FLOATS, FLOATS),
    st.builds(events.Epoch, TRAININGS, FLOATS, METRICS),
    st.builds(events.Paused, TRAININGS),
    st.builds(
        events.Round, st.integers(0, 9), st.integers(0, 99), st.dictionaries(TEXTS, ANSWERS),
        st.lists(st.dictionaries(TEXTS, ANSWERS, max_size=3), max_size=2),
        st.lists(st.integers(), max_size=3), st.integers(1, 99), TEXTS, st.none() | TEXTS,
    ),
    st.builds(
        events.TrainingOver, TRAININGS, st.sampled_from(["complete", "failed"]), METRICS,
        st.none() | TEXTS, st.none() | TEXTS, st.none(), FLOATS, FLOATS, FLOATS,
    ),
    st.builds(
        events.Looked, TRAININGS, st.just("test"), METRICS,
        st.none() | st.fixed_dictionaries({"images": st.integers(0), "right": TEXTS}),
    ),
    st.builds(
        events.Finished, st.integers(0, 99),
        st.sampled_from(["complete", "failed", "outside", "repeated"]), METRICS,
        st.none() | st.lists(FLOATS, max_size=2), st.none() | TEXTS, st.none() | TEXTS, FLOATS,
        st.none() | FLOATS, st.none() | FLOATS,
    ),
)  # fmt: skip


def written(many: list[Any], writer: str = "a", number: int = 0, last: str = "") -> list[bytes]:
    lines = []
    for offset, one in enumerate(many):
        line, last = encode(number + offset, writer, last, one)
        lines.append(line)
    return lines


def read(lines: list[bytes]) -> list[Any]:
    reader = Reader()
    return [reader.read(line.removesuffix(b"\n")).event for line in lines]


@given(st.lists(EVENTS, max_size=5))
def test_what_is_written_comes_back_and_is_a_line_of_ascii_each(many) -> None:
    lines = written(many)
    assert read(lines) == many
    text = b"".join(lines)
    assert text.isascii() and text.decode().splitlines() == text.decode().split("\n")[:-1]


@given(st.lists(EVENTS, min_size=2, max_size=4), st.data())
def test_a_line_that_is_altered_lost_doubled_or_moved_is_found(many, data) -> None:
    lines = written(many)
    at = data.draw(st.integers(0, len(lines) - 2))
    sign = data.draw(st.integers(0, len(lines[at]) - 2))
    other = data.draw(st.integers(32, 126).filter(lambda code: code != lines[at][sign]))
    altered = lines[at][:sign] + bytes([other]) + lines[at][sign + 1 :]
    for damaged in (
        [*lines[:at], altered, *lines[at + 1 :]],
        [*lines[:at], *lines[at + 1 :]],
        [*lines[: at + 1], *lines[at:]],
        [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
    ):
        with pytest.raises(Malformed):
            read(damaged)


def test_a_writer_that_comes_later_follows_what_was_there() -> None:
    many = [events.Paused(Training(0, "search", 0, 0))] * 2
    reader = Reader()
    first = written(many)
    for line in first:
        reader.read(line[:-1])
    later = written(many, "b", reader.number, reader.last)
    assert read([*first, *later]) == [*many, *many]
    with pytest.raises(Malformed, match="its number is 2 and not 1"):
        read([first[0], *later])
    with pytest.raises(Malformed, match="its checksum is of another line"):
        read([first[0], written(many[:1], "a", 1, "")[0]])


@pytest.mark.parametrize(
    "line", [b"", b"null", b"[]", b"{}", b"7", b'{"number": 0', b"\xff", b"[" * 100_000]
)
def test_what_is_no_line_says_so(line) -> None:
    with pytest.raises(Malformed, match=r"its format is|it is no"):
        Reader().read(line)


def test_another_format_is_not_guessed_at() -> None:
    line = written([events.Paused(Training(0, "search", 0, 0))])[0]
    with pytest.raises(Malformed, match="its format is 6, and this reads 2, 3, 4, 5"):
        Reader().read(line.replace(b'"format": 5', b'"format": 6')[:-1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"event": "improved"}, "there is no event 'improved'"),
        ({"training": None}, "the training of looked is NoneType"),
        ({"training": [3, "search", 0]}, "the training of looked is list"),
        ({"metrics": []}, "the metrics of looked is list"),
        ({"split": "train"}, "the split of looked is str"),
        ({"who": 1}, "looked has a who"),
    ],
)
def test_an_event_is_held_to_its_fields(change, said) -> None:
    look = events.Looked(Training(3, "search", 0, 0), "test", {"accuracy": 0.5})
    good = json.loads(json.dumps(plain(look)))
    assert event(good) == look
    with pytest.raises(Malformed, match=said):
        event({**good, **change})
    del good["training"]
    with pytest.raises(Malformed, match="looked has no training"):
        event(good)


def test_every_kind_of_event_can_be_told_apart() -> None:
    assert len(KINDS) == 18


def test_no_field_of_an_event_has_the_name_of_what_is_around_it() -> None:
    around = {"event", "number", "format", "writer", "sum"}
    for kind, cls in KINDS.items():
        assert not around & {field.name for field in dataclasses.fields(cls)}, kind


def test_a_look_of_an_earlier_format_is_of_the_one_training_of_its_trial() -> None:
    training = Training(3, "search", 7, 0)
    lines = written([events.Running(training, None, 1.0), events.Paused(training)])
    before = [_of_an_earlier_format(lines[0])]
    look = {"event": "looked", "trial": 3, "split": "test", "metrics": {"accuracy": 0.5}}
    before.append(_of_an_earlier_format(lines[1], look, before[0]))
    assert read(before)[1] == events.Looked(training, "test", {"accuracy": 0.5})


def _of_an_earlier_format(line: bytes, instead: Any = None, after: bytes | None = None) -> bytes:
    """A line as format 3 had it. instead: another event; after: the line before it."""
    values = {**json.loads(line), "format": 3}
    if instead is not None:
        values = {key: values[key] for key in ("number", "format", "writer")} | instead
    values.pop("sum", None)
    body = json.dumps(values)[:-1].encode()
    chained = "" if after is None else json.loads(after)["sum"]
    digest = hashlib.blake2b(chained.encode() + body, digest_size=8).hexdigest()
    return body + f', "sum": "{digest}"}}\n'.encode()
