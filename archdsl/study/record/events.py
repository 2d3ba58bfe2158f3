"""What can happen to a study. The record is a list of these, in order.

A trial is a number, from the moment it is proposed. A training is a key: a trial, what it is
trained for, with which seed, and which branch of its schedule; an epoch is a training and a step.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

from archdsl.study.trial import Ended, Fault, Origin

Purpose: TypeAlias = Literal["final", "check/proxy", "check/final", "check/scores"]


class Training(NamedTuple):
    """Which training of which network: one may be trained more than once.

    trial: its number; in a round the number of the entrant there
    purpose: what for: "search", or "final/0" for the first round, a final one
    branch: of a schedule that forks, the epochs after which a branch ends; 0 for what is none
    """

    trial: int
    purpose: str
    seed: int
    branch: int


def trunk(training: Training) -> Training:
    """The training that a branch belongs to, or itself: nobody is at one beside the other."""
    return training._replace(branch=0)


@dataclass(frozen=True, slots=True)
class Created:
    """A study begins. It is the first event of every record.

    space: the space as it is searched, as YAML; setup: what may not change between sessions; that
        of a proxy check says under `check` how large it is
    survey: how large the space is and how much of it fits
    """

    kind: ClassVar = "created"
    name: str
    space: str
    setup: dict[str, Any]
    survey: dict[str, Any]

    @property
    def of_a_check(self) -> bool:
        """Whether it is a proxy check, and no search."""
        return "check" in self.setup


@dataclass(frozen=True, slots=True)
class Changed:
    """What may change between sessions did: the number of trials, where the data lies."""

    kind: ClassVar = "changed"
    setup: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exhausted:
    """Every architecture inside the budget was tried; more trials would find nothing new."""

    kind: ClassVar = "exhausted"


@dataclass(frozen=True, slots=True)
class Session:
    """Trials are about to run, on these versions and this machine.

    begun: an ISO time; first_trial: the first that is proposed in it
    workers: how many trials run at once; which results a proposal knows follows from it
    """

    kind: ClassVar = "session"
    begun: str
    first_trial: int
    versions: dict[str, str]
    machine: dict[str, str]
    workers: int = 1


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
    """A trial has a number, an architecture and a folder. network: equal for equal networks.

    until: the epochs after which it is compared and may be put aside; None where it is trained
        to its end
    inherits: the trial that it begins with the weights of, None for none; share: of its parameters
        those that are that trial's
    """

    kind: ClassVar = "proposed"
    trial: int
    origin: Origin
    decisions: dict[str, Any]
    text: str
    costs: dict[str, int]
    network: str
    until: int | None = None
    inherits: int | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A training begins, or begins again, with what it had after `step`; None for afresh.

    begun: seconds since 1970; session: of the search, that it runs in; None for the last
    node: the address of the machine that it runs on, where an engine has several
    there: what of the session's versions and machine is another where it runs, and which
    """

    kind: ClassVar = "running"
    training: Training
    step: float | None
    begun: float
    session: int | None = None
    node: str | None = None
    there: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Epoch:
    """A training reported, after an epoch or whatever `step` counts."""

    kind: ClassVar = "epoch"
    training: Training
    step: float
    metrics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Paused:
    """A training was put aside and may go on from its last epoch.

    seconds: how long a part of it took that came to its end
    """

    kind: ClassVar = "paused"
    training: Training
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Reached:
    """A training came to the epochs after which it is compared, and is put aside.

    step: those epochs; values, metrics: what the objectives, and all metrics, come to there
    begun, ended: seconds since 1970; seconds: how long this part of it took
    """

    kind: ClassVar = "reached"
    training: Training
    step: int
    values: list[float]
    metrics: dict[str, Any]
    seconds: float
    begun: float
    ended: float


@dataclass(frozen=True, slots=True)
class Promoted:
    """A trial that was put aside is to go on. until: the epochs after which it is compared next."""

    kind: ClassVar = "promoted"
    trial: int
    until: int


@dataclass(frozen=True, slots=True)
class Retried:
    """A training was broken off by what is not its candidate's doing, and is to go on.

    fault, cause: what broke it off; accumulate: micro-batches of a batch from here on
    """

    kind: ClassVar = "retried"
    training: Training
    fault: Fault
    cause: str
    accumulate: int


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
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """A round begins: everybody in it is trained anew, once with every seed.

    index: from 0; trials: how many were over; asked: the settings that it follows from
    entrants: as `Entrant.record` gives them; their trainings count them from 0
    seeds: of the trainings; epochs: of each
    rule: how the best trials were picked, in words; note: what was made smaller, in words
    purpose: "final" after the trials of a search; else one of a proxy check, which has the other
        three and no trials: under the proxy, under the final schedule, and scored untrained
    """

    kind: ClassVar = "round"
    index: int
    trials: int
    asked: dict[str, Any]
    entrants: list[dict[str, Any]]
    seeds: list[int]
    epochs: int
    rule: str
    note: str | None
    purpose: Purpose = "final"


