"""How much weight lies on which cost: sums and products of sparse histograms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Keys: TypeAlias = NDArray[np.int64]
Weights: TypeAlias = "NDArray[Any]"
"""float64, or Python's integers where a count has more than 53 bits and is to be exact."""


_DENSE = 1 << 20
"""Keys that are looked up by place: 8 MB for one node. 10,000 draws from metaformer_224 below 2 G
MACs take no longer with ten times as many, or with a tenth."""

FAR = 2.0**480
"""Weights beyond this, or below one by this, are scaled: two of them and a sum of as many cells
as fit memory have a product below 2**1024."""


class TooLarge(Exception):
    """More sums would be formed than the caller has time for."""


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Weights by key, times two to the power of `exponent`. keys: ascending, each once."""

    keys: Keys
    weights: Weights
    exponent: int = 0

    def at(self, keys: Keys) -> Weights:
        """The weights of keys, in their shape; 0 for one that is not there."""
        if not len(self.keys):
            return np.zeros(keys.shape, self.weights.dtype)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, self.weights[places], 0)

    def shifted(self, key: int, weight: Any) -> Histogram:
        """Everything moved by a key and multiplied by a weight."""
        same = isinstance(weight, (int, float)) and weight == 1
        weights = self.weights if same else self.weights * weight
        return Histogram(self.keys + key, weights, self.exponent)

    def only(self, kept: Any) -> Histogram:
        """Some of its keys."""
        return Histogram(self.keys[kept], self.weights[kept], self.exponent)

    def scaled(self) -> Histogram:
        """The same with weights far from where floating point ends, on both sides."""
        if self.weights.dtype == object or not len(self.weights):
            return self
        most = float(self.weights.max())
        if 1 / FAR < most < FAR:
            return self
        more = math.frexp(most)[1]
        return Histogram(self.keys, np.ldexp(self.weights, -more), self.exponent + more)


def gathered(keys: Keys, weights: Weights, exponent: int = 0) -> Histogram:
    """Weights by key, those of equal keys added up and those of 0 left out."""
    if not len(keys):
        return Histogram(keys, weights, exponent)
    order = np.argsort(keys, kind="stable")
    keys, weights = keys[order], weights[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    sums = np.add.reduceat(weights, first) if len(first) < len(keys) else weights
    kept = sums != 0
    if kept.all():
        return Histogram(keys[first], sums, exponent)
    return Histogram(keys[first][kept], sums[kept], exponent)


def mixed(parts: Sequence[Histogram]) -> Histogram:
    """The sum of disjoint alternatives."""
    if len(parts) == 1:
        return parts[0]
    keys = np.concatenate([part.keys for part in parts])
    most = max(part.exponent for part in parts)
    weights = [
        part.weights if part.exponent == most else np.ldexp(part.weights, part.exponent - most)
        for part in parts
    ]
    return gathered(keys, np.concatenate(weights), most)


def convolved(one: Histogram, other: Histogram) -> Histogram:
    """The histogram of the sum of two independent parts: a convolution."""
    small, large = (one, other) if len(one.keys) <= len(other.keys) else (other, one)
    if len(small.keys) == 0:
        return small
    exponent = small.exponent + large.exponent
    if len(small.keys) == 1:
        moved = large.shifted(int(small.keys[0]), small.weights[0])
        return Histogram(moved.keys, moved.weights, exponent)
    step = _step(small.keys, large.keys)
    span = int((small.keys[-1] - small.keys[0] + large.keys[-1] - large.keys[0]) // step) + 1
    pairs = len(small.keys) * len(large.keys)
    if span <= 4 * pairs + 1024:
        return _dense(small, large, step, span)
    keys = (small.keys[:, None] + large.keys[None, :]).ravel()
    return gathered(keys, (small.weights[:, None] * large.weights[None, :]).ravel(), exponent)


def _step(*several: Keys) -> int:
    """The largest number that divides all distances within each."""
    found = 0
    for keys in several:
        found = int(np.gcd.reduce(np.diff(keys), initial=found))
    return max(found, 1)


def _dense(small: Histogram, large: Histogram, step: int, span: int) -> Histogram:
    first = small.keys[0] + large.keys[0]
    places = (large.keys - large.keys[0]) // step
    offsets = (small.keys - small.keys[0]) // step
    exact = large.weights.dtype == object
    length = int(places[-1]) + 1
    if not exact and len(large.keys) * 4 > length and len(small.keys) * 4 > offsets[-1] + 1:
        row, column = np.zeros(length), np.zeros(int(offsets[-1]) + 1)
        row[places], column[offsets] = large.weights, small.weights
        sums = np.convolve(row, column)
    else:
        sums = np.zeros(span, large.weights.dtype)
        full = length == len(large.keys)
        for offset, weight in zip(offsets.tolist(), small.weights.tolist(), strict=True):
            if full:
                sums[offset : offset + length] += large.weights * weight
            else:
                sums[places + offset] += large.weights * weight
    kept = np.flatnonzero(sums)
    return Histogram(kept * step + first, sums[kept], small.exponent + large.exponent)


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
