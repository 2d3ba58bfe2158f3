"""From what was told of each image to shares with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archdsl.evaluation.calibration import Calibration, calibration
from archdsl.study.intervals import Interval, wilson

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said of N images, one by one.

    labels, told: (N,) the logit that is right, and the largest one
    among: (N,) whether the right one is among the five largest; None with five classes or fewer
    confidence: (N,) the largest probability; loss: (N,) cross entropy, not smoothed
    """

    labels: Whole
    told: Whole
    among: NDArray[np.bool_] | None
    confidence: NDArray[Any]
    loss: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many images, with the 95 % score interval of the share (Wilson, 1927).

    The interval is over the choice of images. What another seed of the training would have come to
    it does not say.
    """

    right: int
    images: int

    @property
    def value(self) -> float:
        """The share."""
        return self.right / self.images

    @property
    def interval(self) -> Interval:
        """From where to where, at 95 %."""
        return wilson(self.value, self.images)

    def record(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "value": self.value,
            "interval": list(self.interval),
            "right": self.right,
            "images": self.images,
        }


@dataclass(frozen=True, slots=True)
class Confusion:
    """Images of one class that were taken for another, or rightly for what they are."""

    true: str
    told: str
    images: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a model is worth.

    top5: None with five classes or fewer; macro: the mean of the classes' shares
    loss: the mean cross entropy
    classes: name -> share of its images that were told right, of the classes that have images
    confusions: every pair that occurs, right ones included, in the order of the logits
    """

    top1: Share
    top5: Share | None
    macro: float
    loss: float
    classes: dict[str, Share]
    confusions: tuple[Confusion, ...]
    calibration: Calibration

    def worst(self, most: int) -> list[Confusion]:
        """The pairs of two classes that were confused most often, the worst first."""
        wrong = [one for one in self.confusions if one.true != one.told]
        return sorted(wrong, key=lambda one: -one.images)[:most]


def figures(answers: Answers, names: tuple[str, ...]) -> Judgement:
    """The figures of answers. names: of the logits"""
    right = answers.labels == answers.told
    images = np.bincount(answers.labels, minlength=len(names))
    hits = np.bincount(answers.labels[right], minlength=len(names))
    shares = {
        index: Share(int(hits[index]), int(images[index])) for index in np.flatnonzero(images)
    }
    # as one number a pair, so that a matrix of very many classes is never made
    pairs, many = np.unique(answers.labels * len(names) + answers.told, return_counts=True)
    return Judgement(
        Share(int(right.sum()), len(right)),
        None if answers.among is None else Share(int(answers.among.sum()), len(right)),
        float(np.mean([one.value for one in shares.values()])),
        float(answers.loss.astype(np.float64).mean()),
        {names[index]: one for index, one in shares.items()},
        tuple(
            Confusion(names[pair // len(names)], names[pair % len(names)], int(count))
            for pair, count in zip(pairs.tolist(), many.tolist(), strict=True)
        ),
        calibration(answers.confidence, right),
    )
