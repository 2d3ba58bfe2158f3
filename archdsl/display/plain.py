"""The progress of a search as plain lines, for a log or a pipe."""

from __future__ import annotations

from typing import TextIO

from archdsl.display.search_state import SearchState, costs, objectives, values
from archdsl.study.events import (
    TRAINING,
    Best,
    CheckTrained,
    Event,
    Notice,
    Preparing,
    RoundProgress,
    Said,
    Started,
    TrialFinished,
    TrialPaused,
    TrialRetried,
)
from archdsl.study.final.entrants import called
from archdsl.study.trial import Trial
from archdsl.units import counted, duration, figure
from archdsl.views.terminal import say_line


class PlainDisplay:
    """One line an event, and none for what a line could not say soon enough."""

    def __init__(self, stream: TextIO) -> None:
        self.state = SearchState()
        self._stream = stream
        self._last = ""
        self._pending = ""  # a trial's line, until it is known whether it is the best

    def __enter__(self) -> PlainDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()

    def __call__(self, event: Event) -> None:
        """Hear an event and write what it is worth."""
        self.state.hear(event)
        if not isinstance(event, Best):
            self._flush()
        match event:
            case Preparing(what) if what not in (self._last, TRAINING):
                self._last = what
                self._write(what)
            case Notice() | Said() | TrialRetried():
                self._write(told(event) or "")
            case Started():
                for line in opening(event):
                    self._write(line)
            case TrialFinished(trial):
                self._pending = self._line(trial)
            case TrialPaused(trial):
                self._write(self._line(trial))
            case RoundProgress():
                self._write(self._of_the_round(event))
            case CheckTrained():
                self._write(_of_the_check(event))
            case Best() if self._pending:  # a search that goes on names its best anew
                self._pending += "  the best so far"
                self._flush()

    def _line(self, trial: Trial) -> str:
        state = self.state
        said = [f"trial {trial.number}", f"{len(state.trials)} of {state.total}"]
        pairs = zip(objectives(state), values(state, trial), strict=True)
        if trial.cause is not None:
            said.append(f"failed: {trial.cause}")
        elif trial.state == "outside":
            said.append("outside the budget")
        elif trial.state == "paused":
            said.append(f"paused after {counted(len(trial.epochs), 'epoch')}")
            said += [
                f"{name} {figure(trial.metrics[name])}"
                for name in objectives(state) if name in trial.metrics
            ]  # fmt: skip
        else:
            said += [f"{name} {value}" for name, value in pairs]
        said += [f"{name} {value}" for name, value in costs(state, trial.costs)]
        said += [trial.origin, trial.took or "not trained"]
        if trial.began_with is not None:
            said.append(f"began with {trial.began_with}")
        if (left := state.left) is not None:
            said.append(f"{duration(left)} left")
        return "  ".join(said)

    def _of_the_round(self, final: RoundProgress) -> str:
        last = final.last
        if last is None:
            return final_round(final)
        said = [f"final round  {final.done} of {final.total}", called(last.entrant)]
        said.append(f"seed {last.seed}")
        if last.cause is not None:
            said.append(f"failed: {last.cause}")
        names = objectives(self.state)
        said += [f"{name} {figure(last.metrics[name])}" for name in names if name in last.metrics]
        if (left := self.state.left) is not None:
            said.append(f"{duration(left)} left")
        return "  ".join(said)

    def _flush(self) -> None:
        if self._pending:
            self._write(self._pending)
            self._pending = ""

    def _write(self, line: str) -> None:
        say_line(line, self._stream)


def _of_the_check(event: CheckTrained) -> str:
    last = event.last
    said = [f"{event.done} of {event.total}", event.what, last.entrant.name, f"seed {last.seed}"]
    if last.cause is not None:
        said.append(f"failed: {last.cause}")
    said += [f"{name} {figure(value)}" for name, value in last.metrics.items()]
    return "  ".join(said)


def told(event: Event) -> str | None:
    """The line of an event that is one by itself."""
    match event:
        case Notice(text):
            return text
        case Said(number, line):
            return line if number is None else f"trial {number}: {line}"
        case TrialRetried(number, cause):
            return f"trial {number} is tried again: {cause}"
    return None


def final_round(final: RoundProgress) -> str:
    """What the final round is to be, on one line."""
    who = ", ".join(map(called, final.entrants))
    said = f"final round: {who}, each trained anew with {counted(final.seeds, 'seed')}"
    return said if final.note is None else f"{said}.  {final.note}"


def opening(event: Started) -> list[str]:
    """What there is to say when a search begins."""
    lines = [f"{event.name}: {event.survey.words()}"]
    if event.done:
        lines.append(
            f"{len(event.done)} of {counted(event.settings.trials, 'trial')} on record already"
        )
    if event.folder is not None:
        lines.append(f"the record is in {event.folder}")
    return lines
