"""The trials of a search as a table of plain rows, and where the search stands in words."""

from __future__ import annotations

from archdsl.display.search_state import SearchState, costs, objectives, values
from archdsl.study.trial import Trial
from archdsl.units import counted, duration
from archdsl.views.rows import Column, TableRow, Tone


def columns(state: SearchState) -> list[Column]:
    """The columns, once there is a trial or one that runs."""
    known = state.running.costs if state.running else state.trials[-1].costs
    figures = [*objectives(state), *(name for name, _ in costs(state, known)), "time"]
    return [
        Column("trial", right=True, wraps=True),
        *(Column(name, right=True) for name in figures),
        Column("from"),
        Column("answers", cut=True),
    ]


def rows(state: SearchState, many: int) -> list[TableRow]:
    """The latest trials, `many` of them with the best, and the one that runs."""
    shown = state.trials[-many:]
    best = state.best
    if best is not None and best not in shown:
        shown = [best, *shown[1:]]
    found = [_row(state, trial, trial is best) for trial in shown]
    return found if state.running is None else [*found, _running(state)]


def far(state: SearchState) -> str:
    """`12 of 50 trials  3 min gone  about 9 min left`."""
    said = [
        f"{len(state.trials)} of {counted(state.total, 'trial')}",
        f"{duration(state.gone)} gone",
    ]
    if (left := state.left) is not None:
        said.append(f"about {duration(left)} left")
    return "  ".join(said)


def best(state: SearchState, trial: Trial) -> str:
    """The best trial on one line."""
    pairs = zip(objectives(state), values(state, trial), strict=True)
    words = ", ".join(f"{name} {value}" for name, value in pairs)
    return f"best so far: trial {trial.number} with {words}"


def preparing(state: SearchState) -> str:
    """What the search is getting ready, and how far it is; nothing while trials run."""
    if (ready := state.preparing) is None:
        return "loading" if state.started is None else ""
    amount = f"  {ready.done:,} of {ready.total:,}" if ready.total else ""
    return f"{ready.what}{amount}"


def _row(state: SearchState, trial: Trial, is_best: bool) -> TableRow:
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


def _running(state: SearchState) -> TableRow:
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


def _answers(decisions: dict[str, object]) -> str:
    """The answers alone, in the order in which they were asked."""
    return " ".join(str(answer) for answer in decisions.values())
