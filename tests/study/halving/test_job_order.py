"""What job n is follows from the results of jobs, whoever finished first, and from nothing else."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.language.settings import PruneSettings
from archdsl.study.halving.jobs import is_left
from archdsl.study.halving.ladder import Ladder, Promotion
from archdsl.study.record.events import Malformed, Promoted, Reached
from benchmarks.halving import OBJECTIVES, Simulated

RUNGS = st.sampled_from([(1, 3, 9), (2, 5), (1, 2, 4, 8), (3, 4)])
PRUNES = st.builds(
    PruneSettings,
    st.sampled_from(["asha", "hyperband"]),
    RUNGS,
    st.integers(2, 4),
    st.integers(1, 3),
)
WORKERS = st.integers(1, 5)
SEEDS = st.integers(0, 2**16)


def curve_of(seed: int, levels: int = 1_000, failing: float = 0.0):
    """A metric after each epoch; few levels make ties. failing: how many come to nothing"""

    def curve(trial: int) -> list[float]:
        draws = random.Random(f"{seed}-{trial}")
        bad = draws.random() < failing
        return [math.nan if bad else draws.randrange(levels) / levels for _ in range(9)]

    return curve


def pace_of(seed: int):
    return lambda trial: random.Random(f"pace-{seed}-{trial}").lognormvariate(0, 1)


def searched(prune, workers, trials, seed, pace, **kinds) -> Simulated:
    found = Simulated(prune, workers, trials, curve_of(seed, **kinds), pace_of(pace))
    while found.step():
        pass
    return found


@given(PRUNES, WORKERS, st.integers(1, 30), SEEDS, SEEDS, st.sampled_from([2, 1_000]))
def test_jobs_follow_from_results_and_workers_whoever_finishes_first(
    prune, workers, trials, seed, pace, levels
) -> None:
    one = searched(prune, workers, trials, seed, pace, levels=levels, failing=0.2)
    other = searched(prune, workers, trials, seed, pace + 1, levels=levels, failing=0.2)
    assert one.state.rungs.jobs == other.state.rungs.jobs
    assert one.state.rungs.results == other.state.rungs.results


@given(PRUNES, WORKERS, st.integers(1, 30), SEEDS)
def test_no_training_goes_over_an_epoch_twice(prune, workers, trials, seed) -> None:
    found = searched(prune, workers, trials, seed, seed)
    for reports in found.state.trainings.values():
        assert [one["step"] for one in reports] == list(range(1, len(reports) + 1))
    assert found.spent == sum(map(len, found.state.trainings.values()))
    for trial in found.state.trials:
        ends = [job.until for job in found.state.rungs.jobs if job.trial == trial]
        assert all(before < after for before, after in pairwise(ends))
        assert set(ends) <= set(prune.rungs)


@given(PRUNES, st.integers(1, 40), SEEDS)
def test_with_one_worker_a_promotion_is_of_the_best_reductionth(prune, trials, seed) -> None:
    rungs = searched(prune, 1, trials, seed, seed, levels=3, failing=0.2).state.rungs
    begun, out_of_turn = dict[int, int](), 0
    for number, (trial, until) in enumerate(rungs.jobs):
        if trial not in begun:
            begun[trial] = until
            continue
        before = max(job.until for job in rungs.jobs[:number] if job.trial == trial)
        peers = [
            (rungs.results[at], one)
            for at, (one, end) in enumerate(rungs.jobs[:number])
            if end == before and begun[one] == begun[trial]
        ]
        ranked = sorted(
            (one for one in peers if one[0] is not None), key=lambda one: (-one[0][0], one[1])
        )
        best = [one for _, one in ranked[: len(peers) // prune.reduction]]
        gone_on = {job.trial for job in rungs.jobs[:number] if job.until > before}
        waiting = [one for one in best if one not in gone_on]
        if waiting:
            assert trial == waiting[0]  # of equals the one that began first
        else:
            out_of_turn += 1  # nobody came to the end: the best goes on all the same
            assert until == prune.rungs[-1]
            assert number >= len(rungs.jobs) - out_of_turn
    assert any(
        job.until == prune.rungs[-1] and rungs.results[at] is not None
        for at, job in enumerate(rungs.jobs)
    ) or all(values is None for values in rungs.results.values())


@given(PRUNES, WORKERS, st.integers(1, 25), SEEDS, st.integers(0, 120))
def test_a_search_that_was_killed_goes_on_as_if_it_had_not_been(
    prune, workers, trials, seed, epochs
) -> None:
    whole = searched(prune, workers, trials, seed, seed, failing=0.1)
    broken = Simulated(prune, workers, trials, curve_of(seed, failing=0.1), pace_of(seed + 1))
    for _ in range(epochs):
        broken.step()
    again = Simulated(
        prune, workers, trials, curve_of(seed, failing=0.1), pace_of(seed + 2), state=broken.state
    )
    while again.step():
        pass
    assert again.state.rungs.jobs == whole.state.rungs.jobs
    assert again.state.rungs.results == whole.state.rungs.results


@given(PRUNES, WORKERS, WORKERS, st.integers(1, 15), st.integers(0, 15), SEEDS)
def test_more_trials_go_on_where_the_rungs_were(prune, workers, later, trials, more, seed) -> None:
    found = []
    for pace in (1, 2):
        first = searched(prune, workers, trials, seed, pace)
        before = list(first.state.rungs.jobs)
        then = Simulated(
            prune, later, trials + more, curve_of(seed), pace_of(pace + 2), state=first.state
        )
        while then.step():
            pass
        assert then.state.rungs.jobs[: len(before)] == before
        assert len(then.state.trials) == trials + more
        found.append(then.state.rungs.jobs)
    assert found[0] == found[1]


@given(PRUNES, WORKERS, st.integers(1, 30), SEEDS)
def test_what_is_idle_is_never_promoted(prune, workers, trials, seed) -> None:
    search = Simulated(prune, workers, trials, curve_of(seed, failing=0.1), pace_of(seed))
    idle = set[int]()
    while True:
        number = len(search.state.rungs.jobs)
        going = search.step()
        assert not idle & {job.trial for job in search.state.rungs.jobs[number:]}
        idle |= set(search.order.ladder.idle(trials))
        if not going:
            break
    assert search.state.rungs.resting <= idle  # in the end nothing can promote anybody
    assert not is_left(prune, OBJECTIVES, search.state.rungs)


def test_brackets_begin_on_later_rungs_and_share_the_epochs() -> None:
    prune = PruneSettings("hyperband", (1, 3, 9), 3, 1)
    search = searched(prune, 1, 90, 0, 0)
    begun = dict[int, int]()
    epochs = Counter[int]()
    for trial, until in search.state.rungs.jobs:
        before = [job.until for job in search.state.rungs.jobs if job.trial == trial]
        begun.setdefault(trial, until)
        earlier = [end for end in before if end < until]
        epochs[begun[trial]] += until - (earlier[-1] if earlier else 0)
    assert set(begun.values()) == {1, 3, 9}
    count = Counter(begun.values())
    assert count[1] > count[3] > count[9]
    assert max(epochs.values()) < 1.5 * min(epochs.values())


def test_a_figure_that_is_none_is_never_promoted() -> None:
    prune = PruneSettings("asha", (1, 3), 2, 1)
    search = Simulated(prune, 1, 6, lambda n: [math.inf] * 3, lambda n: 1.0)
    while search.step():
        pass
    assert {job.until for job in search.state.rungs.jobs} == {1}
    assert all(trial.state == "failed" for trial in search.state.finished)


def test_a_search_of_few_trials_ends_with_one_that_is_whole() -> None:
    prune = PruneSettings("asha", (1, 3, 9), 3, 1)
    search = Simulated(prune, 1, 2, lambda n: [n / 10] * 9, lambda n: 1.0)
    while search.step():
        pass
    assert [tuple(job) for job in search.state.rungs.jobs] == [(0, 1), (1, 1), (1, 9)]
    assert [trial.number for trial in search.state.finished] == [1]


def test_two_objectives_are_ranked_by_fronts() -> None:
    ladder = Ladder((1, 3), 3)
    for trial, scores in enumerate([(1.0, 1.0), (0.0, 3.0), (2.0, 2.0)]):
        ladder.begin(trial, 1)
        ladder.tell(trial, 1, scores)
    assert ladder.next(more=True) == Promotion(1, 3)  # it ends the front, and began before 2
    ladder.promote(1, 3)
    assert ladder.idle(3) == [0]  # the best goes on where no trial comes to its end
    ladder.tell(1, 3, (0.0, 3.0))
    assert ladder.idle(3) == [2, 0]


@pytest.mark.parametrize("step", [2, 3])
def test_a_trial_is_put_aside_where_it_was_to_be(step) -> None:
    search = Simulated(PruneSettings("asha", (2, 4), 2, 1), 1, 2, lambda n: [0.5] * 4, lambda n: 1)
    search.step()
    training = next(iter(search.state.trainings))
    event = Reached(training, step, [0.5], {}, 1.0, 0.0, 1.0)
    if step == 2:
        search.state.check(event)
    else:
        with pytest.raises(Malformed, match="trial 0 is put aside after 3 epochs"):
            search.state.check(event)


def test_a_promotion_is_of_one_who_rests() -> None:
    search = Simulated(PruneSettings("asha", (1, 4), 2, 1), 1, 2, lambda n: [0.5] * 4, lambda n: 1)
    search.hand_out()
    with pytest.raises(Malformed, match="trial 0 is promoted, and was not put aside"):
        search.state.check(Promoted(0, 4))
    search.step()
    search.state.check(Promoted(0, 4))
    with pytest.raises(Malformed, match="trial 0 is promoted to 1 epochs, which it has"):
        search.state.check(Promoted(0, 1))
