"""What two trainings of one network differ by that differ in their seed alone, as measured."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.study.final.comparison import Arm, errors, seed_noise
from archdsl.study.trial import from_json
from archdsl.units import counted

if TYPE_CHECKING:
    from archdsl.study.record.rounds import FinalRound
    from archdsl.study.record.state import State


@dataclass(frozen=True, slots=True)
class SeedNoise:
    """What a final round says of seeds.

    purpose: of the round; networks, trainings: of which it is an estimate; epochs: of each
    bound: two trainings that differ in their seed alone differ by no more, in 95 of 100 cases
    """

    purpose: str
    networks: int
    trainings: int
    epochs: int
    bound: float

    def words(self) -> str:
        """Where it is from."""
        return (
            f"{self.purpose}: {counted(self.trainings, 'training')} of "
            f"{counted(self.networks, 'network')}, {counted(self.epochs, 'epoch')} each"
        )

    def record(self) -> dict[str, Any]:
        """As values that JSON can hold."""
        return {"bound": self.bound, "round": self.purpose, "networks": self.networks,
                "trainings": self.trainings, "epochs": self.epochs}  # fmt: skip


def noise_of(state: State, metric: str, epochs: float) -> SeedNoise | None:
    """That of a metric after the last of so many epochs, by the last round that measured it.

    None where no network was trained so long with two seeds, or all came to one figure with them.
    The difference of two draws has twice the variance of one, and so many standard errors to each
    side as Student's t says for the estimate's degrees of freedom.
    """
    for final in reversed(state.rounds.all):
        if final.begun.epochs != epochs:
            continue
        arms = _arms(final, metric)
        noise = seed_noise(arms)
        if noise is not None and noise.variance > 0:
            bound = errors(noise.freedom, 1, 1) * sqrt(2 * noise.variance)
            trainings = sum(len(arm.values) for arm in arms)
            return SeedNoise(final.purpose, len(arms), trainings, final.begun.epochs, bound)
    return None


def _arms(final: FinalRound, metric: str) -> list[Arm]:
    """The networks of which two trainings and more are over, of a round that may still go."""
    found = []
    for number, entrant in enumerate(final.entrants):
        trained = [final.over.get(final.training(number, seed)) for seed in final.begun.seeds]
        metrics = [from_json(o.metrics) for o in trained if o is not None and o.state == "complete"]
        values = [one[metric] for one in metrics if isfinite(one.get(metric, float("nan")))]
        if len(values) > 1:
            found.append(Arm(entrant.name, np.array(values)))
    return found
