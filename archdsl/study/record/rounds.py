"""The rounds of a study in which some are trained anew, as events say of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from archdsl.study.final.entrants import Entrant, entrant
from archdsl.study.record.events import Malformed, Round, Training, TrainingOver
from archdsl.study.trial import Metrics, from_json

_FINAL = "final/"


@dataclass(frozen=True, slots=True)
class SplitLook:
    """What was seen in a split. seen: as `Looked` has it"""

    metrics: Metrics
    seen: dict[str, Any] | None = None


@dataclass
class FinalRound:
    """One round. over: what came of its trainings; running: those that have begun"""

    begun: Round
    over: dict[Training, TrainingOver] = field(default_factory=dict)
    running: set[Training] = field(default_factory=set)

    @cached_property
    def entrants(self) -> tuple[Entrant, ...]:
        """Who is in it."""
        return tuple(map(entrant, self.begun.entrants))

    @property
    def purpose(self) -> str:
        """Of its trainings."""
        return f"{self.begun.purpose}/{self.begun.index}"

    def training(self, number: int, seed: int) -> Training:
        """The training of an entrant with a seed."""
        return Training(number, self.purpose, seed, 0)

    def trainings(self) -> list[Training]:
        """All of them, one seed of everybody before the next."""
        numbers = range(len(self.begun.entrants))
        return [self.training(n, seed) for seed in self.begun.seeds for n in numbers]

    def has(self, training: Training) -> bool:
        """Whether a training is one of these."""
        number, purpose, seed, branch = training
        here = purpose == self.purpose and 0 <= number < len(self.begun.entrants)
        return here and seed in self.begun.seeds and branch == 0

    def __len__(self) -> int:
        return len(self.begun.entrants) * len(self.begun.seeds)

    @property
    def done(self) -> bool:
        """Whether every training is over."""
        return len(self.over) == len(self)

    def metrics_of(self, number: int) -> list[Metrics] | None:
        """Of an entrant's trainings, in the order of the seeds; None where one is not complete."""
        found = []
        for seed in self.begun.seeds:
            one = self.over.get(self.training(number, seed))
            if one is None or one.state != "complete":
                return None
            found.append(from_json(one.metrics))
        return found


class Rounds:
    """All rounds, each event of which is taken by `hear` of the state."""

    def __init__(self) -> None:
        self.all: list[FinalRound] = []

    @property
    def last(self) -> FinalRound | None:
        """The round that counts."""
        return self.all[-1] if self.all else None

    def begin(self, event: Round) -> None:
        """A round begins."""
        self.all.append(FinalRound(event))

    def check(self, event: Round) -> None:
        """Raise Malformed for a round that cannot come next."""
        if event.index != len(self.all):
            raise Malformed(f"round {event.index} begins after {len(self.all)} others")
        try:
            tuple(map(entrant, event.entrants))
        except (TypeError, KeyError):
            raise Malformed("a round has somebody in it who is no entrant") from None

    def of(self, training: Training) -> FinalRound:
        """The round of a training. Raises Malformed where there is none."""
        for one in reversed(self.all):
            if one.purpose == training.purpose:
                if one.has(training):
                    return one
                raise Malformed(f"{training.purpose} has no such training as {training}")
        raise Malformed(f"there is no round {training.purpose}")


def is_final(training: Training) -> bool:
    """Whether a training is one of a final round."""
    return training.purpose.startswith(_FINAL)


def of_a_round(training: Training) -> bool:
    """Whether a training is one of any round, and not that of a trial."""
    return "/" in training.purpose
