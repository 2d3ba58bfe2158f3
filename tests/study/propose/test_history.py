"""What a history says is over and what it says is pending, whatever came in when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archdsl.study.propose.samplers import History, Seen

NUMBERS = st.integers(0, 11)
VALUES = st.none() | st.integers(-3, 3).map(lambda value: (float(value),))
STEPS = st.lists(
    st.tuples(st.sampled_from(["wait", "forget"]), NUMBERS, st.none())
    | st.tuples(st.just("add"), NUMBERS, VALUES),
    max_size=40,
)


def decisions(number: int) -> dict[str, int]:
    return {"a": number}


def counted(over: dict[int, tuple[float, ...] | None]) -> list[tuple[int, tuple[float, ...]]]:
    """Numbers and scores, a failure with the worst of all; nothing where all failed."""
    worst = min((scores for scores in over.values() if scores is not None), default=None)
    if worst is None:
        return []
    return [(number, over[number] or worst) for number in sorted(over)]


@given(STEPS)
def test_a_history_is_what_came_in_last_of_each_number(steps) -> None:
    history = History()
    over: dict[int, tuple[float, ...] | None] = {}
    pending: set[int] = set()
    for step, number, scores in steps:
        if step == "wait":
            history.wait(number, decisions(number))
            pending.add(number)
        elif step == "forget":
            history.forget(number)
            pending.discard(number)
        else:
            history.add(Seen(number, decisions(number), scores))
            over[number] = scores
            pending.discard(number)
        assert history.pending == [decisions(number) for number in sorted(pending)]
        assert [(seen.number, scores) for seen, scores in history.trials()] == counted(over)
        assert history.successes == sum(scores is not None for scores in over.values())
        first = {number: over[number] for number in sorted(over)[:3]}
        assert [(seen.number, scores) for seen, scores in history.trials(3)] == counted(first)


@given(st.lists(VALUES, min_size=1, max_size=60), st.integers(1, 8), st.integers(0, 20))
def test_what_is_settled_is_a_beginning_that_pending_trials_leave_as_it_is(
    scores, every, pending
) -> None:
    history = History()
    for number, own in enumerate(scores):
        history.add(Seen(number, decisions(number), own))
    settled, trials = history.settled(every), history.trials()
    assert len(trials) - len(settled) < max(every, len(trials) // 12 + 1)
    assert [seen for seen, _ in settled] == [seen for seen, _ in trials[: len(settled)]]
    for number in range(pending):
        history.wait(len(scores) + number, decisions(number))
    assert (history.settled(every), history.trials()) == (settled, trials)
