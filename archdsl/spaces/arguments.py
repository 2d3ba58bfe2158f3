"""What a caller asks of a space: a budget, a measure, weights, numbers, checked before use."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from numbers import Integral
from typing import Any, Literal, TypeAlias

from archdsl.amounts import Budget, bounded
from archdsl.errors import SearchError, SpecError
from archdsl.language.budget_section import budget as read_budget
from archdsl.language.holes import Hole, normalise
from archdsl.language.load import mapping_of_patches
from archdsl.language.search_section import MEASURES
from archdsl.printable import shown
from archdsl.specification import Spec
from archdsl.spelling import did_you_mean

Measure: TypeAlias = Literal["uniform", "stagewise"]
Weights: TypeAlias = "Mapping[str, Mapping[Any, float]]"
"""Address -> answer -> weight; an answer that is missing is never drawn."""


MOST = (1 << 63) - 1
"""Of a number or a seed."""


def budget_of(budget: Mapping[str, Any] | None) -> Budget:
    """A budget from one as a spec has it, `{"macs": "2G"}` or `{"macs": [1.98e9, 2e9]}`.

    None bounds nothing. Bounds may be pairs of integers, too. Raises SpecError for what is none.
    """
    if isinstance(budget, Budget):
        return budget
    if budget is None:
        return Budget()
    if not isinstance(budget, Mapping):
        raise SpecError(
            f"a budget names the costs that it bounds, and this is {shown(budget)}",
            address="budget", cure='write  {"macs": "2G"}  or  {"macs": [1.5e9, 2e9]}',
        )  # fmt: skip
    if all(_is_bound(name, ends) for name, ends in budget.items()):
        return Budget(budget)
    plain = {name: list(b) if isinstance(b, tuple) else b for name, b in budget.items()}
    return read_budget(mapping_of_patches({"budget": plain}).items["budget"], "budget")


def _is_bound(name: str, ends: Any) -> bool:
    """Whether a cost is bounded as a `Budget` has it."""
    return (
        isinstance(name, str)
        and name in bounded()
        and isinstance(ends, tuple)
        and [type(end) for end in ends] == [int, int]
        and 0 <= ends[0] <= ends[1]
    )


def answers_of(decisions: Mapping[str, Any]) -> dict[str, Any]:
    """Answers by address. Raises SpecError for what is no mapping, and for an odd address."""
    if not isinstance(decisions, Mapping):
        raise SpecError(f"decisions are address -> answer, not {shown(decisions)}")
    found = dict(decisions)
    for address in found:
        if not isinstance(address, str):
            raise SpecError(f"a decision has an address, and {shown(address)} is none")
    return found


def member_or_spec(what: str, spec: object) -> Spec:
    """A spec. Raises SpecError for anything else."""
    if not isinstance(spec, Spec):
        raise SpecError(f"{what} a spec, and not {shown(spec)}")
    return spec


def whole(value: object, what: str) -> int:
    """A number of things, or a seed. Raises SearchError for what is no integer from 0."""
    number = -1 if isinstance(value, bool) or not isinstance(value, Integral) else int(value)
    if number < 0:
        raise SearchError(f"{what} is an integer from 0, not {shown(value)}")
    if number > MOST:
        raise SearchError(f"{what} is an integer up to 2**63 - 1, not {shown(value)}")
    return number


def check_measure(measure: object) -> None:
    """Raises SearchError for what is no measure."""
    if not isinstance(measure, str) or measure not in MEASURES:
        raise SearchError(
            f"no measure is called {shown(measure)}.  choose from {', '.join(MEASURES)}"
        )


def weights_of(
    decisions: Mapping[str, Hole], weights: Mapping[str, Mapping[Any, float]] | None
) -> dict[str, dict[Any, float]] | None:
    """Weights by address and answer, of each decision 1 at most.

    An answer may be written as in a spec. Raises SearchError for a decision that the space does
    not have and for what is no weight, SpecError for an answer that a decision does not have.
    """
    if weights is None:
        return None
    if not isinstance(weights, Mapping):
        raise SearchError(f"weights are address -> answer -> weight, not {shown(weights)}")
    found = {}
    for address, given in weights.items():
        if not isinstance(address, str) or address not in decisions:
            said = address if isinstance(address, str) else shown(address)
            hint = did_you_mean(said, decisions, before=".  ", quoted="{}")
            raise SearchError(f"weights: the space has no decision {said}{hint}")
        if not isinstance(given, Mapping):
            raise SearchError(f"weights of {address} are answer -> weight, not {shown(given)}")
        its = {normalise(decisions[address], answer, address): w for answer, w in given.items()}
        for answer, weight in its.items():
            number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
            if not number or not 0 <= weight <= sys.float_info.max:
                raise SearchError(
                    f"weights of {address}: {answer} weighs {shown(weight)}.  write a number from 0"
                )
        most = max(its.values(), default=0)
        if not most:
            raise SearchError(
                f"weights of {address}: no answer weighs anything.  give one a weight above 0; "
                "what is not named is never drawn"
            )
        found[address] = {answer: weight / most for answer, weight in its.items()}
    return found
