"""How far a model's confidence is from its accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""As in Guo et al."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The images with a confidence above `low` and up to `high`.

    images: how many; confidence, accuracy: their means, None where there are none
    """

    low: float
    high: float
    images: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected calibration error, and the bins of the reliability diagram that it is of.

    The confidence is the largest probability (softmax) of an image. `error` is the sum over the
    bins of |accuracy - confidence|, each weighted with its share of the images: C. Guo et al., On
    Calibration of Modern Neural Networks, ICML 2017, eq. 3, after M. Naeini et al., Obtaining Well
    Calibrated Probabilities Using Bayesian Binning, AAAI 2015; 15 bins of equal width.
    """

    error: float
    bins: tuple[ReliabilityBin, ...]


def calibration(confidence: NDArray[Any], right: NDArray[np.bool_]) -> Calibration:
    """The calibration of (N,) confidences from 0 to 1 of answers that were right or not.

    It is not `torchmetrics`' own, which has a confidence of exactly 1 in a bin of its own: for a
    saturated model its error is that of 16 bins. Elsewhere the two agree, which a test holds.
    """
    sure = confidence.astype(np.float64)
    edges = np.linspace(0, 1, BINS + 1)
    place = np.clip(np.digitize(sure, edges, right=True) - 1, 0, BINS - 1)
    images = np.bincount(place, minlength=BINS)
    sums = np.bincount(place, weights=sure, minlength=BINS)
    hits = np.bincount(place, weights=right, minlength=BINS)
    bins = tuple(
        ReliabilityBin(
            float(edges[at]),
            float(edges[at + 1]),
            int(images[at]),
            float(sums[at] / images[at]) if images[at] else None,
            float(hits[at] / images[at]) if images[at] else None,
        )
        for at in range(BINS)
    )
    return Calibration(float(np.abs(hits - sums).sum() / len(sure)), bins)
