"""When a training that was broken off is gone on with, and how."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.study.engines.job import Job, Outcome
from archdsl.study.record.events import Retried
from archdsl.training.failures import OUT_OF_MEMORY

HALVINGS = 3
"""How often a batch is halved for want of memory before the trial counts as failed of it."""

BROKEN = ("killed", "hung")
"""Faults that say nothing of the candidate until they come again."""

MOST_BROKEN = 2
"""How often a training goes on after one of them; the next time it counts as the candidate's."""

LOST = "lost"
"""The fault of a machine that is gone. It says nothing of the candidate, however often it comes."""


def again(job: Job, outcome: Outcome, earlier: Sequence[Retried]) -> Retried | None:
    """How a training goes on that came to an outcome; None where it is over.

    earlier: how often it was broken off before
    """
    fault, cause = outcome.fault, outcome.cause or ""
    if fault == LOST:
        return Retried(job.training, fault, cause, job.accumulate)
    if fault in BROKEN and sum(one.fault in BROKEN for one in earlier) < MOST_BROKEN:
        return Retried(job.training, fault, cause, job.accumulate)
    # one that says more than that cannot be taken in smaller parts
    if cause == OUT_OF_MEMORY and _halves(job):
        return Retried(job.training, "memory", cause, 2 * job.accumulate)
    return None


def _halves(job: Job) -> bool:
    """Whether smaller micro-batches may help: an `evaluate` has batches of its own."""
    if job.schedule is None or job.task != "judge":
        return False
    return job.accumulate < 2**HALVINGS and 2 * job.accumulate <= int(job.schedule["batch"])
