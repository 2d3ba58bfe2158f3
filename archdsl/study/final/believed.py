"""Which trials are the best, allowing for the luck of the maximum.

Each figure has noise in it, and the best of many figures has more than its share. What a Gaussian
process over the decisions believes of each trial, given the figures of all, is shrunk towards what
is like it, by as much as the noise that is fitted asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from archdsl.study.objectives import scores
from archdsl.study.propose.samplers.gaussian import Floats, Posterior, fitted, standardised
from archdsl.study.propose.samplers.indicators import Indicators
from archdsl.study.trial import Trial

if TYPE_CHECKING:
    from archdsl.language.settings import Objective
    from archdsl.spaces import Space

LEAST = 10
"""Trials from which on noise can be told from what a decision does."""

MOST = 500
"""Of the best so many the process knows: its cost grows with the third power."""

PROCESS = "the mean that a Gaussian process over the decisions believes of each, with fitted noise"
SHRUNK = (
    "the mean of each, shrunk towards that of all: there is too little to tell noise from what a "
    "decision does, so that the order is that of the figures"
)


def by_belief(
    space: Space, objectives: Sequence[Objective], trials: Sequence[Trial]
) -> tuple[list[Trial], str]:
    """Trials that did not fail, the best first, and the rule in words. For one objective."""
    done = [trial for trial in trials if trial.state == "complete"]
    figures = np.array([scores(objectives, trial)[0] for trial in done], float)
    order = np.argsort(-figures, kind="stable")
    if len(done) < LEAST or not space.decisions or np.ptp(figures) == 0:
        return [done[at] for at in order], SHRUNK
    chosen = np.sort(order[:MOST])
    believed = _believed(space, [done[at] for at in chosen], figures[chosen])
    best = chosen[np.argsort(-believed, kind="stable")]
    return [done[at] for at in best], PROCESS


def _believed(space: Space, trials: Sequence[Trial], figures: Floats) -> Floats:
    """(n,) what is believed of each, standardised."""
    indicators = Indicators(space)
    asked = indicators.of(trial.decisions for trial in trials)
    columns = np.hstack([asked, 1 - np.add.reduceat(asked, indicators.begins, axis=1)])
    decisions = np.arange(len(indicators.sizes))
    groups = np.concatenate([np.repeat(decisions, indicators.sizes), decisions])
    values = standardised(figures)
    belief = Posterior(groups, fitted(groups, columns, values), columns, values)
    return np.asarray(belief.known)
