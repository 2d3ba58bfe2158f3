"""The trials of a search as a table of plain rows, and where the search stands in words."""

from __future__ import annotations

from archdsl.display.search_state import RunningTrial, SearchState, costs, objectives, values
from archdsl.study.trial import Trial
from archdsl.units import counted, duration, figure
from archdsl.views.rows import Column, TableRow, Tone

_FINISHED = 3  # rows of trials that are over, however many run


def columns(state: SearchState) -> list[Column]:
    """The columns, once there is a trial or one that runs."""
    first = next(iter(state.running.values()), None)
    known = first.trial.costs if first is not None else state.trials[-1].costs
    figures = [*objectives(state), *(name for name, _ in costs(state, known)), "time"]
    return [
        Column("trial", right=True, wraps=True),
        *(Column(name, right=True) for name in figures),
        Column("from"),
        Column("answers", cut=True),
    ]


def rows(state: SearchState, many: int) -> list[TableRow]:
    """The latest trials with the best, and those that run: about `many` together."""
    under_way = _under_way(state, max(1, many - _FINISHED))
    shown = state.trials[-max(_FINISHED, many + 1 - max(1, len(under_way))) :]
    best = state.best
    if best is not None and best not in shown:
        shown = [best, *shown[1:]]
    found = [_row(state, trial, trial is best) for trial in shown]
    return found + under_way


def bar(state: SearchState) -> tuple[int, int]:
    """How much is done, and of how much: trials, or trainings of the final round."""
    if state.final is not None:
        return state.final.done, state.final.total
    return len(state.trials), state.total


def far(state: SearchState) -> str:
    """`12 of 50 trials  3 min gone  about 9 min left`."""
    done, total = bar(state)
    what = f"{done} of {counted(total, 'trial')}"
    if state.final is not None:
        what = f"final round: {done} of {counted(total, 'training')}"
    said = [what, f"{duration(state.gone)} gone"]
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
            trial.took or "none",
            trial.origin,
            trial.cause or _answers(trial.decisions),
        ),
        "best" if is_best else "bad" if trial.cause else quiet,
    )


def _under_way(state: SearchState, most: int) -> list[TableRow]:
    """A row for each trial that runs, as far as there is room; how many more there are."""
    running = [one for _, one in sorted(state.running.items())]
    if len(running) <= most:
        return [_running(state, one) for one in running]
    rows = [_running(state, one) for one in running[: most - 1]]
    blank = [""] * (len(columns(state)) - 2)
    return [*rows, TableRow(("", *blank, f"and {len(running) - len(rows)} more run"), "quiet")]


def _running(state: SearchState, one: RunningTrial) -> TableRow:
    trial, epoch = one.trial, one.epoch
    metrics = {} if epoch is None else epoch.metrics
    return TableRow(
        (
            str(trial.number),
            *(figure(metrics[n]) if n in metrics else "" for n in objectives(state)),
            *(value for _, value in costs(state, trial.costs)),
            "begins" if epoch is None else f"epoch {epoch.step}/{state.epochs}",
            trial.origin,
            _answers(trial.decisions),
        ),
        "quiet",
    )


def _answers(decisions: dict[str, object]) -> str:
    """The answers alone, in the order in which they were asked."""
    return " ".join(str(answer) for answer in decisions.values())
