"""The verdicts of the last final round of a study, one for each metric."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from archdsl.amounts import bounded
from archdsl.study.final.comparison import Arm, compared, seed_noise
from archdsl.study.final.entrants import Entrant, called
from archdsl.study.final.verdict import Split, Verdict
from archdsl.study.final.winner import counted, won
from archdsl.training.seen_images import unpacked

if TYPE_CHECKING:
    from archdsl.study.record.rounds import FinalRound
    from archdsl.study.record.state import State
    from archdsl.study.trial import Metrics

IMAGES = "n"
"""What a look at the test split calls the number of images."""


def verdicts(state: State) -> tuple[Verdict, ...]:
    """One for each metric that every training has, that of the first objective first.

    Empty where no final round counts. Of the test split, where each was looked at there and came
    to that metric, else of validation.
    """
    final, winner = counted(state), won(state)
    if final is None or winner is None:
        return ()
    at = next(n for n, one in enumerate(final.entrants) if one.name == winner.name)
    judged = [one.name for one in state.objectives if one.name not in bounded()]
    seen, trained = _common(_looked(state, final)), _common(_validated(final))
    names = [name for name in dict.fromkeys([*judged, *seen, *trained]) if name != IMAGES]
    return tuple(
        _verdict(state, final, at, name, "test" if name in seen else "val")
        for name in names if name in seen or name in trained
    )  # fmt: skip


def _validated(final: FinalRound) -> dict[int, list[Metrics]]:
    """Entrant -> the metrics of its trainings on validation; of those that came to their end."""
    found = {number: final.metrics_of(number) for number in range(len(final.entrants))}
    return {number: runs for number, runs in found.items() if runs is not None}


def _looked(state: State, final: FinalRound) -> dict[int, list[Metrics]]:
    """The same on the test split; empty unless every training was looked at."""
    trainings = {
        number: [final.training(number, seed) for seed in final.begun.seeds]
        for number in _validated(final)
    }
    if not all(one in state.looks for many in trainings.values() for one in many):
        return {}
    return {n: [state.looks[one].metrics for one in many] for n, many in trainings.items()}


def _common(runs: dict[int, list[Metrics]]) -> list[str]:
    every = [run for many in runs.values() for run in many]
    names = every[0] if every else {}
    return [n for n in names if all(n in run and isfinite(run[n]) for run in every)]


def _verdict(state: State, final: FinalRound, at: int, name: str, split: Split) -> Verdict:
    runs = _looked(state, final) if split == "test" else _validated(final)
    arms = {number: _arm(state, final, number, name, split, many) for number, many in runs.items()}
    noise = seed_noise(list(arms.values()))
    compared_with = [n for n, one in enumerate(final.entrants) if n != at and _is_compared(one)]
    others = [n for n in compared_with if n in arms]
    picked_of = max(1, sum(one.of_the_space and not _is_compared(one) for one in final.entrants))
    right = arms[at].right
    return Verdict(
        metric=name,
        split=split,
        winner=arms[at],
        arms=tuple(arms.values()),
        differences=tuple(
            compared(arms[at], arms[n], noise, picked_of, len(others)) for n in others
        ),
        failed=tuple(called(final.entrants[n]) for n in compared_with if n not in arms),
        seeds=len(final.begun.seeds),
        images=None if right is None else right.shape[1],
        after=None if final.begun.trials == len(state.finished) else final.begun.trials,
    )


def _is_compared(entrant: Entrant) -> bool:
    return bool({"default", "nearest", "random", "baseline"} & set(entrant.roles))


def _arm(
    state: State, final: FinalRound, number: int, name: str, split: Split, runs: list[Metrics]
) -> Arm:
    who, values = called(final.entrants[number]), np.array([run[name] for run in runs])
    if split == "val" or name != "accuracy":
        return Arm(who, values)
    looks = [state.looks[final.training(number, seed)] for seed in final.begun.seeds]
    right = [unpacked(look.seen) for look in looks if look.seen is not None]
    return Arm(who, values, np.array(right) if len(right) == len(looks) else None)
