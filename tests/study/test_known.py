"""How many results a proposal knows, by the workers that there were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.study.propose.known import known
from archdsl.study.record.events import Session, event, plain


def session(first: int, workers: int) -> Session:
    return Session("", first, {}, {}, workers)


@pytest.mark.parametrize(
    ("workers", "number", "count"),
    [(1, 0, 0), (1, 1, 1), (1, 50, 50), (2, 3, 0), (2, 4, 1), (8, 15, 0), (8, 16, 1), (8, 99, 84)],
)
def test_one_knows_all_before_and_more_know_those_two_rounds_ago(workers, number, count) -> None:
    assert known(number, [session(0, workers)]) == count


def test_a_session_that_proposed_nothing_changes_nothing() -> None:
    spans = [session(0, 8), session(20, 1), session(20, 8)]
    assert known(20, spans) == 5
    assert known(20, spans[:2]) == 20


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=5))
def test_what_one_proposal_knows_the_next_know_too(spans) -> None:
    first, sessions = 0, []
    for more, workers in spans:
        sessions.append(session(first, workers))
        first += more
    counts = [known(number, sessions) for number in range(first + 40)]
    assert counts == sorted(counts)
    assert all(0 <= count <= number for number, count in enumerate(counts))
    last = spans[-1][1]
    assert counts[-1] == (first + 39 if last == 1 else first + 40 - 2 * last)
    # a session that comes later does not change what a proposal before it knew
    assert counts[: first + 1][:first] == [
        known(number, [*sessions, session(first, 4)]) for number in range(first)
    ]


def test_a_session_of_a_record_that_says_nothing_of_workers_had_one() -> None:
    said = plain(session(3, 1))
    del said["workers"]
    assert event(said) == session(3, 1)
