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
    most = 0
    ends = [session.first_trial - 1 for session in sessions[1:]]
    for session, end in zip(sessions, [*ends, number], strict=True):
        last = min(number, end)
        if last >= session.first_trial:  # or it proposed nothing
            lag = 1 if session.workers == 1 else ROUNDS * session.workers
            most = max(most, last + 1 - lag)
    return most
