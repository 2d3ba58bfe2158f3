"""What the trainings of a proxy check came to, as arrays, and whom they leave out.

A architectures, S seeds. Whoever failed under either schedule is left out of all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from archdsl.amounts import bounded
from archdsl.study.objectives import first_metric
from archdsl.study.phases.check import FINAL, PROXY, SCORES
from archdsl.study.proxy.agreement import Floats
from archdsl.study.trial import Metrics, from_json

if TYPE_CHECKING:
    from archdsl.study.record.events import TrainingOver
    from archdsl.study.record.rounds import FinalRound
    from archdsl.study.record.state import State

LOSS = "train_loss"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What was measured.

    metric: the first objective that is none of the costs; maximize: whether more of it is better
    proxy, final: (A, S) of it at the end of the two schedules
    by_epoch: epoch of the proxy -> (A, S), where every training has a figure
    losses: epoch of the proxy -> (A, S) mean training loss, where every training has one
    costs: name -> (A,); scores: name -> (A, S), may hold what is no finite number
    epochs: of the two schedules; None with an `evaluate`
    left_out: how many architectures failed; cause: why the last did; unscored: why there are no
        scores
    """

    metric: str
    maximize: bool
    proxy: Floats
    final: Floats
    by_epoch: dict[int, Floats] = field(default_factory=dict)
    losses: dict[int, Floats] = field(default_factory=dict)
    costs: dict[str, Floats] = field(default_factory=dict)
    scores: dict[str, Floats] = field(default_factory=dict)
    epochs: tuple[int, int] | None = None
    left_out: int = 0
    cause: str | None = None
    unscored: str | None = None

    @property
    def architectures(self) -> int:
        """How many there are to compare."""
        return len(self.proxy)

    @property
    def seeds(self) -> int:
        """How often each was trained under either schedule."""
        return int(self.proxy.shape[1])

    @property
    def same_schedule(self) -> bool:
        """Whether the final schedule is the proxy's, and the two differ in their seeds alone."""
        return self.epochs is None or self.epochs[0] == self.epochs[1]


def measured(state: State) -> Outcomes:
    """What the rounds of a check that is done came to."""
    rounds = {one.begun.purpose: one for one in state.rounds.all}
    proxy, final = rounds[PROXY], rounds[FINAL]
    everyone = range(len(proxy.entrants))
    runs = {n: (proxy.metrics_of(n), final.metrics_of(n)) for n in everyone}
    kept = [n for n, (one, other) in runs.items() if one is not None and other is not None]
    metric = first_metric(state.objectives)
    said = next((one for one in state.objectives if one.name == metric), None)
    causes = [over.cause for one in (proxy, final) for over in one.over.values() if over.cause]
    assert state.created is not None, "a state begins with how the check was created"
    trained = state.created.setup["evaluate"] == "proxy"
    return Outcomes(
        metric=metric,
        maximize=said is None or said.direction == "maximize",
        proxy=_ends(proxy, kept, metric),
        final=_ends(final, kept, metric),
        by_epoch=_by_epoch(state, proxy, kept, metric),
        losses=_by_epoch(state, proxy, kept, LOSS),
        costs={
            name: np.array([float(proxy.entrants[n].costs[name]) for n in kept])
            for name in bounded()
        },
        scores=_scores(rounds.get(SCORES), kept),
        epochs=(proxy.begun.epochs, final.begun.epochs) if trained else None,
        left_out=len(proxy.entrants) - len(kept),
        cause=causes[-1] if causes else None,
        unscored=_unscored(rounds.get(SCORES), trained=trained),
    )


def _ends(one: FinalRound, kept: list[int], metric: str) -> Floats:
    """The metric at the end of each training: (A, S)."""
    found = [[run[metric] for run in one.metrics_of(n) or ()] for n in kept]
    return np.array(found, float).reshape(len(kept), len(one.begun.seeds))


def _by_epoch(state: State, one: FinalRound, kept: list[int], metric: str) -> dict[int, Floats]:
    """Epoch -> (A, S), of those at which every training has a figure."""
    reports: list[list[dict[float, float]]] = [
        [
            {
                report["step"]: report[metric]
                for report in state.trainings.get(one.training(n, seed), ())
                if isfinite(report.get(metric, np.nan))
            }
            for seed in one.begun.seeds
        ]
        for n in kept
    ]
    everywhere = [set(report) for seeds in reports for report in seeds]
    steps = sorted(set.intersection(*everywhere)) if everywhere else []
    return {
        int(step): np.array([[report[step] for report in seeds] for seeds in reports])
        for step in steps
        if step == int(step)
    }


def _scores(one: FinalRound | None, kept: list[int]) -> dict[str, Floats]:
    """Score -> (A, S); what failed is no number."""
    if one is None:
        return {}
    runs: list[list[Metrics]] = []
    for n in kept:
        over = [one.over.get(one.training(n, seed)) for seed in one.begun.seeds]
        runs.append([_metrics(each) for each in over])
    names = dict.fromkeys(name for seeds in runs for run in seeds for name in run)
    return {
        name: np.array([[run.get(name, np.nan) for run in seeds] for seeds in runs], float)
        for name in names
    }


def _metrics(over: TrainingOver | None) -> Metrics:
    return from_json(over.metrics) if over is not None and over.state == "complete" else {}


def _unscored(one: FinalRound | None, *, trained: bool) -> str | None:
    if one is None:
        whose = "a datamodule has its batches to itself" if trained else "an evaluate has no data"
        return f"no zero-cost scores: {whose}"
    failed = [over.cause for over in one.over.values() if over.state == "failed"]
    return f"{len(failed)} of the zero-cost scores failed: {failed[-1]}" if failed else None