@dataclass(frozen=True, slots=True)
class TrainingOver:
    """A training of a round is over. The fields are those of `Outcome`."""

    kind: ClassVar = "trained"
    training: Training
    state: Literal["complete", "failed"]
    metrics: dict[str, Any]
    cause: str | None
    trace: str | None
    fault: Fault | None
    seconds: float
    begun: float
    ended: float


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody looked at a split that no proposal may depend on, with what a training left.

    seen: images one by one, where that is known: `right`, a bit each in hexadecimal, and by class
        how many were right, and of how many
    """

    kind: ClassVar = "looked"
    training: Training
    split: Literal["test"]
    metrics: dict[str, Any]
    seen: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Somebody looked at the test split later, with `archdsl evaluate`.

    begun: an ISO time; weights: what was judged, in words
    """

    kind: ClassVar = "evaluated"
    begun: str
    weights: str
    metrics: dict[str, Any]


Event: TypeAlias = (
    Created | Changed | Session | Evidence | Data | Proposed | Running | Epoch | Paused
    | Reached | Promoted | Retried | Finished | Exhausted | Round | TrainingOver | Looked
    | Evaluated
)  # fmt: skip

KINDS: dict[str, type[Any]] = {one.kind: one for one in typing.get_args(Event)}


class Malformed(Exception):
    """A line is no event; says why."""


def plain(event: Event) -> dict[str, Any]:
    """An event as values that JSON can hold, its kind first."""
    fields = {f.name: getattr(event, f.name) for f in dataclasses.fields(event)}
    return {"event": event.kind, **fields}


def event(values: Mapping[str, Any]) -> Event:
    """The event that `plain` gave; a field that has a default may be missing.

    Raises Malformed for anything else.
    """
    kind = values.get("event")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Malformed(f"there is no event {kind!r}")
    known, given = _fields(kind), {**values}
    del given["event"]
    for name, (fits, needed) in known.items():
        if name in given:
            if not fits(given[name]):
                raise Malformed(f"the {name} of {kind} is {type(given[name]).__name__}")
        elif needed:
            raise Malformed(f"{kind} has no {name}")
    if not given.keys() <= known.keys():
        raise Malformed(f"{kind} has a {next(name for name in given if name not in known)}")
    if "training" in given:
        given["training"] = Training(*given["training"])
    made: Event = KINDS[kind](**given)
    return made


Fits: TypeAlias = Callable[[Any], bool]


@functools.cache
def _fields(kind: str) -> dict[str, tuple[Fits, bool]]:
    """Field -> whether a value of JSON fits it, and whether it has to be there."""
    cls = KINDS[kind]
    hints = typing.get_type_hints(cls)
    return {
        f.name: (_fits(hints[f.name]), f.default is dataclasses.MISSING)
        for f in dataclasses.fields(cls)
    }


def _fits(hint: Any) -> Fits:
    """Whether a value of JSON is what a field is annotated with."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return lambda value: True
    if hint is float:
        return lambda value: type(value) in (float, int)
    if hint is Training:
        return lambda value: type(value) is list and [*map(type, value)] == [int, str, int, int]
    if origin is Literal:
        return lambda value: value in inner
    if origin in (types.UnionType, typing.Union):
        if all(isinstance(one, type) and one is not Training for one in inner):
            # by their types alone: most fields of most lines are of this sort
            plain_types = frozenset(inner) | ({int} if float in inner else set())
            return lambda value: type(value) in plain_types
        members = [_fits(one) for one in inner]
        return lambda value: any(fits(value) for fits in members)
    if origin is dict:
        of_values = _all_fit(inner[1])
        return lambda value: type(value) is dict and of_values(value.values())
    if origin is list:
        of_items = _all_fit(inner[0])
        return lambda value: type(value) is list and of_items(value)
    return lambda value: type(value) is hint


def _all_fit(hint: Any) -> Callable[[Iterable[Any]], bool]:
    if hint is Any:
        return lambda values: True
    fits = _fits(hint)
    return lambda values: all(map(fits, values))
