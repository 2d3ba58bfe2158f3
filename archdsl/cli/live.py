"""The progress of a search on a terminal: a table of trials that is drawn anew."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from archdsl.cli.plain import opening
from archdsl.cli.progress import Progress, costs, objectives, values
from archdsl.study.events import Event, Notice, Started
from archdsl.study.trial import Trial
from archdsl.units import duration

_AROUND = 9  # lines that are no row of the table
_MOST_ROWS = 12


class LiveDisplay:
    """A table of the latest trials, the best, the one that runs, and the time left."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress()
        self._console = console
        self._live = Live(console=console, get_renderable=self._drawn, refresh_per_second=2)

    def __enter__(self) -> LiveDisplay:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Hear an event; the drawing follows by itself."""
        self.progress.hear(event)
        lines: list[str] = []
        if isinstance(event, Started):
            lines = opening(event)
        elif isinstance(event, Notice):
            lines = [event.text]
        for line in lines:
            self._console.print(line, highlight=False, markup=False)

    def _drawn(self) -> RenderableType:
        progress = self.progress
        parts: list[RenderableType] = []
        if progress.trials or progress.running:
            parts.append(self._table())
            parts.append(self._bar())
        if progress.preparing is not None:
            ready = progress.preparing
            far = f"  {ready.done:,} of {ready.total:,}" if ready.total else ""
            parts.append(Text(f"{ready.what}{far}", style="dim"))
        if progress.started is None and progress.preparing is None:
            parts.append(Text("loading", style="dim"))
        return Group(*parts)

    def _table(self) -> Table:
        progress = self.progress
        names = objectives(progress)
        table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
        table.add_column("trial", justify="right")
        for name in names:
            table.add_column(name, justify="right", no_wrap=True)
        known = progress.running.costs if progress.running else progress.trials[-1].costs
        for name, _ in costs(progress, known):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("time", justify="right", no_wrap=True)
        table.add_column("from", no_wrap=True)
        table.add_column("answers", ratio=1, no_wrap=True, overflow="ellipsis")
        shown = progress.trials[-self._rows() :]
        best = progress.best
        if best is not None and best not in shown:
            shown = [best, *shown[1:]]
        for trial in shown:
            self._add(table, trial, best)
        self._add_running(table, len(names))
        return table

    def _rows(self) -> int:
        return max(3, min(_MOST_ROWS, self._console.height - _AROUND))

    def _add(self, table: Table, trial: Trial, best: Trial | None) -> None:
        progress = self.progress
        cells = [value for _, value in costs(progress, trial.costs)]
        style = "bold green" if trial is best else "red" if trial.cause else ""
        style = style or ("" if trial.trained else "dim")
        lasted = duration(trial.seconds) if trial.trained else "none"
        table.add_row(
            str(trial.number), *values(progress, trial), *cells, lasted, trial.origin,
            Text(trial.cause or _answers(trial.decisions)), style=style,
        )  # fmt: skip

    def _add_running(self, table: Table, objectives_shown: int) -> None:
        progress = self.progress
        running = progress.running
        if running is None:
            return
        said = f"epoch {progress.epoch.step}/{progress.epochs}" if progress.epoch else "begins"
        so_far = [""] * objectives_shown
        if progress.epoch is not None:
            metrics = progress.epoch.metrics
            so_far = [
                f"{metrics[name]:.4f}" if name in metrics else "" for name in objectives(progress)
            ]
        table.add_row(
            str(running.number), *so_far, *(value for _, value in costs(progress, running.costs)),
            said, running.origin, Text(_answers(running.decisions)), style="dim",
        )  # fmt: skip

    def _bar(self) -> RenderableType:
        progress = self.progress
        done = len(progress.trials)
        grid = Table.grid(padding=(0, 1))
        said = [f"{done} of {progress.total} trials", f"{duration(progress.gone)} gone"]
        if (left := progress.left) is not None:
            said.append(f"about {duration(left)} left")
        bar = ProgressBar(total=max(progress.total, 1), completed=done, width=24)
        grid.add_row(bar, "  ".join(said))
        best = progress.best
        if best is None:
            return grid
        pairs = zip(objectives(progress), values(progress, best), strict=True)
        words = ", ".join(f"{name} {value}" for name, value in pairs)
        return Group(grid, Text(f"best so far: trial {best.number} with {words}", style="green"))


def _answers(decisions: dict[str, object]) -> str:
    """The answers alone, in the order in which they were asked."""
    return " ".join(str(answer) for answer in decisions.values())
