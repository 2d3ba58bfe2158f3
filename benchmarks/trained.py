"""Problems on the table of trained networks: a search there is a lookup where it would train."""

from __future__ import annotations

from functools import cache

from archdsl.amounts import Budget
from benchmarks.problem import Decisions, Problem, budget_for, chance
from benchmarks.table import Table

FITS = {"loose": 0.9, "half": 0.5, "tight": 300 / 1024}
"""The share of the members that a budget lets in."""


@cache
def table() -> Table:
    """The table, read once."""
    return Table.load()


@cache
def trained(budget: str) -> Problem:
    """The mean over a member's seeds, as a search sees it and as it is judged."""
    found = table()
    high = budget_for((entry.macs for entry in found), FITS[budget])
    inside = [found.mean(entry.decisions) for entry in found if entry.macs <= high]
    name, bounds = f"trained, {budget}", Budget({"macs": (0, high)})
    return Problem(name, found.space, bounds, found.mean, max(inside), min(inside))


def trained_once(budget: str, seed: int) -> Problem:
    """A search sees one training of each member, as it would; judged by the mean over the seeds.

    seed: of the search; which of a member's trainings it sees follows from it
    """
    found, whole = table(), trained(budget)

    def seen(decisions: Decisions) -> float:
        finals = found[decisions].finals
        return finals[int(chance(seed, sorted(decisions.items())) * len(finals))]

    return Problem(
        f"trained once, {budget}", whole.space, whole.budget, seen, whole.best, whole.worst,
        worth=whole.value,
    )  # fmt: skip
