"""Trials that need no training: what is outside the budget, and what stands on record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archdsl.study.trial import Trial

if TYPE_CHECKING:
    from archdsl.amounts import Budget
    from archdsl.spaces import Space
    from archdsl.study.proposals import Proposal


def untrained(
    proposal: Proposal, trials: Sequence[Trial], budget: Budget, space: Space
) -> Trial | None:
    """The next trial, answered at once; None where the proposal is to be trained.

    trials: those on record, in order. Only Optuna's samplers propose what is answered here.
    """
    if proposal.origin != "optuna":
        return None
    costs = proposal.cost.totals()
    fits = budget.allows(costs)
    known = None
    if fits:
        known = next((t for t in trials if t.trained and t.network == proposal.network), None)
        if known is None:
            return None
    return Trial(
        number=len(trials),
        origin=proposal.origin,
        decisions=dict(proposal.spec.decisions),
        text=proposal.spec.dump(),
        costs=costs,
        network=proposal.network,
        state="repeated" if known else "outside",
        metrics=dict(known.metrics) if known else {},
        values=known.values if known else None,
        cause=known.cause if known else None,
        space=space,
    )
