"""Small spaces visited member by member: what counts and draws are held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

from scipy.stats import chisquare

import archdsl
from archdsl.cost import count
from archdsl.spaces import Space
from archdsl.spaces.drawing import Drawn

Key: TypeAlias = "tuple[Any, ...]"
Members: TypeAlias = "dict[Key, dict[str, int]]"
"""A member's answers -> its costs, measured layer by layer on its network."""

ROOT = Path(__file__).parents[2]
ENUMERABLE = 5_000

LEAST = 5.0
"""Members expected in a cell of a chi-square test."""


def key(decisions: Mapping[str, Any]) -> Key:
    return tuple(sorted((a, str(type(v)), v) for a, v in decisions.items()))


def visited(space: Space) -> Members:
    return {key(m.decisions): count(m.network()).totals() for m in space.enumerate()}


def small() -> dict[str, Path]:
    """Every shipped space of few enough members, by name."""
    found = {}
    for path in sorted([*ROOT.glob("specs/**/*.yaml"), *ROOT.glob("benchmarks/*.yaml")]):
        text = path.read_text(encoding="utf-8")
        if ("choice:" in text or "range:" in text) and archdsl.space(path).size <= ENUMERABLE:
            found[path.stem] = path
    return found


def inside(members: Members, budget: Mapping[str, tuple[int, int]]) -> list[Key]:
    """The members in a budget."""
    return [
        one for one, costs in members.items()
        if all(low <= costs[name] <= high for name, (low, high) in budget.items())
    ]  # fmt: skip


def weight(
    space: Space, member: Key, measure: str, weights: Mapping[str, Mapping[Any, float]]
) -> float:
    """How often a member is to be drawn, from the definition of the measures."""
    return prod(
        weights[address].get(answer, 0.0)
        if address in weights
        else 1.0 / len(space.decisions[address].answers)
        if measure == "stagewise"
        else 1.0
        for address, _, answer in member
    )


def likelihood(drawn: Iterable[Drawn], weights: Mapping[Key, float]) -> float:
    """How likely draws are to be so far off from weights by chance, by chi-square.

    Looked at are the members, and the answers to each decision; the smallest p-value counts, as
    one of so many (Bonferroni).
    """
    counts = Counter(key(one.decisions) for one in drawn)
    assert counts.keys() <= {one for one, weight in weights.items() if weight}
    n, total = sum(counts.values()), sum(weights.values())
    expected = {one: n * weight / total for one, weight in weights.items() if weight}
    found = [_chi_square(counts, expected)]
    for address in {address for one in weights for address, _, _ in one}:
        answered, due = Counter[Any](), Counter[Any]()
        for one, amount in expected.items():
            answer = next((a[1:] for a in one if a[0] == address), None)
            answered[answer] += counts[one]
            due[answer] += amount
        found.append(_chi_square(answered, due))
    return min(1.0, min(found) * len(found))


def _chi_square(counts: Mapping[Any, int], expected: Mapping[Any, float]) -> float:
    """The p-value; what is seldom is put together."""
    cells = [(counts[one], due) for one, due in expected.items() if due >= LEAST]
    rare = [(counts[one], due) for one, due in expected.items() if due < LEAST]
    if rare:
        cells.append((sum(count for count, _ in rare), sum(due for _, due in rare)))
    if len(cells) < 2:
        return 1.0
    observed, due = zip(*cells, strict=True)
    return float(chisquare(observed, due).pvalue)
