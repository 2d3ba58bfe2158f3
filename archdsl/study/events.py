"""What a search tells its listener, as it happens. A live display is only a listener."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from archdsl.language.settings import SearchSettings
    from archdsl.study.final.entrants import Entrant
    from archdsl.study.result import Result
    from archdsl.study.survey import Survey
    from archdsl.study.trial import Metrics, Trial


@dataclass(frozen=True, slots=True)
class Preparing:
    """Something that may take a while before the first trial or after the last.

    what: "reading the images", "measuring how much fits the budget", ...
    done, total: how far it is; both 0 where that is not known
    """

    what: str
    done: int = 0
    total: int = 0


TRAINING = "training"
"""What a proxy check is getting ready while it trains; each training is told by itself, too."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a search goes on with and that is to be known, such as files passed over."""

    text: str


@dataclass(frozen=True, slots=True)
class Started:
    """The search begins, or goes on: `done` trials are on record."""

    name: str
    settings: SearchSettings
    survey: Survey
    folder: Path | None
    done: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class TrialStarted:
    """A candidate was proposed and counted, and its training begins."""

    number: int
    origin: str
    decisions: dict[str, Any]
    costs: dict[str, int]


@dataclass(frozen=True, slots=True)
class Epoch:
    """A candidate reported, after an epoch or whenever its `evaluate` likes."""

    number: int
    step: float
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Said:
    """A worker printed a line. number: of the trial that it was at, if any."""

    number: int | None
    line: str


@dataclass(frozen=True, slots=True)
class TrialRetried:
    """A trial was broken off and is tried again, from its last epoch where it left a checkpoint.

    cause: what broke it off
    """

    number: int
    cause: str


@dataclass(frozen=True, slots=True)
class TrialPaused:
    """A trial is put aside after some epochs, and goes on if it comes among the best there."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class TrialFinished:
    """A trial is on record, whether it failed or not."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class Best:
    """The trial that was just recorded is the best so far."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class TrainedAnew:
    """A training of the final round is over. cause: why it failed, None where it did not"""

    entrant: Entrant
    seed: int
    metrics: Metrics
    cause: str | None


@dataclass(frozen=True, slots=True)
class RoundProgress:
    """A round is so far: `done` of `total` trainings.

    note: what was made smaller, in words; last: what has just ended, None when the round begins
    purpose: as `Round` has it
    """

    entrants: tuple[Entrant, ...]
    seeds: int
    done: int
    total: int
    note: str | None
    last: TrainedAnew | None
    purpose: str = "final"


@dataclass(frozen=True, slots=True)
class CheckTrained:
    """Of a proxy check a training is over, or a member was scored: `done` of `total`.

    what: under which schedule, in words; last: what has ended
    """

    what: str
    done: int
    total: int
    last: TrainedAnew


@dataclass(frozen=True, slots=True)
class Finished:
    """The search is over, or was interrupted; all of it is on disk."""

    result: Result


Event: TypeAlias = (
    Preparing | Notice | Started | TrialStarted | Epoch | Said | TrialRetried
    | TrialPaused | TrialFinished
    | Best | RoundProgress | CheckTrained | Finished
)  # fmt: skip
Listener: TypeAlias = Callable[[Event], None]


def silent(event: Event) -> None:
    """A listener that listens to nothing."""
