"""Which training a word names, and how it came about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.errors import SearchError
from archdsl.study.record.events import (
    Created,
    Epoch,
    Event,
    Finished,
    Paused,
    Proposed,
    Round,
    Running,
    Session,
    Training,
    TrainingOver,
)
from archdsl.study.record.state import State, TrainingStart, fold
from archdsl.study.replay.replaying import replay
from archdsl.study.replay.trainings import _parts, recorded
from tests.study.conftest import judged, tiny_space

RUN = Path("runs/tiny")
SETUP = {"settings": {"objectives": [{"name": "accuracy", "direction": "maximize"}]}}
BEGINS: list[Event] = [Created("tiny", "name: tiny\n", SETUP, {}), Session("", 0, {}, {})]


def proposed(number: int) -> Proposed:
    return Proposed(number, "random", {}, "text", {"macs": 5}, f"n{number}")


def key(number: int) -> Training:
    return Training(number, "search", 0, 0)


def trained(number: int, epochs: int, end: Any = None, cause: str | None = None) -> list[Event]:
    """A trial that begins, reports, and ends in a state, or does not."""
    found: list[Event] = [proposed(number), Running(key(number), None, 1.0)]
    found += [Epoch(key(number), step + 1, {"accuracy": 0.5}) for step in range(epochs)]
    if end is not None:
        values = [0.5] if end == "complete" else None
        found.append(Finished(number, end, {}, values, cause, None, 1.0, 1.0, 2.0))
    return found


def a_round() -> list[Event]:
    """Two networks and two seeds, one training of which is over, one failed, one under way."""
    entrants = [
        {"name": name, "roles": roles, "trial": trial, "decisions": {}, "costs": {}, "network": ""}
        for name, roles, trial in (
            ("trial-00000", ["default"], 0), ("baseline-b", ["baseline"], None)
        )
    ]  # fmt: skip
    keys = [Training(number, "final/0", 1, 0) for number in (0, 1)]
    later = Training(0, "final/0", 2, 0)
    found: list[Event] = [Round(0, 1, {}, entrants, [1, 2], 3, "rule", None)]
    for one, state, cause in ((keys[0], "complete", None), (keys[1], "failed", "diverged")):
        found += [Running(one, None, 1.0), Epoch(one, 1, {"accuracy": 0.5})]
        found.append(TrainingOver(one, state, {"accuracy": 0.5}, cause, None, None, 1.0, 1.0, 2.0))
    return [*found, Running(later, None, 3.0), Epoch(later, 1, {"accuracy": 0.4})]


@pytest.fixture(scope="module")
def state() -> State:
    outside = Finished(3, "outside", {}, None, None, None, 0.0, None, None)
    repeated = Finished(4, "repeated", {}, [0.5], None, None, 0.0, None, None)
    return fold([
        *BEGINS, *trained(0, 3, "complete"), *trained(1, 2, "failed", "timeout: it took longer"),
        *trained(2, 1), Paused(key(2)), proposed(3), outside, proposed(4), repeated, proposed(5),
        *trained(6, 0), *a_round(),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("word", "name", "epochs", "complete"),
    [
        ("0", "trial 0", 3, True),
        ("000", "trial 0", 3, True),
        ("2", "trial 2", 1, False),
        ("final/0/trial-00000/seed-1", "the default, seed 1 of final/0", 1, True),
        ("final/0/trial-00000/seed-1/", "the default, seed 1 of final/0", 1, True),
        ("final/0/trial-00000/seed-2", "the default, seed 2 of final/0", 1, False),
    ],
)
def test_a_word_names_a_training(state, word, name, epochs, complete) -> None:
    found = recorded(state, RUN, word)
    assert (found.name, len(found.epochs), found.complete) == (name, epochs, complete)


NAMES_NONE = (
    "names no training.  write the number of a trial, as in  12,  or the folder of a training of "
    "the final round, as in  final/0/trial-00012/seed-1"
)
FAILED = "name a training that came to its end"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("7", "runs/tiny has no trial 7.  its trials are 0 to 6"),
        ("-1", f"'-1' {NAMES_NONE}"),
        ("", f"'' {NAMES_NONE}"),
        ("best", f"'best' {NAMES_NONE}"),
        ("²", f"'²' {NAMES_NONE}"),
        ("9" * 20, f"runs/tiny has no trial {'9' * 20}.  its trials are 0 to 6"),
        ("9" * 21, f"'{'9' * 21}' {NAMES_NONE}"),
        ("9" * 5000, f"'{'9' * 57}...' {NAMES_NONE}"),
        (
            f"final/0/trial-00000/seed-{'9' * 20}",
            f"runs/tiny: final/0 has no seed {'9' * 20}.  its seeds are: 1 2",
        ),
        (
            f"final/0/trial-00000/seed-{'9' * 5000}",
            f"'final/0/trial-00000/seed-{'9' * 32}...' {NAMES_NONE}",
        ),
        ("trials/00000", f"'trials/00000' {NAMES_NONE}"),
        ("final/0/trial-00000", f"'final/0/trial-00000' {NAMES_NONE}"),
        (
            "1",
            "runs/tiny: trial 1 failed, and there is nothing to compare with: timeout: it took "
            f"longer.  {FAILED}",
        ),
        (
            "3",
            "runs/tiny: trial 3 is outside the budget, and was not trained.  name a trial that was",
        ),
        (
            "4",
            "runs/tiny: trial 4 repeats a trial before it, and was not trained.  name a trial "
            "that was",
        ),
        ("5", "runs/tiny: trial 5 has not begun.  wait for it, or go on with the search"),
        (
            "6",
            "runs/tiny: of trial 6 no epoch is on record yet.  wait for it, or go on with the "
            "search",
        ),
        ("final/1/trial-00000/seed-1", "runs/tiny has no final/1.  its rounds are: final/0"),
        (
            "final/0/trial-00009/seed-1",
            "runs/tiny: nothing in final/0 is called trial-00009.  there are: trial-00000 "
            "baseline-b",
        ),
        (
            "final/0/trial-00000/seed-3",
            "runs/tiny: final/0 has no seed 3.  its seeds are: 1 2",
        ),
        (
            "final/0/baseline-b/seed-1",
            "runs/tiny: b, seed 1 of final/0 failed, and there is nothing to compare with: "
            f"diverged.  {FAILED}",
        ),
        (
            "final/0/baseline-b/seed-2",
            "runs/tiny: of b, seed 2 of final/0 no epoch is on record yet.  wait for it, or go on "
            "with the search",
        ),
    ],
)  # fmt: skip
def test_what_is_not_to_be_trained_again_is_said(state, word, said) -> None:
    with pytest.raises(SearchError) as caught:
        recorded(state, RUN, word)
    assert str(caught.value) == said


def test_a_run_without_a_trial_says_so() -> None:
    with pytest.raises(SearchError) as caught:
        recorded(fold(BEGINS), RUN, "0")
    assert str(caught.value) == "runs/tiny has no trial 0.  it has none"


def test_a_search_with_an_evaluate_and_a_folder_without_a_search_are_refused(run, tmp_path) -> None:
    out = tmp_path / "own"
    run(tiny_space(trials=1), out, evaluate=judged)
    with pytest.raises(SearchError) as caught:
        replay(out, "0")
    assert str(caught.value) == (
        f"{out} holds a search that was judged by an evaluate function, which a record does not "
        "have.  call it yourself, with  archdsl.load  of the spec and the seed on record"
    )
    with pytest.raises(SearchError) as caught:
        replay(tmp_path / "none", "0")
    assert str(caught.value) == (
        f"{tmp_path / 'none'} holds no search.  name a run directory, such as runs/digits"
    )


STARTS = st.lists(
    st.builds(
        TrainingStart, st.integers(-1, 3), st.one_of(st.none(), st.integers(1, 9)),
        st.sampled_from([1, 2]),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@given(STARTS, st.integers(1, 10))
def test_the_parts_of_a_training_are_its_epochs_each_trained_as_it_was_last(starts, last) -> None:
    # what a record says of a training: that it begins afresh, and goes on from what it has by then
    starts = [starts[0]._replace(step=None), *starts[1:]]
    parts = _parts(starts, last)
    assert [part.begins or 0 for part in parts] == [0, *(part.ends for part in parts[:-1])]
    assert parts[-1].ends == last
    for step in range(last):
        its = next(part for part in parts if (part.begins or 0) <= step < part.ends)
        latest = [one for one in starts if (one.step or 0) <= step][-1]
        at = [one for one in starts if one.step == its.begins][-1]
        if not any((one.step or 0) > (latest.step or 0) for one in starts):
            assert its.accumulate == at.accumulate == latest.accumulate
