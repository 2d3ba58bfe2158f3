"""Which results a proposal follows from where several workers judge side by side."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.study.record.events import Session

ROUNDS = 2
"""With N workers a proposal waits for the trials ROUNDS * N before it. If it waited for those N
before it, the slowest of each round would hold up all: by a simulation with log-normal durations
(sigma 0.3) 64 workers are then busy 61 % of the time, and with two rounds 96 %."""


def known(number: int, sessions: Sequence[Session]) -> int:
    """How many of the first trials proposal `number` knows the results of.

    One worker knows all before, N know those up to `number - 2N`; what came in earlier of the
    others is not looked at, so that it does not matter who finishes first. What one proposal
    knows, all later ones know, also where a session with more workers begins.
    """
    return known_jobs(number, [(session.first_trial, session.workers) for session in sessions])


def known_jobs(number: int, sessions: Sequence[tuple[int, int]]) -> int:
    """The same of jobs of whatever kind. sessions: the first job of each, and its workers"""
    most = 0
    if not sessions:  # and so no job
        return most
    ends = [first - 1 for first, _ in sessions[1:]]
    for (first, workers), end in zip(sessions, [*ends, number], strict=True):
        last = min(number, end)
        if last >= first:  # or there was none in it
            lag = 1 if workers == 1 else ROUNDS * workers
            most = max(most, last + 1 - lag)
    return most
