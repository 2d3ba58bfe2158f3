"""What can happen to a study. The record is a list of these, in order.

A trial is a number, from the moment it is proposed. A training is a key: a trial, what it is
trained for, with which seed, and which branch of its schedule; an epoch is a training and a step.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

from archdsl.study.trial import Ended, Origin


class Training(NamedTuple):
    """Which training of which trial: a trial may be trained more than once.

    purpose: what for, such as "search"; branch: of a schedule that forks, 0 where it does not
    """

    trial: int
    purpose: str
    seed: int
    branch: int


@dataclass(frozen=True, slots=True)
class Created:
    """A study begins. It is the first event of every record.

    space: the space as it is searched, as YAML; setup: what may not change between sessions
    survey: how large the space is and how much of it fits
    """

    kind: ClassVar = "created"
    name: str
    space: str
    setup: dict[str, Any]
    survey: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """What may change between sessions did: the number of trials, where the data lies."""

    kind: ClassVar = "changed"
    setup: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Session:
    """Trials are about to run, on these versions and this machine. begun: an ISO time."""

    kind: ClassVar = "session"
    begun: str
    first_trial: int
    versions: dict[str, str]
    machine: dict[str, str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the figures from here on follow from: digests of data and code, versions."""

    kind: ClassVar = "evidence"
    known: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Data:
    """What the trials train on, in words; images by split, and what was passed over.

    preprocessing: what was done to each image, as `Preprocessing.record` gives it
    """

    kind: ClassVar = "data"
    words: str
    counts: dict[str, int]
    notes: list[str]
    preprocessing: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """A trial has a number, an architecture and a folder. network: equal for equal networks."""

    kind: ClassVar = "proposed"
    trial: int
    origin: Origin
    decisions: dict[str, Any]
    text: str
    costs: dict[str, int]
    network: str


@dataclass(frozen=True, slots=True)
class Running:
    """A training begins, or begins again, with what it had after `step`; None for afresh.

    begun: seconds since 1970
    """

    kind: ClassVar = "running"
    training: Training
    step: float | None
    begun: float


@dataclass(frozen=True, slots=True)
class Epoch:
    """A training reported, after an epoch or whatever `step` counts."""

    kind: ClassVar = "epoch"
    training: Training
    step: float
    metrics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Paused:
    """A training was put aside and may go on from its last epoch."""

    kind: ClassVar = "paused"
    training: Training


@dataclass(frozen=True, slots=True)
class Finished:
    """A trial is over. The fields are those of `Trial`.

    begun, ended: seconds since 1970; both None for a trial that was answered at once
    """

    kind: ClassVar = "finished"
    trial: int
    state: Ended
    metrics: dict[str, Any]
    values: list[float] | None
    cause: str | None
    trace: str | None
    seconds: float
    begun: float | None
    ended: float | None


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody looked at a split that no proposal may depend on."""

    kind: ClassVar = "looked"
    trial: int
    split: Literal["test"]
    metrics: dict[str, Any]


Event: TypeAlias = (
    Created | Changed | Session | Evidence | Data | Proposed | Running | Epoch | Paused
    | Finished | Looked
)  # fmt: skip

KINDS: dict[str, type[Any]] = {one.kind: one for one in typing.get_args(Event)}


class Malformed(Exception):
    """A line is no event; says why."""


def plain(event: Event) -> dict[str, Any]:
    """An event as values that JSON can hold, its kind first."""
    fields = {f.name: getattr(event, f.name) for f in dataclasses.fields(event)}
    return {"event": event.kind, **fields}


def event(values: Mapping[str, Any]) -> Event:
    """The event that `plain` gave. Raises Malformed for anything else.

    A field that has a default may be missing: it is younger than some records.
    """
    kind = values.get("event")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Malformed(f"there is no event {kind!r}")
    cls, given = KINDS[kind], {name: value for name, value in values.items() if name != "event"}
    hints, younger = _hints(cls), _younger(cls)
    for name in [*hints, *given]:
        if name not in given and name in younger:
            continue
        if name not in given or name not in hints:
            raise Malformed(f"{kind} has {'a' if name in given else 'no'} {name}")
        if not _fits(given[name], hints[name]):
            raise Malformed(f"the {name} of {kind} is {type(given[name]).__name__}")
    if "training" in given:
        given["training"] = Training(*given["training"])
    made: Event = cls(**given)
    return made


_known: dict[type[Any], dict[str, Any]] = {}


def _hints(cls: type[Any]) -> dict[str, Any]:
    if cls not in _known:
        hints = typing.get_type_hints(cls)
        _known[cls] = {f.name: hints[f.name] for f in dataclasses.fields(cls)}
    return _known[cls]


def _younger(cls: type[Any]) -> frozenset[str]:
    fields = dataclasses.fields(cls)
    return frozenset(f.name for f in fields if f.default is not dataclasses.MISSING)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value of JSON is what a field is annotated with."""
    if hint is Any:
        return True
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is Training:
        return isinstance(value, list) and [type(one) for one in value] == [int, str, int, int]
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return value in inner
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, one) for one in inner)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(one, inner[1]) for one in value.values())
    if origin is list:
        return isinstance(value, list) and all(_fits(one, inner[0]) for one in value)
    return type(value) is hint
