"""Trials that need no training: what is outside the budget, and what stands on record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archdsl.study.record.events import Finished
from archdsl.study.trial import Trial, to_json

if TYPE_CHECKING:
    from archdsl.amounts import Budget
    from archdsl.study.propose.proposals import Proposal


def untrained(
    proposal: Proposal, number: int, trials: Sequence[Trial], budget: Budget
) -> Finished | None:
    """How a proposal is answered at once; None where it is to be trained.

    number: of its trial; trials: those that are over. Only Optuna's samplers propose what is
    answered here.
    """
    if proposal.origin != "optuna":
        return None
    known = None
    if budget.allows(proposal.cost.totals()):
        known = next((t for t in trials if t.trained and t.network == proposal.network), None)
        if known is None:
            return None
    return Finished(
        trial=number,
        state="repeated" if known else "outside",
        metrics=to_json(known.metrics) if known else {},
        values=list(known.values) if known and known.values else None,
        cause=known.cause if known else None,
        trace=None,
        seconds=0.0,
        begun=None,
        ended=None,
    )
