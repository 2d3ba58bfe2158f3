"""Problems on a table that somebody else made: a search there is a lookup, as on ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from statistics import fmean
from typing import Literal, TypeAlias

from archdsl.amounts import Budget
from archdsl.errors import ArchError
from archdsl.units import counted
from benchmarks.answers import Answers, Tried
from benchmarks.problem import Decisions, Problem, budget_for, chance, key

Missing: TypeAlias = Literal["refuse", "worst"]


def problems(
    found: Answers,
    trials: int,
    fits: Sequence[float] = (),
    minimize: bool = False,
    missing: Missing = "refuse",
) -> dict[str, Callable[[int], Problem]]:
    """By name and the seed of the search: the means, and a training of each where there are more.

    trials: of a search, none of which proposes a member twice
    fits: shares of the members of the table that a budget of MACs lets in; with none it is the
        budget of the space
    missing: what becomes of proposals that the table lacks: "refuse" a table that lacks any, or
        let each count as the "worst" of the table
    Raises ArchError for a table that lacks members, or has none inside the budget, and for more
    trials than there are members inside.
    """
    if missing == "refuse" and found.missing:
        answers = " ".join(f"{name}={value}" for name, value in found.first_missing().items())
        raise ArchError(
            f"{found.path}: {found.missing:,} of {found.space.size:,} members are missing, "
            f"{answers} among them, and a search may propose them.  add them, narrow the space to "
            "what was trained, or let each count as the worst of the table with  --missing worst"
        )
    made: dict[str, Callable[[int], Problem]] = {}
    for name, budget in _budgets(found, fits).items():
        made[name] = partial(_problem, found, name, budget, minimize, False)
        if any(len(one.figures) > 1 for one in found.members.values()):
            made[f"{name}, once"] = partial(
                _problem, found, f"{name}, once", budget, minimize, True
            )
    for name, make in made.items():
        inside = int(found.space.count(dict(make(0).budget)))
        if inside < trials:
            raise ArchError(
                f"{name}: {counted(inside, 'member')} are inside the budget, and a search of "
                f"{trials:,} trials would run out of them.  write  --trials {inside}  at most"
            )
    return made


def _budgets(found: Answers, fits: Sequence[float]) -> dict[str, Budget]:
    name = found.space.spec.name
    if not fits:
        return {name: Budget(found.space.spec.settings().budget)}
    costs = [one.macs for one in found.members.values()]
    return {f"{name}, {share:g} inside": Budget({"macs": (0, budget_for(costs, share))})
            for share in fits}  # fmt: skip


def _problem(
    found: Answers, name: str, budget: Budget, minimize: bool, once: bool, seed: int
) -> Problem:
    """once: whether a search sees one training of each member, as it would; drawn by its seed."""
    sign = -1.0 if minimize else 1.0
    inside = [sign * one.mean for one in found.members.values() if budget.allows(one.costs)]
    if not inside:
        raise ArchError(f"{found.path}: no member of it is inside the budget.  widen that")
    worst = min(sign * one.mean for one in found.members.values())

    def of(decisions: Decisions, figure: Callable[[Tried], float]) -> float:
        member = found.members.get(key(decisions))
        return worst if member is None else sign * figure(member)

    def drawn(member: Tried) -> float:
        at = chance(seed, sorted(member.decisions.items())) * len(member.figures)
        return member.figures[int(at)]

    def mean(member: Tried) -> float:
        return fmean(member.figures)

    return Problem(
        name, found.space, budget, lambda d: of(d, drawn if once else mean), max(inside),
        min(inside), worth=(lambda d: of(d, mean)) if once else None,
    )  # fmt: skip
