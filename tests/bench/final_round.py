"""How often a final round calls a winner better that is, and one that is not.

    .venv/bin/python -m tests.bench.final_round [--runs N]

Trainings are drawn, not made. What a seed does to a figure is on record: the deviations of the
better half of the table of trained networks, 512 networks with three seeds each. A part of that
is luck with the images at hand, which a split has for itself: which of them a training tells
right follows from the difficulty of each, that all trainings share, and from luck, half and half.
The rest goes with the training from one split to the other, and flatters who is picked by it. All
else is what a search does: fifty trials, each trained once, the best picked as it picks them,
trained anew beside the default and the best at random, and the sentence that is said of them.
"""

from __future__ import annotations

import argparse
from functools import cache
from statistics import fmean

import numpy as np
from scipy.special import ndtr, ndtri

from archdsl.language.settings import FinalSettings
from archdsl.study.final.field import field_of
from archdsl.study.final.verdict import Verdict
from archdsl.study.final.verdicts import verdicts
from archdsl.study.record.events import (
    Created,
    Event,
    Finished,
    Looked,
    Proposed,
    Round,
    Running,
    Training,
    TrainingOver,
)
from archdsl.study.record.state import State, fold
from benchmarks.table import Table

TRIALS, RANDOM, EPOCHS, IMAGES = 50, 10, 10, 400
_SETUP = {"settings": {"objectives": [{"name": "accuracy", "direction": "maximize"}], "seed": 0}}


@cache
def table() -> Table:
    """The table of trained networks, read once."""
    return Table.load()


@cache
def better_half() -> np.ndarray:
    """(networks, seeds) accuracies on record of the better half of the table."""
    entries = sorted(table(), key=lambda one: fmean(one.finals))
    return np.array([entry.finals for entry in entries[len(entries) // 2 :]])


@cache
def level() -> float:
    """The accuracy of every network but the one that is better."""
    return float(better_half().mean())


@cache
def deviations() -> np.ndarray:
    """(n,) what seeds did to the figures."""
    finals = better_half()
    seeds = finals.shape[1]
    return np.ravel((finals - finals.mean(axis=1, keepdims=True)) * (seeds / (seeds - 1)) ** 0.5)


@cache
def luck() -> float:
    """The standard deviation of an accuracy that is luck with the images at hand."""
    difficulty = np.random.default_rng(0).normal(size=100_000)
    right = ndtr(ndtri(level()) * 2**0.5 - difficulty)
    return float((np.mean(right * (1 - right)) / IMAGES) ** 0.5)


def shares(worth: float, many: int, draws: np.random.Generator) -> np.ndarray:
    """(many,) what trainings of a network are worth, luck with images left out."""
    rest = (1 - luck() ** 2 / deviations().var()) ** 0.5
    return worth + rest * draws.choice(deviations(), many)


def searched(gain: float, draws: np.random.Generator) -> tuple[State, int]:
    """A search over networks that are all worth the same but one, and the number of that one.

    gain: how much it is better, in standard deviations of a figure between seeds
    """
    better = int(draws.integers(1, TRIALS))
    worth = np.full(TRIALS, level())
    worth[better] += gain * deviations().std()
    state = fold([Created("simulated", "", _SETUP, {}), *_trials(worth, draws)])
    return _final(state, worth, draws), better


def _trials(worth: np.ndarray, draws: np.random.Generator) -> list[Event]:
    entries = list(table())
    picked = draws.choice(len(entries), TRIALS, replace=False)
    figures = worth + draws.choice(deviations(), TRIALS)
    found: list[Event] = []
    for number, (at, figure) in enumerate(zip(picked, figures, strict=True)):
        origin = "default" if number == 0 else "random" if number <= RANDOM else "gp"
        entry, value = entries[at], float(figure)
        costs = {"macs": entry.macs, "params": entry.params}
        training = Training(number, "search", 0, 0)
        found += [
            Proposed(number, origin, entry.decisions, "", costs, str(at)),  # type: ignore[arg-type]
            Running(training, None, 0.0),
            Finished(
                number, "complete", {"accuracy": value}, [value], None, None, 1.0, 0.0, 1.0
            ),
        ]  # fmt: skip
    return found


def _final(state: State, worth: np.ndarray, draws: np.random.Generator) -> State:
    """The same search with its final round."""
    field = field_of(table().space, state, FinalSettings(asked=True), [], EPOCHS)
    seeds = list(range(1, field.seeds + 1))
    entrants = [one.record() for one in field.entrants]
    state.hear(Round(0, TRIALS, {}, entrants, seeds, EPOCHS, field.rule, field.note))
    difficulty = draws.normal(size=IMAGES)
    for training in state.rounds.all[0].trainings():
        trial = field.entrants[training.trial].trial
        assert trial is not None, "there are no baselines"
        share = float(shares(worth[trial], 1, draws)[0])
        validation = share + luck() * draws.normal()
        mixed = (difficulty + draws.normal(size=IMAGES)) / 2**0.5
        right = mixed < ndtri(np.clip(share, 0.001, 0.999))
        seen = {"images": IMAGES, "right": np.packbits(right).tobytes().hex(), "classes": []}
        state.hear(Running(training, None, 0.0))
        state.hear(
            TrainingOver(
                training, "complete", {"accuracy": validation}, None, None, None, 1.0, 0.0, 1.0
            )
        )  # fmt: skip
        state.hear(Looked(training, "test", {"accuracy": float(right.mean())}, seen))
    return state


def judged(gain: float, draws: np.random.Generator) -> tuple[bool, Verdict]:
    """Whether the better network won, and what is said of the winner."""
    state, better = searched(gain, draws)
    verdict = verdicts(state)[0]
    return verdict.winner.name == _name(state, better), verdict


def _name(state: State, number: int) -> str:
    from archdsl.study.final.entrants import called

    entrants = state.rounds.all[0].entrants
    return next((called(one) for one in entrants if one.trial == number), "")


def claims(runs: int, seed: int = 0) -> int:
    """In how many searches over equal networks the winner is told from anything."""
    draws = np.random.default_rng(seed)
    said = (judged(0.0, draws)[1].differences for _ in range(runs))
    return sum(any(one.distinguishable for one in differences) for differences in said)


def power(gain: float, runs: int, seed: int = 0) -> tuple[int, int, int]:
    """In how many searches the better network won; and was told from the default; and from all."""
    draws = np.random.default_rng(seed)
    right = [verdict for won, verdict in (judged(gain, draws) for _ in range(runs)) if won]
    from_default = sum(_better_than(verdict, "the default") for verdict in right)
    return len(right), from_default, sum(verdict.distinguishable for verdict in right)


def _better_than(verdict: Verdict, other: str) -> bool:
    return any(one.distinguishable and one.gap > 0 for one in verdict.differences
               if one.other == other)  # fmt: skip


def main() -> None:
    """Print the table of the documents."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=1000)
    runs = parser.parse_args().runs
    print(
        f"{runs} searches a row; a figure varies between seeds by {deviations().std():.4f}, "
        f"{luck():.4f} of it luck with images"
    )
    wrong = claims(runs) / runs
    print(f"of equal networks the winner is called better than another in {wrong:.1%}")
    print("| better by | it won | and is called better than the default | and than all shown |")
    print("|---|---|---|---|", flush=True)
    for gain in (2, 3, 4):
        found = (f"{count / runs:.1%}" for count in power(float(gain), runs))
        print(f"| {gain} deviations | {' | '.join(found)} |", flush=True)


if __name__ == "__main__":
    main()
