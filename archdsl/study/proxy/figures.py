"""The figures of a proxy check: what orders architectures as their final trainings do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from archdsl.study.proxy.agreement import (
    LEAST,
    Agreement,
    Floats,
    agreement,
    at_random,
    difference,
)
from archdsl.study.proxy.measured import Outcomes
from archdsl.study.proxy.spread import Spreads, spread

Kind: TypeAlias = Literal["proxy", "epoch", "means", "losses", "cost", "score", "random"]


@dataclass(frozen=True, slots=True)
class FigureRow:
    """How far one thing agrees with the final trainings.

    kind: "epoch" is the proxy broken off there, "proxy" at its end, both with one seed; "means"
        the mean of all seeds; "losses" the training losses so far, added up
    everyone, best: over all architectures, and in the best quarter by their final trainings
    left_out: architectures whose score is no finite number, and which are missing in both
    """

    kind: Kind
    name: str
    everyone: Agreement
    best: Agreement
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is said of a proxy.

    short, long: what the metric differs by under the proxy, and under the final schedule
    cut: epoch -> tau there less that at the end of the proxy, one seed each
    """

    measured: Outcomes
    short: Spreads
    long: Spreads
    rows: tuple[FigureRow, ...]
    cut: dict[int, Agreement]

    def row(self, kind: Kind) -> FigureRow:
        """The row of a kind that has one."""
        return next(one for one in self.rows if one.kind == kind)


def figures(found: Outcomes) -> Figures | None:
    """The figures of what was measured; None with fewer than two architectures."""
    if found.architectures < LEAST:
        return None
    truth, proxy = truth_of(found), list(signed(found, found.proxy).T)
    cut = {
        epoch: difference(list(signed(found, found.by_epoch[epoch]).T), proxy, truth)
        for epoch in _before_the_end(found)
    }
    return Figures(found, spread(found.proxy), spread(found.final), tuple(_rows(found)), cut)


def truth_of(found: Outcomes) -> Floats:
    """What the order is compared with: the mean final figure (A,), more of it better."""
    return signed(found, found.final.mean(axis=1))


def signed(found: Outcomes, values: Floats) -> Floats:
    """Values of the metric, so that more is better."""
    return values if found.maximize else -values


def _before_the_end(found: Outcomes) -> list[int]:
    """The epochs of the proxy that have a figure, but the last, which is the proxy's own."""
    return list(found.by_epoch)[:-1]


def _rows(found: Outcomes) -> Iterator[FigureRow]:
    truth = truth_of(found)

    def row(kind: Kind, name: str, scores: Sequence[Floats]) -> FigureRow:
        return FigureRow(kind, name, agreement(scores, truth), agreement(scores, truth, best=True))

    for epoch in _before_the_end(found):
        yield row("epoch", f"epoch {epoch}", list(signed(found, found.by_epoch[epoch]).T))
    proxy = signed(found, found.proxy)
    yield row("proxy", "proxy", list(proxy.T))
    if found.seeds > 1:
        yield row("means", f"proxy, mean of {found.seeds} seeds", [proxy.mean(axis=1)])
    if found.losses:
        added = np.sum(list(found.losses.values()), axis=0)
        yield row("losses", "training losses", list(-added.T))
    for name, amounts in found.costs.items():
        yield row("cost", name, [amounts])
    for name, values in found.scores.items():
        yield _scored(name, values, truth)
    yield FigureRow("random", "random", at_random(truth), at_random(truth, best=True))


def _scored(name: str, values: Floats, truth: Floats) -> FigureRow:
    """The row of a score (A, S), over the architectures of which it is a finite number."""
    left_out = int((~np.isfinite(values).all(axis=1)).sum())
    scores = list(values.T)
    everyone, best = agreement(scores, truth), agreement(scores, truth, best=True)
    return FigureRow("score", name, everyone, best, left_out)
