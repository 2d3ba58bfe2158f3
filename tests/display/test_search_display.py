"""How a search looks while it runs: as lines, and as a live table."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from archdsl.amounts import Budget
from archdsl.display.live import LiveDisplay
from archdsl.display.plain import PlainDisplay
from archdsl.display.search_state import SearchState
from archdsl.language.settings import Objective, ProxySettings, PruneSettings, SearchSettings
from archdsl.study.events import (
    Best,
    Epoch,
    Event,
    Finished,
    Preparing,
    Started,
    TrialFinished,
    TrialPaused,
    TrialStarted,
)
from archdsl.study.trial import Trial

COSTS = {"macs": 1_812_267, "params": 98_200, "train_params": 98_200, "activations": 512}
BUDGET = Budget({"macs": (0, 2_000_000)})
SETTINGS = SearchSettings(trials=4, budget=BUDGET, proxy=ProxySettings(epochs=5))


def started(*done: Trial, settings: SearchSettings = SETTINGS) -> Started:
    survey = SimpleNamespace(words=lambda: "27 architectures; 9 fit the budget")
    return Started("tiny", settings, survey, Path("runs/tiny"), done)  # type: ignore[arg-type]


def trial(number: int, accuracy: float, **changed: object) -> Trial:
    given: dict[str, object] = {
        "number": number,
        "origin": "tpe",
        "decisions": {"stages.0.token_mixer": "pooling", "stages.0.depth": 2},
        "text": "",
        "costs": COSTS,
        "network": str(number),
        "state": "complete",
        "metrics": {"accuracy": accuracy},
        "values": (accuracy,),
        "seconds": 10.0,
    }
    return Trial(**(given | changed))  # type: ignore[arg-type]


def run_of_two() -> list[Event]:
    good, bad = trial(0, 0.5), trial(1, 0.0, state="failed", values=None, cause="the loss is NaN")
    return [
        Preparing("reading the images"),
        Preparing("reading the images", 5, 10),
        started(),
        TrialStarted(0, "default", good.decisions, COSTS),
        Epoch(0, 1, {"accuracy": 0.25}),
        TrialFinished(good),
        Best(good),
        TrialStarted(1, "tpe", bad.decisions, COSTS),
        TrialFinished(bad),
    ]


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_lines_say_each_thing_once():
    stream = io.StringIO()
    with PlainDisplay(stream) as display:
        for event in (*run_of_two(), Preparing("writing the report")):
            display(event)
    assert stream.getvalue().splitlines() == [
        "reading the images",
        "tiny: 27 architectures; 9 fit the budget",
        "the record is in runs/tiny",
        "trial 0  1 of 4  accuracy 0.5000  macs 1.81M  params 98.2k  tpe  10 s  30 s left"
        "  the best so far",
        "trial 1  2 of 4  failed: the loss is NaN  macs 1.81M  params 98.2k  tpe  10 s  20 s left",
        "writing the report",
    ]


def test_lines_say_where_a_resumed_search_goes_on():
    stream = io.StringIO()
    with PlainDisplay(stream) as display:
        display(started(trial(0, 0.5)))
        display(Best(trial(0, 0.5)))
    assert stream.getvalue().splitlines()[1:] == [
        "1 of 4 trials on record already",
        "the record is in runs/tiny",
    ]


def untrained() -> list[Trial]:
    return [
        trial(1, 0.0, state="outside", origin="optuna", metrics={}, values=None, seconds=0.0),
        trial(2, 0.5, state="repeated", origin="optuna", seconds=0.0),
    ]


def test_lines_say_what_was_not_trained():
    stream = io.StringIO()
    with PlainDisplay(stream) as display:
        for event in (started(), *map(TrialFinished, [trial(0, 0.5), *untrained()])):
            display(event)
    assert stream.getvalue().splitlines()[3:] == [
        "trial 1  2 of 4  outside the budget  macs 1.81M  params 98.2k  optuna  not trained"
        "  10 s left",
        "trial 2  3 of 4  accuracy 0.5000  macs 1.81M  params 98.2k  optuna  not trained  3 s left",
    ]


def words(line: str) -> str:
    return " ".join(line.split())


def drawn(events: list[Event], width: int = 120) -> str:
    console = Console(
        file=io.StringIO(), width=width, height=30, force_terminal=True, color_system=None
    )
    display = LiveDisplay(console)
    for event in events:
        display(event)
    picture = Console(file=io.StringIO(), width=width)
    picture.print(display.picture.drawn())
    return picture.file.getvalue()  # type: ignore[attr-defined]


def paused_and_promoted() -> list[Event]:
    reports = ({"step": 1, "accuracy": 0.25}, {"step": 2, "accuracy": 0.5})
    aside = [
        trial(n, 0.0, state="paused", values=None, epochs=reports, metrics={"accuracy": 0.5})
        for n in (0, 1)
    ]
    begins = [TrialStarted(n, "tpe", aside[n].decisions, COSTS) for n in (0, 1)]
    settings = SearchSettings(
        trials=4, budget=BUDGET, proxy=ProxySettings(epochs=5),
        prune=PruneSettings("asha", (2, 5)),
    )  # fmt: skip
    return [
        started(settings=settings), begins[0], TrialPaused(aside[0]), begins[1],
        TrialPaused(aside[1]), begins[0],
    ]  # fmt: skip


def test_lines_say_who_was_put_aside():
    stream = io.StringIO()
    with PlainDisplay(stream) as display:
        for event in (*paused_and_promoted(), TrialFinished(trial(0, 0.75, seconds=20.0))):
            display(event)
    told = "macs 1.81M  params 98.2k  tpe"
    assert stream.getvalue().splitlines()[2:] == [
        f"trial 0  1 of 4  paused after 2 epochs  accuracy 0.5000  {told}  10 s  30 s left",
        f"trial 1  2 of 4  paused after 2 epochs  accuracy 0.5000  {told}  10 s  20 s left",
        f"trial 0  2 of 4  accuracy 0.7500  {told}  20 s  30 s left",
    ]


def test_who_goes_on_stands_among_those_that_run():
    state = SearchState()
    for event in paused_and_promoted():
        state.hear(event)
    assert [one.number for one in state.trials] == [1]
    assert list(state.running) == [0]


def test_the_table_has_a_row_for_each_trial_and_what_runs():
    lines = drawn(
        [*run_of_two(), TrialStarted(2, "tpe", {"stages.0.depth": 3}, COSTS)]
    ).splitlines()
    assert words(lines[0]) == "trial accuracy macs params time from answers"
    assert words(lines[1]) == "0 0.5000 1.81M 98.2k 10 s tpe pooling 2"
    assert words(lines[2]) == "1 failed 1.81M 98.2k 10 s tpe the loss is NaN"
    assert words(lines[3]) == "2 1.81M 98.2k begins tpe 3"
    assert "2 of 4 trials" in lines[4]
    assert "best so far: trial 0 with accuracy 0.5000" in lines[5]


def test_a_small_or_large_value_is_shown_as_large_as_it_is():
    small, large = (trial(n, v) for n, v in enumerate((2e-6, 3e40)))
    running = [TrialStarted(2, "tpe", {}, COSTS), Epoch(2, 1, {"accuracy": 1e-6})]
    lines = drawn([started(), TrialFinished(small), TrialFinished(large), *running]).splitlines()
    assert [line.split()[1] for line in lines[1:4]] == ["2e-06", "3e+40", "1e-06"]


def test_the_table_says_what_was_not_trained():
    events = [started(), *map(TrialFinished, [trial(0, 0.5), *untrained()])]
    lines = drawn(events).splitlines()
    assert words(lines[2]) == "1 outside 1.81M 98.2k none optuna pooling 2"
    assert words(lines[3]) == "2 0.5000 1.81M 98.2k none optuna pooling 2"


def test_the_running_trial_shows_its_epoch():
    assert "epoch 1/5" in drawn(run_of_two()[:5])


def test_the_best_stays_in_sight():
    many = [trial(number, 0.1) for number in range(40)]
    events: list[Event] = [started(trial(0, 0.9)), Best(trial(0, 0.9))]
    lines = drawn([*events, *(TrialFinished(each) for each in many[1:])]).splitlines()
    assert lines[1].split()[:2] == ["0", "0.9000"]
    assert lines[2].split()[0] == "29"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width):
    assert max(map(len, drawn(run_of_two(), width).splitlines())) <= width


def test_getting_ready_says_how_far_it_is():
    assert drawn(run_of_two()[:2]).strip() == "reading the images  5 of 10"


def test_what_is_left_standing_is_the_table():
    over = Finished(SimpleNamespace())  # type: ignore[arg-type]
    lines = drawn([*run_of_two(), Preparing("writing the report"), over]).splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["trial", "0", "1"]
    assert "writing" not in "".join(lines)


def test_until_the_first_event_it_says_that_it_loads():
    assert drawn([]).strip() == "loading"


def test_two_objectives_are_two_columns_and_a_cost_is_none_twice():
    objectives = (Objective("accuracy", "maximize"), Objective("macs", "minimize"))
    settings = SearchSettings(objectives=objectives)
    lines = drawn(
        [started(settings=settings), TrialFinished(trial(0, 0.5, values=(0.5, 1_812_267)))]
    )
    assert words(lines.splitlines()[0]) == "trial accuracy macs params time from answers"
    assert "1.81M" in lines


def test_the_time_left_follows_the_latest_trials_and_the_clock():
    clock = Clock()
    state = SearchState(clock)
    state.hear(started())
    assert state.left is None
    state.hear(TrialFinished(trial(0, 0.5)))
    assert state.left == 30
    state.hear(TrialStarted(1, "tpe", {}, COSTS))
    clock.now = 4
    assert state.left == 26
    clock.now = 60
    assert state.left == 20
    state.hear(TrialFinished(trial(1, 0.5)))
    assert state.left == 20
