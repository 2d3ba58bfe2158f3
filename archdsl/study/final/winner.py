"""Who has won: the best mean of a final round, or the best trial where there was none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.language.settings import FinalSettings
from archdsl.study.final.spread import spread
from archdsl.study.objectives import at_least, signed, values_of
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

    That of the final round that counts, where one does.
    """
    final = counted(state)
    if final is not None:
        means = _means(state, final)
        return _best_seed(state, final, max(means, key=means.__getitem__))
    return None if state.best is None else _as_trained(state, state.best)


def counted(state: State) -> FinalRound | None:
    """The final round whose word counts: the last that came to a figure of the space's networks.

    One that more trials have followed counts until the next is done, and not where none is to be.
    """
    for final in reversed(state.rounds.all):
        if final.done and _means(state, final):
            stale = final.begun.trials != len(state.finished)
            return final if not stale or is_wanted(state) else None
    return None


def is_wanted(state: State) -> bool:
    """Whether a search ends with a final round, as it is set up by now."""
    assert state.created is not None, "a state begins with how the study was created"
    setup = state.created.setup
    final = setup["settings"].get("final")
    return final is not None and is_due(final["asked"], setup.get("evaluate") == "own")


def is_due(asked: bool, own_evaluate: bool) -> bool:
    """Whether a round of the settings is trained: after an `evaluate` only when asked for."""
    return asked or not own_evaluate


def failures(state: State) -> str | None:
    """What of the last final round failed, in words; None where nothing did, or it is not done."""
    final = state.rounds.last
    if final is None or not final.done:
        return None
    failed = [one for one in final.over.values() if one.state == "failed"]
    if not failed:
        return None
    many = f"{len(failed)} of {len(final.over)} trainings of the final round failed"
    if not _means(state, final):
        many = f"the final round came to nothing: {many}"
    return f"{many}: {failed[-1].cause}"


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
    final = counted(state)
    if final is None:
        return [_as_trained(state, one) for one in
                spread(state.objectives, state.in_order(), FinalSettings().keep)]  # fmt: skip
    means = _means(state, final)
    leading = [
        number for number, one in means.items()
        if not any(other != one and at_least(other, one) for other in means.values())
    ]  # fmt: skip
    return [_best_seed(state, final, number) for number in sorted(leading, key=means.__getitem__)]


def _as_trained(state: State, trial: Trial) -> Won:
    """A trial with the weights that it was judged by."""
    assert state.created is not None and trial.values is not None, "it did not fail"
    seed = state.created.setup["settings"]["seed"]
    return Won(trial, Training(trial.number, "search", seed, 0), trial.metrics, trial.values)


def _means(state: State, final: FinalRound) -> dict[int, tuple[float, ...]]:
    """Entrant of the space -> its objectives, averaged, so that more is better in each."""
    return {
        number: signed(state.objectives, values)
        for number, one in enumerate(final.entrants)
        if one.of_the_space and (values := mean_values(state, final, number)) is not None
    }


def _best_seed(state: State, final: FinalRound, number: int) -> Won:
    """An entrant with the weights of its best seed on validation."""
    entrant, runs = final.entrants[number], final.metrics_of(number)
    assert runs is not None and entrant.trial is not None, "it is of the space, and has a mean"
    firsts = [
        signed(state.objectives, values_of(state.objectives, one, entrant.costs))[0] for one in runs
    ]
    at = firsts.index(max(firsts))
    training = final.training(number, final.begun.seeds[at])
    means = mean_values(state, final, number)
    assert means is not None, "its trainings are complete"
    return Won(state.trials[entrant.trial], training, runs[at], means, entrant.name)
