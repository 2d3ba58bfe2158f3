"""An event as a line of the record.

    {"number": 7, "format": 3, "writer": "9f1c", "event": "epoch", ..., "sum": "16 hex digits"}

The checksum is of the line up to it and of the checksum that its writer wrote before; the first
of a writer follows the last line that the record had. So a line that was altered, moved, doubled
or lost is found. A line is ASCII, whatever its texts hold, so that nothing in them can end it and
every text comes back as it went in.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from archdsl.study.record.events import Event, Malformed, event, plain

FORMAT = 5
"""Of the record. 1 was the run directory without one; in 2 a session did not say how many workers
it had, and had one; until 3 a look at the test split named a trial, which was trained once;
until 4 every trial was trained to its end."""

READS = (2, 3, 4, FORMAT)

_DIGEST = 8  # bytes
_TAIL = len(', "sum": ""}') + 2 * _DIGEST


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event of a record with its place in it. written: the checksum of its line."""

    number: int
    writer: str
    event: Event
    written: str


def encode(number: int, writer: str, before: str, event: Event) -> tuple[bytes, str]:
    """The line of an event and its checksum. before: the checksum that it is chained to."""
    values = {"number": number, "format": FORMAT, "writer": writer, **plain(event)}
    body = json.dumps(values, allow_nan=False)[:-1].encode("ascii")
    written = _sum(before, body)
    return body + f', "sum": "{written}"}}\n'.encode(), written


class Reader:
    """Reads lines one after another. Raises Malformed, saying why, for one that is damaged."""

    def __init__(self) -> None:
        self.number = 0
        self.last = ""
        self._by_writer: dict[str, str] = {}
        self._trained_once: list[Any] | None = None

    def before(self, writer: str) -> str:
        """The checksum that the next line of a writer is chained to."""
        return self._by_writer.get(writer, self.last)

    def read(self, line: bytes) -> Numbered:
        """The event of the line that comes next, without its newline."""
        values = _values(line)
        if values.get("format") not in READS:
            said = ", ".join(map(str, READS))
            raise Malformed(f"its format is {values.get('format')!r}, and this reads {said}")
        if values.get("number") != self.number:
            raise Malformed(f"its number is {values.get('number')!r} and not {self.number}")
        writer = values.get("writer")
        if not isinstance(writer, str):
            raise Malformed("it names no writer")
        written = _sum(self.before(writer), line[:-_TAIL])
        if values.get("sum") != written or not line.endswith(f', "sum": "{written}"}}'.encode()):
            raise Malformed("its checksum is of another line")
        if values["format"] < FORMAT:
            self._bring_up(values)
        for name in _ENVELOPE:
            del values[name]
        found = Numbered(self.number, writer, event(values), written)
        self._by_writer[writer] = self.last = written
        self.number += 1
        return found

    def _bring_up(self, values: dict[str, Any]) -> None:
        """Put a line of an earlier format as this one has it."""
        if values.get("event") == "running":
            self._trained_once = values.get("training")
        if values.get("event") == "looked" and "trial" in values:
            if self._trained_once is None:
                raise Malformed("a look comes before every training")
            _, *rest = self._trained_once  # all trainings of such a record are alike but for it
            values["training"] = [values.pop("trial"), *rest]


_ENVELOPE = ("number", "format", "writer", "sum")


_JSON = json.JSONDecoder()


def _values(line: bytes) -> dict[str, Any]:
    try:
        # `json.loads` of bytes looks for their encoding, line by line; ours is known
        values = _JSON.decode(line.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise Malformed("it is no JSON") from None
    if not isinstance(values, dict):
        raise Malformed("it is no object of JSON")
    return values


def _sum(before: str, body: bytes) -> str:
    return hashlib.blake2b(before.encode() + body, digest_size=_DIGEST).hexdigest()
