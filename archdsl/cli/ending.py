"""What a search says at its end: the winner, what may be claimed, who was compared, the files.

The claim and the table come last, as the end is what a terminal shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.amounts import written
from archdsl.units import counted, figure
from archdsl.views.fitted import fitted, wrapped
from archdsl.views.text import columns

if TYPE_CHECKING:
    from archdsl.study.final.comparison import Difference
    from archdsl.study.final.verdict import Verdict
    from archdsl.study.result import Result

MOST_ANSWERS = 12
"""Of the winner: more of them push all else off a screen, and `best.yaml` has them."""

YAML, PAGE = "best.yaml", "report.html"

_MADE = (YAML, "best.py", "best.safetensors", PAGE)

_NO_END = 1 << 30


def ending(result: Result, within: int | None = None) -> str:
    """The end of a search as text.

    within: of how many columns lines are to be; None for lines of any length, which a file has
    """
    made = _made(result)
    lines = [""]
    lines += _winner(result, answers=YAML not in made)
    if len(result.front) > 1:
        lines.append("no other trial is better in both objectives than any of")
        lines.append("  " + " ".join(str(trial.number) for trial in result.front))
    if result.front_members:
        lines.append("what stands for the front:")
        lines += [f"  {line}" for line in columns(_front(result))]
    if result.hypervolume is not None:
        value = f"{result.hypervolume.value:.4g}"
        lines.append(f"the front's hypervolume is {value}: {result.hypervolume.words()}")
    if result.spent is not None:
        lines.append(result.spent.words())
    lines += _claimed(result, within)
    lines += [result.message, *result.notes]
    if result.folder is not None and made:
        lines.append(f"in {result.folder}: {' '.join(made)}")
        if PAGE in made:
            lines.append(f"the report: {result.folder / PAGE}")
    return "\n".join(lines)


def _claimed(result: Result, within: int | None) -> list[str]:
    """What may be claimed, and the networks that it is about."""
    claim = result.claim
    if claim is None and result.verdict is not None:
        claim = result.verdict.sentence()
    if claim is None:
        return []
    lines = ["", *(wrapped(claim, within) if within else [claim]), ""]
    if result.verdict is not None:
        lines += [*_compared(result, result.verdict, within or _NO_END), ""]
    return lines


def _made(result: Result) -> list[str]:
    """The files that a search is to leave, and did."""
    if result.folder is None:
        return []
    return [path.name for path in sorted(result.folder.glob("*")) if path.name in _MADE]


def _winner(result: Result, *, answers: bool) -> list[str]:
    """The winner's figures, costs and answers. answers: whether all of them, however many"""
    if result.winner is None:
        return []
    best = result.winner.trial
    called = "the best is" if result.winner.name is None else "the winner is"
    rows = [(name, figure(value)) for name, value in result.winner.metrics.items()]
    rows += [(name, f"{value:,}") for name, value in best.costs.items()]
    if many := len(best.decisions) if not answers and len(best.decisions) > MOST_ANSWERS else 0:
        rows.append(("answers", f"{counted(many, 'decision')}, in {YAML}"))
    else:
        rows += [(address, str(answer)) for address, answer in best.decisions.items()]
    lines = [f"{called} trial {best.number} of {len(result.trials)}:"]
    return lines + [f"  {line}" for line in columns(rows)]


def _compared(result: Result, verdict: Verdict, within: int) -> list[str]:
    """The networks of the final round, the winner first and then as good as they are."""
    from archdsl.study.final.entrants import called

    costs = {called(one): one.costs for one in result.finalists}
    gaps = {one.other: one for one in verdict.differences}
    better = -1 if result.objectives and _is_less_better(result, verdict.metric) else 1
    arms = sorted(verdict.arms, key=lambda one: (one is not verdict.winner, -better * one.mean))
    split = "test" if verdict.split == "test" else "validation"
    heading = ("network", f"{verdict.metric} ({split})", "winner minus it", "macs", "params")
    rows: list[tuple[str, ...]] = [heading]
    for arm in arms:
        own = costs.get(arm.name, {})
        rows.append(
            (
                arm.name,
                figure(arm.mean),
                _gap(gaps[arm.name]) if arm.name in gaps else "",
                *(written(name, own[name]) if name in own else "" for name in ("macs", "params")),
            )
        )
    return fitted(rows, within, right=(1, 3, 4), wraps=(0,), heading=True)


def _is_less_better(result: Result, metric: str) -> bool:
    return any(one.name == metric and one.direction == "minimize" for one in result.objectives)


def _gap(one: Difference) -> str:
    """A difference with its interval."""
    if one.interval is None:
        return _signed(one.gap)
    return f"{_signed(one.gap)} ({_signed(one.interval[0])} to {_signed(one.interval[1])})"


def _signed(gap: float) -> str:
    return f"{gap:+.3g}"


def _front(result: Result) -> list[tuple[str, ...]]:
    """A row for each network that stands for the front, under the names of the objectives."""
    names = [one.name for one in result.objectives]
    rows: list[tuple[str, ...]] = [("", *names, "")]
    for one in result.front_members:
        said = (f"{value:,.0f}" if name in one.trial.costs else figure(value)
                for name, value in zip(names, one.values, strict=True))  # fmt: skip
        rows.append((f"trial {one.trial.number}", *said, f"front/{one.stem}.yaml"))
    return rows
