"""Run directories of archdsl 0.1, whose record was `run.json` and `trials.jsonl`: read, no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archdsl.errors import SearchError
from archdsl.study.record import files
from archdsl.study.record.events import Event, Malformed, event
from archdsl.study.record.state import State, fold

_RUN, _TRIALS, _TEST, _SPACE = "run.json", "trials.jsonl", "test.json", "space.yaml"


def is_former(folder: Path) -> bool:
    """Whether a folder holds a run of archdsl 0.1."""
    try:
        return bool(json.loads(files.read_bytes(folder / _RUN)).get("format") == 1)
    except (SearchError, ValueError, AttributeError, RecursionError):
        return False


def read_former(folder: Path) -> State:
    """The state of such a run. Raises SearchError where its files are damaged."""
    try:
        return fold(_events(folder))
    except (
        Malformed, ValueError, KeyError, TypeError, AttributeError, RecursionError,
    ) as error:  # fmt: skip
        raise SearchError(
            f"{folder} holds a search of archdsl 0.1 whose files are damaged "
            f"({type(error).__name__}: {error}).  restore them from a copy"
        ) from None


def _events(folder: Path) -> Iterator[Event]:
    run = json.loads(_text(folder / _RUN))
    yield _made("created", name=run["name"], space=_text(folder / _SPACE), setup=run["setup"],
                survey=run["survey"])  # fmt: skip
    for session in run["sessions"]:
        yield _made("session", **session)
    if "evidence" in run:
        yield _made("evidence", known=run["evidence"])
    if "data" in run:
        yield _made("data", **run["data"])
    for line in _text(folder / _TRIALS).split("\n")[:-1]:
        yield from _trial(json.loads(line))
    for number, metrics in json.loads(_text(folder / _TEST) or "{}").items():
        yield _made("looked", training=[int(number), "search", 0, 0], split="test", metrics=metrics)


def _trial(said: dict[str, Any]) -> Iterator[Event]:
    number = said["number"]
    training = [number, "search", 0, 0]
    proposed = ("origin", "decisions", "text", "costs", "network")
    yield _made("proposed", trial=number, **{name: said[name] for name in proposed})
    if said["state"] in ("complete", "failed"):
        yield _made("running", training=training, step=None, begun=0.0)
    for epoch in said["epochs"]:
        metrics = {name: value for name, value in epoch.items() if name != "step"}
        yield _made("epoch", training=training, step=epoch["step"], metrics=metrics)
    over = ("state", "metrics", "values", "cause", "trace", "seconds")
    yield _made("finished", trial=number, **{name: said[name] for name in over}, begun=None,
                ended=None)  # fmt: skip


def _made(kind: str, **values: Any) -> Event:
    return event({"event": kind, **values})


def _text(path: Path) -> str:
    return files.read_bytes(path).decode() if path.exists() else ""


def refuse_former(folder: Path) -> None:
    """Raise SearchError where a folder holds such a run: nothing goes on with it."""
    if is_former(folder) and not (folder / "record.jsonl").exists():
        raise SearchError(
            f"{folder} holds a search of archdsl 0.1, which kept another record.  `archdsl "
            "report` and `archdsl export` read it; to go on, search it anew with another --out"
        )
