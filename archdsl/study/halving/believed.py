"""What a sampler is told of a trial that was put aside.

Its score there says too little of what it would come to at the end, and trials that were paused on
different rungs have to be compared with each other and with those that are whole. So a paused trial
is seen as its rung's score and, for each rung above, the mean gain of those that were promoted from
one to the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from archdsl.study.propose.samplers.base import Scores


class Believed:
    """Follows the results of jobs. rungs: epochs, ascending"""

    def __init__(self, rungs: Sequence[int]) -> None:
        self._pairs = list(pairwise(rungs))
        self._scores: dict[int, dict[int, Scores]] = defaultdict(dict)
        self._last: dict[int, tuple[int, Scores | None]] = {}
        self._gained: dict[tuple[int, int], list[Scores]] = defaultdict(list)
        self._given: dict[int, Scores | None] = {}

    def tell(self, trial: int, until: int, scores: Scores | None) -> None:
        """Take in what a trial came to after so many epochs; None where it failed."""
        self._last[trial] = until, scores
        if scores is None:
            return
        own = self._scores[trial]
        own[until] = scores
        for pair in self._pairs:
            if pair[1] == until and pair[0] in own:
                self._gained[pair].append(_minus(scores, own[pair[0]]))

    def changed(self) -> Iterator[tuple[int, Scores | None]]:
        """The trials of which something else is believed than when this was asked last."""
        gains = {pair: self._gain(pair) for pair in self._pairs}
        for trial, (until, scores) in self._last.items():
            believed = scores
            for pair in self._pairs:
                gain = gains[pair]
                if believed is not None and gain is not None and pair[0] >= until:
                    believed = _plus(believed, gain)
            if trial not in self._given or self._given[trial] != believed:
                self._given[trial] = believed
                yield trial, believed

    def _gain(self, pair: tuple[int, int]) -> Scores | None:
        """The mean gain from one rung to the next, None where nobody was promoted.

        Of the first 1, 2, 4, 8, ... promoted, so that what is believed of all others does not
        change with every one of them, and with it what samplers learn anew.
        """
        gained = self._gained[pair]
        if not gained:
            return None
        first = gained[: 1 << (len(gained).bit_length() - 1)]
        return tuple(sum(column) / len(first) for column in zip(*first, strict=True))


def _plus(one: Scores, other: Scores) -> Scores:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _minus(one: Scores, other: Scores) -> Scores:
    return tuple(a - b for a, b in zip(one, other, strict=True))
