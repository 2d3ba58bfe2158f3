"""On which rung a trial begins, and so after how many epochs it is first compared."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


class Brackets:
    """Divides the epochs evenly between brackets, each of which begins a rung later.

    After Hyperband (L. Li et al., JMLR 2018): a network that shows late what it is worth has a
    chance in a bracket that compares late. A trial goes to the bracket that has had the fewest
    epochs so far, counting what a trial of it takes on average; of equals to the one that begins
    first. So it follows from the trials before it.

    count: how many there are; bracket b begins on rung b. 1 is halving alone
    """

    def __init__(self, rungs: Sequence[int], reduction: int, count: int) -> None:
        self._costs = [mean_cost(rungs[begin:], reduction) for begin in range(count)]
        self._had = [Fraction(0)] * count

    def next(self) -> int:
        """The bracket of the trial that begins next."""
        return min(range(len(self._had)), key=lambda one: (self._had[one], one))

    def take(self, bracket: int) -> None:
        """Take note of a trial that began."""
        self._had[bracket] += self._costs[bracket]


def mean_cost(rungs: Sequence[int], reduction: int) -> Fraction:
    """Epochs of a trial that begins on the first of the rungs; one of `reduction` goes on."""
    cost, before, share = Fraction(0), 0, Fraction(1)
    for until in rungs:
        cost += share * (until - before)
        before, share = until, share / reduction
    return cost


def begins(rungs: Sequence[int], reduction: int, count: int, trials: int) -> list[int]:
    """By bracket how many of so many trials begin in it."""
    brackets, found = Brackets(rungs, reduction, count), [0] * count
    for _ in range(trials):
        bracket = brackets.next()
        brackets.take(bracket)
        found[bracket] += 1
    return found
