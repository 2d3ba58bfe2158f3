"""The progress of a search on a terminal: a table of trials that is drawn anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.display.plain import opening
from archdsl.display.search_state import SearchState, costs, objectives, values
from archdsl.study.events import Event, Notice, Started
from archdsl.study.trial import Trial
from archdsl.units import counted, duration
from archdsl.views import terminal
from archdsl.views.rows import Column, TableRow, Tone

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_AROUND = 9  # lines that are no row of the table
_MOST_ROWS = 12


class LiveDisplay:
    """A table of the latest trials, the best, the one that runs, and the time left."""

    def __init__(self, console: Console) -> None:
        self.state = SearchState()
        self.picture = terminal.Picture(console, self._parts)

    def __enter__(self) -> LiveDisplay:
        self.picture.__enter__()
        return self

    def __exit__(self, *how: object) -> None:
        self.picture.__exit__(*how)

    def __call__(self, event: Event) -> None:
        """Hear an event; the drawing follows by itself."""
        self.state.hear(event)
        lines: list[str] = []
        if isinstance(event, Started):
            lines = opening(event)
        elif isinstance(event, Notice):
            lines = [event.text]
        for line in lines:
            self.picture.say(line)

    def _parts(self) -> list[RenderableType]:
        state = self.state
        parts: list[RenderableType] = []
        if state.trials or state.running:
            parts += [terminal.table(self._columns(), self._rows()), self._bar()]
            if state.best is not None:
                parts.append(terminal.line(self._best(state.best), "good"))
        if state.preparing is not None:
            ready = state.preparing
            far = f"  {ready.done:,} of {ready.total:,}" if ready.total else ""
            parts.append(terminal.line(f"{ready.what}{far}", "quiet"))
        if state.started is None and state.preparing is None:
            parts.append(terminal.line("loading", "quiet"))
        return parts

    def _columns(self) -> list[Column]:
        state = self.state
        known = state.running.costs if state.running else state.trials[-1].costs
        figures = [*objectives(state), *(name for name, _ in costs(state, known)), "time"]
        return [
            Column("trial", right=True, wraps=True),
            *(Column(name, right=True) for name in figures),
            Column("from"),
            Column("answers", cut=True),
        ]

    def _rows(self) -> list[TableRow]:
        state = self.state
        many = max(3, min(_MOST_ROWS, self.picture.height - _AROUND))
        shown = state.trials[-many:]
        best = state.best
        if best is not None and best not in shown:
            shown = [best, *shown[1:]]
        rows = [self._row(trial, trial is best) for trial in shown]
        return rows if state.running is None else [*rows, self._running()]

    def _row(self, trial: Trial, is_best: bool) -> TableRow:
        state = self.state
        quiet: Tone = "plain" if trial.trained else "quiet"
        return TableRow(
            (
                str(trial.number),
                *values(state, trial),
                *(value for _, value in costs(state, trial.costs)),
                duration(trial.seconds) if trial.trained else "none",
                trial.origin,
                trial.cause or _answers(trial.decisions),
            ),
            "best" if is_best else "bad" if trial.cause else quiet,
        )

    def _running(self) -> TableRow:
        state = self.state
        running, epoch = state.running, state.epoch
        assert running is not None, "asked for where a trial runs"
        metrics = {} if epoch is None else epoch.metrics
        return TableRow(
            (
                str(running.number),
                *(f"{metrics[n]:.4f}" if n in metrics else "" for n in objectives(state)),
                *(value for _, value in costs(state, running.costs)),
                "begins" if epoch is None else f"epoch {epoch.step}/{state.epochs}",
                running.origin,
                _answers(running.decisions),
            ),
            "quiet",
        )

    def _bar(self) -> RenderableType:
        state = self.state
        done = len(state.trials)
        said = [f"{done} of {counted(state.total, 'trial')}", f"{duration(state.gone)} gone"]
        if (left := state.left) is not None:
            said.append(f"about {duration(left)} left")
        return terminal.bar(done, state.total, "  ".join(said))

    def _best(self, best: Trial) -> str:
        state = self.state
        pairs = zip(objectives(state), values(state, best), strict=True)
        words = ", ".join(f"{name} {value}" for name, value in pairs)
        return f"best so far: trial {best.number} with {words}"


def _answers(decisions: dict[str, object]) -> str:
    """The answers alone, in the order in which they were asked."""
    return " ".join(str(answer) for answer in decisions.values())
