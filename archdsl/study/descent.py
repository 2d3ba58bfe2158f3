"""Walking through a space one decision at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archdsl.spaces.budget import Budget, Costs, inside, violation
from archdsl.study.members import Members, totals

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.spec.holes import Hole
    from archdsl.specification import Spec

_ENDS = 8
"""Of more answers than this only the neighbours and both ends are tried."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a descent ended, and how many members it looked at on the way."""

    spec: Spec
    costs: Costs
    score: float
    visited: int


def with_answers(space: Space, answers: Mapping[str, Any]) -> Spec:
    """The member with these answers where it asks for them, and defaults elsewhere."""

    def ask(address: str, hole: Hole) -> Any:
        return answers[address] if address in answers else space.default_answer(hole)

    return space.resolve(ask)


def neighbours(space: Space, spec: Spec) -> Iterator[tuple[str, Any, Spec]]:
    """(address, answer, member) for every member that answers one question otherwise.

    Questions that only the new answer raises are answered by their defaults.
    """
    for address, current in spec.decisions.items():
        for answer in _others(space.decisions[address].answers, current):
            yield address, answer, with_answers(space, {**spec.decisions, address: answer})


def _others(answers: tuple[Any, ...], current: Any) -> list[Any]:
    others = [a for a in answers if not (a == current and type(a) is type(current))]
    if len(answers) <= _ENDS:
        return others
    here = answers.index(current)
    near = {0, max(here - 1, 0), min(here + 1, len(answers) - 1), len(answers) - 1} - {here}
    return [answers[index] for index in sorted(near)]


def descend(space: Space, start: Spec, score: Callable[[Costs], float]) -> Found:
    """Change one decision at a time, for as long as one lowers the score."""
    here, costs = start, totals(space.cost(start))
    lowest, visited = score(costs), 1
    improved = True
    while improved:
        improved = False
        for address in list(here.decisions):
            if address not in here.decisions:
                continue  # an answer that was just changed had raised the question
            for answer in _others(space.decisions[address].answers, here.decisions[address]):
                spec = with_answers(space, {**here.decisions, address: answer})
                there = totals(space.cost(spec))
                visited += 1
                if score(there) < lowest:
                    here, costs, lowest, improved = spec, there, score(there), True
    return Found(here, costs, lowest, visited)


def nearest_to_default(space: Space, budget: Budget, members: Members) -> Spec | None:
    """The default if it is inside the budget, else a member inside that changes few decisions.

    Fewest for certain where the members of the space are known or one change is enough; beyond
    that the change that helps most is made first, and what turns out not to be needed is
    undone. None where no way leads inside.
    """
    default = space.default()
    if inside(totals(space.cost(default)), budget):
        return default
    everyone = members.inside(budget)
    if everyone is not None:
        best = min(everyone, key=lambda m: _changes(space, m.decisions), default=None)
        return None if best is None else space.member(best.decisions)
    return _greedy(space, budget, default)


def _changes(space: Space, decisions: Mapping[str, Any]) -> int:
    known = space.decisions
    return sum(
        1 for address, answer in decisions.items()
        if answer != space.default_answer(known[address])
    )  # fmt: skip


def _greedy(space: Space, budget: Budget, default: Spec) -> Spec | None:
    changed: dict[str, Any] = {}
    here = default
    least = violation(totals(space.cost(here)), budget)
    while least > 0:
        steps = (
            (violation(totals(space.cost(spec)), budget), number, address, answer)
            for number, (address, answer, spec) in enumerate(neighbours(space, here))
        )
        score, _, address, answer = min(steps, default=(least, 0, "", None))
        if score >= least:
            return None
        least, changed[address] = score, answer
        here = with_answers(space, changed)
    for address in list(changed):
        fewer = {one: answer for one, answer in changed.items() if one != address}
        spec = with_answers(space, fewer)
        if inside(totals(space.cost(spec)), budget):
            changed, here = fewer, spec
    return here
