"""The progress of a search on a terminal: a table of trials that is drawn anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.cli.plain import opening, told
from archdsl.cli.search_state import RunningTrial, SearchState, costs, objectives, values
from archdsl.study.events import Event, Started
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
        elif (line := told(event)) is not None:
            lines = [line]
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
        first = next(iter(state.running.values()), None)
        known = first.trial.costs if first is not None else state.trials[-1].costs
        figures = [*objectives(state), *(name for name, _ in costs(state, known)), "time"]
        return [
            Column("trial", right=True, wraps=True),
            *(Column(name, right=True) for name in figures),
            Column("from"),
            Column("answers", cut=True),
        ]

    def _rows(self) -> list[TableRow]:
        state = self.state
        under_way = self._under_way()
        room = self.picture.height - _AROUND - max(0, len(under_way) - 1)
        many = max(3, min(_MOST_ROWS, room))
        shown = state.trials[-many:]
        best = state.best
        if best is not None and best not in shown:
            shown = [best, *shown[1:]]
        rows = [self._row(trial, trial is best) for trial in shown]
        return rows + under_way

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

    def _under_way(self) -> list[TableRow]:
        """A row for each trial that runs, as far as there is room; how many more there are."""
        running = [one for _, one in sorted(self.state.running.items())]
        most = max(1, self.picture.height - _AROUND - 3)
        if len(running) <= most:
            return [self._running(one) for one in running]
        rows = [self._running(one) for one in running[: most - 1]]
        more = f"and {len(running) - len(rows)} more run"
        blank = [""] * (len(self._columns()) - 2)
        return [*rows, TableRow(("", *blank, more), "quiet")]

    def _running(self, one: RunningTrial) -> TableRow:
        state, running, epoch = self.state, one.trial, one.epoch
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
