"""Who has won: the best mean of a final round, or the best trial where there was none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.study.objectives import values_of
from archdsl.study.record.events import Training

if TYPE_CHECKING:
    from archdsl.study.record.rounds import FinalRound
    from archdsl.study.record.state import State
    from archdsl.study.trial import Metrics, Trial


@dataclass(frozen=True, slots=True)
class Won:
    """The winner of a search.

    trial: its architecture; training: whose weights are handed on, the best of its seeds
    metrics: of that training; name: its entrant's, None where there was no final round
    """

    trial: Trial
    training: Training
    metrics: Metrics
    name: str | None = None


def won(state: State) -> Won | None:
    """The winner so far; None where no trial succeeded.

    That of the last final round that was trained to its end. A search that went on after it has
    the winner of that round until the next is done.
    """
    for final in reversed(state.rounds.all):
        if final.done and (found := _of_round(state, final)) is not None:
            return found
    best = state.best
    if best is None:
        return None
    assert state.created is not None, "a trial has a study"
    seed = state.created.setup["settings"]["seed"]
    return Won(best, Training(best.number, "search", seed, 0), best.metrics)


def mean_values(state: State, final: FinalRound, number: int) -> tuple[float, ...] | None:
    """The objectives of an entrant, averaged over its seeds; None where a training failed."""
    runs = final.metrics_of(number)
    if runs is None:
        return None
    costs = final.entrants[number].costs
    values = [values_of(state.objectives, metrics, costs) for metrics in runs]
    return tuple(sum(column) / len(runs) for column in zip(*values, strict=True))


def _of_round(state: State, final: FinalRound) -> Won | None:
    signs = [1 if one.direction == "maximize" else -1 for one in state.objectives]
    best: tuple[tuple[float, ...], int] | None = None
    for number, one in enumerate(final.entrants):
        values = mean_values(state, final, number) if one.of_the_space else None
        if values is not None:
            signed = tuple(sign * value for sign, value in zip(signs, values, strict=True))
            if best is None or signed > best[0]:
                best = signed, number
    if best is None:
        return None
    number = best[1]
    runs = final.metrics_of(number) or []
    costs = final.entrants[number].costs
    firsts = [signs[0] * values_of(state.objectives, one, costs)[0] for one in runs]
    at = firsts.index(max(firsts))
    entrant = final.entrants[number]
    assert entrant.trial is not None, "who wins is of the space"
    training = final.training(number, final.begun.seeds[at])
    return Won(state.trials[entrant.trial], training, runs[at], entrant.name)
