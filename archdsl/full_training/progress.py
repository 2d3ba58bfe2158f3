"""How far a training is, for whoever waits: a bar on a terminal, or lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from archdsl.full_training.events import (
    EpochOver,
    GettingReady,
    Remark,
    TrainingBegins,
    TrainingEvent,
)
from archdsl.training.steps import Step
from archdsl.units import counted, duration, figure
from archdsl.views import terminal
from archdsl.views.terminal import say_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_BETWEEN = 30.0
"""Seconds from one line within an epoch to the next, where there is no terminal."""


class TrainingState:
    """Where a training stands, as its events tell it. clock: seconds that only go up"""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.ready: GettingReady | None = None
        self.begun: TrainingBegins | None = None
        self.step: Step | None = None
        self.over: EpochOver | None = None
        self.best: EpochOver | None = None
        self._since = (clock(), 0)

    def hear(self, event: TrainingEvent) -> None:
        """Take in one event."""
        match event:
            case GettingReady():
                self.ready = event
            case TrainingBegins():
                self.begun, self.ready = event, None
                self._since = self.clock(), -1
            case Step():
                if self._since[1] < 0:  # what came before the first step tells nothing of the rest
                    self._since = self.clock(), self._steps(event)
                self.step, self.ready = event, None
            case EpochOver():
                self.over = event
                self.best = event if event.best or self.best is None else self.best
            case Remark():
                pass

    def _steps(self, step: Step) -> int:
        return step.epoch * step.steps + step.step

    @property
    def bar(self) -> tuple[int, int]:
        """Steps that are made, and all."""
        if self.begun is None or self.step is None:
            return 0, 1
        return self._steps(self.step), self.begun.epochs * self.step.steps

    @property
    def left(self) -> float | None:
        """Seconds until it ends as it went since it began here; None where nothing tells."""
        since, before = self._since
        if self.begun is None or self.step is None or before < 0:
            return None
        done, total = self.bar
        if done <= before:
            return None
        return (self.clock() - since) / (done - before) * (total - done)


def far(state: TrainingState) -> str:
    """`epoch 3 of 10  step 12 of 40  loss 1.2345  812 images/s  about 4 min left`."""
    if state.begun is None or state.step is None:
        return ""
    step = state.step
    said = [f"epoch {step.epoch + 1} of {state.begun.epochs}", f"step {step.step} of {step.steps}"]
    if step.loss is not None:
        said.append(f"loss {figure(step.loss)}")
    return "  ".join([*said, *_pace(step.speed, state.left)])


def _pace(speed: float | None, left: float | None) -> list[str]:
    said = [] if speed is None else [f"{speed:,.0f} images/s"]
    return said if left is None else [*said, f"about {duration(left)} left"]


def epoch_line(state: TrainingState, event: EpochOver) -> str:
    """What an epoch came to, on one line."""
    assert state.begun is not None, "an epoch is over of what has begun"
    epoch = event.epoch
    said = [f"epoch {event.number + 1} of {state.begun.epochs}"]
    said += [f"{name} {figure(value)}" for name, value in epoch.metrics.items()]
    left = state.left if event.number + 1 < state.begun.epochs else None
    said += _pace(epoch.speed, left)
    return "  ".join([*said, "the best so far"] if event.best else said)


def opening(event: TrainingBegins) -> list[str]:
    """What there is to say when it begins."""
    steps = counted(event.steps, "step")
    lines = [f"{event.name}: {counted(event.epochs, 'epoch')} of {steps} on {event.data}"]
    if event.done:
        lines.append(f"{counted(len(event.done), 'epoch')} on record already")
    return [*lines, f"the record is in {event.folder}"]


class TrainingLines:
    """A line an epoch, and one within it now and then, for a log or a pipe."""

    def __init__(self, stream: TextIO) -> None:
        self.state = TrainingState()
        self._stream = stream
        self._said = self.state.clock()
        self._ready = ""

    def __enter__(self) -> TrainingLines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, event: TrainingEvent) -> None:
        """Hear an event and write what it is worth."""
        self.state.hear(event)
        match event:
            case GettingReady(what) if what != self._ready:
                self._ready = what
                self._write(what)
            case Remark(text):
                self._write(text)
            case TrainingBegins():
                for one in opening(event):
                    self._write(one)
            case EpochOver():
                self._write(epoch_line(self.state, event))
            case Step() if self.state.clock() - self._said >= _BETWEEN:
                self._write(far(self.state))

    def _write(self, text: str) -> None:
        self._said = self.state.clock()
        say_line(text, self._stream)


class TrainingBar:
    """A bar that is drawn anew, below the lines of the epochs."""

    def __init__(self, console: Console) -> None:
        self.state = TrainingState()
        self.picture = terminal.Picture(console, self._parts)

    def __enter__(self) -> TrainingBar:
        self.picture.__enter__()
        return self

    def __exit__(self, *how: object) -> None:
        self.picture.__exit__(*how)

    def __call__(self, event: TrainingEvent) -> None:
        """Hear an event; the drawing follows by itself."""
        self.state.hear(event)
        match event:
            case Remark(text):
                self.picture.say(text)
            case TrainingBegins():
                for one in opening(event):
                    self.picture.say(one)
            case EpochOver():
                self.picture.say(epoch_line(self.state, event))

    def _parts(self) -> list[RenderableType]:
        state = self.state
        parts: list[RenderableType] = []
        if (ready := state.ready) is not None:
            far_ = f"  {ready.done:,} of {ready.total:,}" if ready.total else ""
            parts.append(terminal.line(f"{ready.what}{far_}", "quiet"))
        elif state.step is not None:
            parts.append(terminal.bar(*state.bar, far(state)))
        else:
            parts.append(terminal.line("loading", "quiet"))
        return parts


class Shown(AbstractContextManager["Shown"], Protocol):
    """A listener that is entered before the training and left after it."""

    def __call__(self, event: Any) -> None:
        """Hear an event."""


def for_stream(stream: TextIO) -> Shown:
    """A bar on a terminal, else lines."""
    return TrainingBar(terminal.console(stream)) if stream.isatty() else TrainingLines(stream)


def for_python() -> Shown:
    """What standard error is good for."""
    from archdsl.display.choice import while_it_lasts

    closed = sys.stderr is None or sys.stderr.closed
    shown: Any = while_it_lasts(None if closed else for_stream(sys.stderr))
    return shown  # type: ignore[no-any-return]
