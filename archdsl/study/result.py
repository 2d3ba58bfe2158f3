"""What a search came to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from archdsl.study.trial import Trial

if TYPE_CHECKING:
    from archdsl.study.hypervolume import Hypervolume
    from archdsl.study.survey import Survey

Ending: TypeAlias = Literal["done", "exhausted", "interrupted"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a search came to.

    best: the best trial, or None where none succeeded
    trials: all of them, in order, the failed included
    front: with two objectives the trials that no other dominates, else the best alone
    ended: "done", "exhausted" (every architecture inside the budget was tried), "interrupted"
    message: how it ended and how to go on, in words
    survey: the size of the space, and how much of it fits the budget
    folder: the run directory; None for a search that keeps no record
    notes: what else there is to say, such as a winner that cannot be exported
    hypervolume: how much the front dominates, with two objectives; None where there is no saying
    """

    best: Trial | None
    trials: tuple[Trial, ...]
    front: tuple[Trial, ...]
    ended: Ending
    message: str
    survey: Survey
    folder: Path | None
    notes: tuple[str, ...] = ()
    hypervolume: Hypervolume | None = None

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.ended == "interrupted"
