"""Where a search stands, from its events: what every display of it reads."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from archdsl.amounts import written
from archdsl.study.events import (
    Best,
    Epoch,
    Event,
    Finished,
    Preparing,
    RoundProgress,
    Started,
    TrialFinished,
    TrialPaused,
    TrialRetried,
    TrialStarted,
)
from archdsl.study.trial import Trial
from archdsl.units import figure

_RECENT = 10


@dataclass(slots=True)
class RunningTrial:
    """A trial under way. begun: by the clock of the state; epoch: its last report."""

    trial: TrialStarted
    begun: float
    epoch: Epoch | None = None


class SearchState:
    """The state of a search as its events tell it.

    preparing: what it is getting ready; None while trials run
    trials: on record, in the order in which they ended or were put aside; best: the best of them
    running: the trials under way, by their numbers
    final: the final round, once it has begun
    clock: seconds that only go up
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.started: Started | None = None
        self.preparing: Preparing | None = None
        self.trials: list[Trial] = []
        self.best: Trial | None = None
        self.running: dict[int, RunningTrial] = {}
        self.final: RoundProgress | None = None
        self._begun = clock()
        self._final_begun = (0.0, 0)  # when it began here, and how much of it was done then

    def hear(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case Preparing():
                self.preparing = event
            case Started():
                self.started, self.preparing = event, None
                self.trials = list(event.done)
            case TrialStarted(number):
                self.preparing = None
                self._forget(number)
                self.running[number] = RunningTrial(event, self.clock())
            case Epoch(number) if number in self.running:
                self.running[number].epoch = event
            case TrialRetried(number):
                self.running.pop(number, None)
            case TrialFinished(trial) | TrialPaused(trial):
                self.trials.append(trial)
                self.running.pop(trial.number, None)
            case Best(trial):
                self.best = trial
            case RoundProgress(done=done):
                if self.final is None or event.last is None:
                    self._final_begun = self.clock(), done
                self.final, self.preparing = event, None
            case Finished():
                self.running, self.preparing = {}, None

    def _forget(self, number: int) -> None:
        """A trial that was put aside goes on: it stands among those that run."""
        self.trials = [trial for trial in self.trials if trial.number != number]

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
        """Seconds until the trials, or the final round, end as the latest ones went.

        None where there is nothing to go by.
        """
        if self.final is not None:
            return self._left_of(self.final)
        if self.started is not None and self.started.settings.prune is not None:
            return self._left_of_pruned()
        trained = [trial for trial in self.trials if trial.trained]
        lasted = [trial.seconds for trial in trained[-_RECENT:]]
        missing = self.total - len(self.trials)
        if not lasted or missing <= 0:
            return None
        now = self.clock()
        # what is answered at once takes no time, and is as frequent as it was
        each = statistics.median(lasted) * len(trained) / len(self.trials)
        under_way = sum(min(now - one.begun, each) for one in self.running.values())
        workers = self.started.settings.workers if self.started else 1
        return max(missing * each - under_way, 0.0) / min(workers, missing)

    def _left_of_pruned(self) -> float | None:
        """As `left`; few trials take long, so that what all took tells more than the latest."""
        missing = self.total - len(self.trials)
        if not self.trials or missing <= 0:
            return None
        each = statistics.fmean(trial.seconds for trial in self.trials)
        workers = self.started.settings.workers if self.started else 1
        return missing * each / min(workers, missing)

    def _left_of(self, final: RoundProgress) -> float | None:
        begun, before = self._final_begun
        here = final.done - before
        if here < 1 or final.done == final.total:
            return None
        return (self.clock() - begun) / here * (final.total - final.done)


def objectives(state: SearchState) -> list[str]:
    """What is made large or small, in the settings' order."""
    started = state.started
    return [objective.name for objective in started.settings.objectives] if started else []


def values(state: SearchState, trial: Trial) -> list[str]:
    """A trial's objectives as text, in the same order; costs in units."""
    if trial.values is None:
        word = trial.state if trial.state in ("outside", "paused") else "failed"
        return [word for _ in objectives(state)]
    return [
        written(name, int(value)) if name in trial.costs else figure(value)
        for name, value in zip(objectives(state), trial.values, strict=True)
    ]


def costs(state: SearchState, found: dict[str, int]) -> list[tuple[str, str]]:
    """The costs worth a column: MACs, params, and what else the budget speaks of."""
    limited = state.started.settings.budget if state.started else {}
    names = dict.fromkeys(("macs", "params", *limited))
    shown = [name for name in names if name not in objectives(state)]
    return [(name, written(name, found[name])) for name in shown]
