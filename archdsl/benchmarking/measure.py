"""Rounds in which each subject has a turn, after all of them are warm."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

import torch

from archdsl.benchmarking.device import seconds_of
from archdsl.benchmarking.subject import Subject, in_words
from archdsl.benchmarking.turns import order
from archdsl.units import counted, duration

Told = Callable[[str], None]
"""Called with what is being done now, in words."""

WARM_UP = 3
"""Passes of each subject before the first round, by which the length of its turn is chosen."""

MOST_PASSES = 10_000
"""Of a turn. A network that needs more to fill the time of a turn is a microsecond's, and its times
are the clock's."""


@dataclass(slots=True)
class Times:
    """Seconds: of the median pass of each turn, round by round; and of every single pass."""

    rounds: list[float] = field(default_factory=list)
    passes: list[float] = field(default_factory=list)


def measure(
    subjects: Sequence[Subject], device: torch.device, rounds: int, seconds: float, told: Told
) -> list[Times]:
    """The times of subjects, in their order.

    seconds: how long a turn takes at least; it repeats the pass until then
    Raises BenchError where a pass fails.

    Each turn begins with a pass that is not timed: it brings the subject's weights and code back
    to the caches, and what the subject before it left running ends.
    """
    many = []
    for one in subjects:
        with in_words(one.workload):
            many.append(_passes(one, device, seconds))
    found = [Times() for _ in subjects]
    begun = perf_counter()
    with _without_garbage_collection():
        for number in range(rounds):
            told(_how_far(number, rounds, perf_counter() - begun))
            for at in order(number, len(subjects)):
                with in_words(subjects[at].workload):
                    subjects[at].step()
                    turn = [seconds_of(subjects[at].step, device) for _ in range(many[at])]
                found[at].rounds.append(statistics.median(turn))
                found[at].passes += turn
    return found


def _passes(subject: Subject, device: torch.device, seconds: float) -> int:
    each = statistics.median(seconds_of(subject.step, device) for _ in range(WARM_UP))
    return max(1, min(MOST_PASSES, round(seconds / max(each, 1e-9))))


def _how_far(number: int, rounds: int, spent: float) -> str:
    said = f"round {number + 1} of {counted(rounds, 'round').partition(' ')[0]}"
    return said if not number else f"{said}, {duration(spent / number * (rounds - number))} left"


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """As `timeit` does: it would come in the turn of whoever made the last object."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
