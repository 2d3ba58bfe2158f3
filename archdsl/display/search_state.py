"""Where a search stands, from its events: what every display of it reads."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from archdsl.amounts import written
from archdsl.study.events import (
    Best,
    Epoch,
    Event,
    Finished,
    Preparing,
    Started,
    TrialFinished,
    TrialStarted,
)
from archdsl.study.trial import Trial

_RECENT = 10


class SearchState:
    """The state of a search as its events tell it.

    preparing: what it is getting ready; None while trials run
    trials: on record, in order; best: the best of them
    running: the trial under way, and `epoch` its last report
    clock: seconds that only go up
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.started: Started | None = None
        self.preparing: Preparing | None = None
        self.trials: list[Trial] = []
        self.best: Trial | None = None
        self.running: TrialStarted | None = None
        self.epoch: Epoch | None = None
        self._begun = clock()
        self._trial_begun = clock()

    def hear(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case Preparing():
                self.preparing = event
            case Started():
                self.started, self.preparing = event, None
                self.trials = list(event.done)
            case TrialStarted():
                self.running, self.epoch, self.preparing = event, None, None
                self._trial_begun = self.clock()
            case Epoch():
                self.epoch = event
            case TrialFinished(trial):
                self.trials.append(trial)
                self.running = self.epoch = None
            case Best(trial):
                self.best = trial
            case Finished():
                self.running = self.epoch = self.preparing = None

    @property
    def total(self) -> int:
        """The number of trials that the search is to have."""
        return self.started.settings.trials if self.started else 0

    @property
    def epochs(self) -> int:
        """Epochs of a trial, where the proxy trains it."""
        return self.started.settings.proxy.epochs if self.started else 0

    @property
    def gone(self) -> float:
        """Seconds since the command began."""
        return self.clock() - self._begun

    @property
    def left(self) -> float | None:
        """Seconds until the last trial ends, as the latest ones went; None before the first."""
        trained = [trial for trial in self.trials if trial.trained]
        lasted = [trial.seconds for trial in trained[-_RECENT:]]
        missing = self.total - len(self.trials)
        if not lasted or missing <= 0:
            return None
        under_way = self.clock() - self._trial_begun if self.running else 0.0
        # what is answered at once takes no time, and is as frequent as it was
        each = statistics.median(lasted) * len(trained) / len(self.trials)
        return max(missing * each - min(under_way, each), 0.0)


def objectives(state: SearchState) -> list[str]:
    """What is made large or small, in the settings' order."""
    started = state.started
    return [objective.name for objective in started.settings.objectives] if started else []


def values(state: SearchState, trial: Trial) -> list[str]:
    """A trial's objectives as text, in the same order; costs in units."""
    if trial.values is None:
        word = "outside" if trial.state == "outside" else "failed"
        return [word for _ in objectives(state)]
    return [
        written(name, int(value)) if name in trial.costs else f"{value:.4f}"
        for name, value in zip(objectives(state), trial.values, strict=True)
    ]


def costs(state: SearchState, found: dict[str, int]) -> list[tuple[str, str]]:
    """The costs worth a column: MACs, params, and what else the budget speaks of."""
    limited = state.started.settings.budget if state.started else {}
    names = dict.fromkeys(("macs", "params", *limited))
    shown = [name for name in names if name not in objectives(state)]
    return [(name, written(name, found[name])) for name in shown]
