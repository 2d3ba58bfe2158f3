"""Histograms that are looked up many times."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archdsl.spaces.histogram.sparse import Histogram, Keys

Places = NDArray[np.int64]

_DENSE = 1 << 20


class Lookup:
    """The weight of any key: by place where a histogram's keys lie close together."""

    def __init__(self, found: Histogram) -> None:
        self.found = found
        self._dense: Any = None
        if not len(found.keys):
            return
        # a zero before the first key and one after the last, for all keys beyond them
        self._before = int(found.keys[0]) - 1
        span = int(found.keys[-1]) - self._before + 2
        if span <= min(_DENSE, 64 * len(found.keys)):
            self._dense = np.zeros(span)
            self._dense[found.keys - self._before] = found.weights

    def at(self, keys: Keys) -> Any:
        """The weights of keys, in their shape; 0 for one that is not there."""
        if self._dense is None:
            return self.found.at(keys)
        return self._dense.take(keys - self._before, mode="clip")


class Items:
    """Things with a key and a weight each, of which one is drawn among those of a given key.

    keys, weights: (n,) in any order; weights above 0
    """

    def __init__(self, keys: Keys, weights: Any) -> None:
        self._order = np.argsort(keys, kind="stable")
        ordered, weighing = keys[self._order], np.asarray(weights, float)[self._order]
        self._keys, first, sizes = np.unique(ordered, return_index=True, return_counts=True)
        self._last = first + sizes - 1
        # group g has its weights between g and g + 1: a rare group is told as finely as any
        group = np.repeat(np.arange(len(self._keys)), sizes)
        totals = np.add.reduceat(weighing, first) if len(first) else weighing
        sums = np.cumsum(weighing / np.repeat(totals, sizes))
        self._sums = sums - np.repeat(sums[first] - (weighing / totals[group])[first], sizes)
        self._sums += group

    def pick(self, keys: Keys, draws: np.random.Generator) -> Places:
        """An item for each key, which some item has, as often as it weighs among its equals."""
        if len(self._order) == 1:
            return np.zeros(len(keys), np.int64)
        group = np.searchsorted(self._keys, keys)
        if len(self._order) == len(self._keys):
            return np.asarray(self._order[group])
        places = np.searchsorted(self._sums, group + draws.random(len(keys)), side="right")
        return np.asarray(self._order[np.minimum(places, self._last[group])])


def picked(weights: Any, draws: np.random.Generator, back: Places | None = None) -> Places:
    """A column for each row of `weights`, as often as it weighs in its row.

    back: the row for each draw, where rows are drawn from more than once
    """
    sums = np.cumsum(weights, axis=1)
    if back is not None:
        sums = sums[back]
    most = sums[:, -1:]
    goals = np.minimum(draws.random((len(sums), 1)) * most, np.nextafter(most, 0))
    return np.asarray((sums <= goals).sum(axis=1))
