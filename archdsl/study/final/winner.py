"""Who has won: the best mean of a final round, or the best trial where there was none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.language.settings import FinalSettings
from archdsl.study.final.spread import spread
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
    values: its objectives, in a final round their means over the seeds
    """

    trial: Trial
    training: Training
    metrics: Metrics
    values: tuple[float, ...]
    name: str | None = None

    @property
    def stem(self) -> str:
        """What files of its own are called, before the dot."""
        return f"trial-{self.trial.number:05}"


def won(state: State) -> Won | None:
    """The winner so far; None where no trial succeeded.

    That of the last final round that was trained to its end. A search that went on after it has
    the winner of that round until the next is done.
    """
    for final in reversed(state.rounds.all):
        if final.done and (found := _of_round(state, final)) is not None:
            return found
    return None if state.best is None else _as_trained(state, state.best)


def mean_values(state: State, final: FinalRound, number: int) -> tuple[float, ...] | None:
    """The objectives of an entrant, averaged over its seeds; None where a training failed."""
    runs = final.metrics_of(number)
    if runs is None:
        return None
    costs = final.entrants[number].costs
    values = [values_of(state.objectives, metrics, costs) for metrics in runs]
    return tuple(sum(column) / len(runs) for column in zip(*values, strict=True))


def of_the_front(state: State) -> list[Won]:
    """With two objectives those that stand for the front, of which each is a choice of its own.

    After a final round those of the best trials that were trained to their end in it and that no
    other there dominates in the means; else a few of the front that together dominate the most.
    """
    if len(state.objectives) < 2 or state.best is None:
        return []
    final = state.rounds.last
    if final is None or not final.done:
        return [_as_trained(state, one) for one in
                spread(state.objectives, state.in_order(), FinalSettings().keep)]  # fmt: skip
    means = {
        number: signed(state, values)
        for number, one in enumerate(final.entrants)
        if one.of_the_space and (values := mean_values(state, final, number)) is not None
    }
    leading = [
        number for number, one in means.items()
        if not any(_dominates(other, one) for other in means.values())
    ]  # fmt: skip
    return [_best_seed(state, final, number) for number in sorted(leading, key=means.__getitem__)]


def signed(state: State, values: tuple[float, ...]) -> tuple[float, ...]:
    """Objectives so that more is better in each."""
    signs = (1 if one.direction == "maximize" else -1 for one in state.objectives)
    return tuple(sign * value for sign, value in zip(signs, values, strict=True))


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a >= b for a, b in zip(one, other, strict=True))


def _as_trained(state: State, trial: Trial) -> Won:
    """A trial with the weights that it was judged by."""
    assert state.created is not None and trial.values is not None, "it did not fail"
    seed = state.created.setup["settings"]["seed"]
    return Won(trial, Training(trial.number, "search", seed, 0), trial.metrics, trial.values)


def _of_round(state: State, final: FinalRound) -> Won | None:
    means = {
        number: signed(state, values)
        for number, one in enumerate(final.entrants)
        if one.of_the_space and (values := mean_values(state, final, number)) is not None
    }
    return _best_seed(state, final, max(means, key=means.__getitem__)) if means else None


def _best_seed(state: State, final: FinalRound, number: int) -> Won:
    """An entrant with the weights of its best seed on validation."""
    entrant, runs = final.entrants[number], final.metrics_of(number)
    assert runs is not None and entrant.trial is not None, "it is of the space, and has a mean"
    firsts = [signed(state, values_of(state.objectives, one, entrant.costs))[0] for one in runs]
    at = firsts.index(max(firsts))
    training = final.training(number, final.begun.seeds[at])
    means = mean_values(state, final, number)
    assert means is not None, "its trainings are complete"
    return Won(state.trials[entrant.trial], training, runs[at], means, entrant.name)
