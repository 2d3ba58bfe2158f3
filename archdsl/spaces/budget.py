"""What to say of a budget that nothing fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archdsl.amounts import Budget
from archdsl.amounts.budget import Costs
from archdsl.errors import SearchError, SpecError
from archdsl.language.nodes import Mapping as MappingNode
from archdsl.language.nodes import Mark, Node, Scalar, Sequence
from archdsl.units import UNITS, amount, unit_of

if TYPE_CHECKING:
    from archdsl.language.document import Document


class InfeasibleBudget(SpecError, SearchError):
    """A budget that no architecture of the space fits."""


def infeasible(
    document: Document,
    budget: Budget,
    reach: Mapping[str, tuple[int, int]],
    default: Costs,
    next_costs: Mapping[str, int],
) -> InfeasibleBudget:
    """The refusal of a budget, with the nearest that would do.

    reach: cost -> the smallest and the largest that the space reaches
    next_costs: cost -> what comes next to its bounds while all others are inside, where known
    """
    name, problem = _problem(document, budget, reach, default)
    cure = ""
    if all(reach[one][0] <= high and reach[one][1] >= low for one, (low, high) in budget.items()):
        cure = "; ".join(_next(one, cost, budget) for one, cost in next_costs.items())
    node = _node(document, name)
    return InfeasibleBudget(
        problem, address=f"search.budget.{name}", mark=None if node is None else node[1], cure=cure
    )


def _next(name: str, cost: int, budget: Budget) -> str:
    others = ", ".join(other for other in budget if other != name)
    return f"the nearest {name} {'with ' + others + ' inside ' if others else ''}is {cost}"


def _problem(
    document: Document, budget: Budget, reach: Mapping[str, tuple[int, int]], default: Costs
) -> tuple[str, str]:
    for name, (low, high) in budget.items():
        smallest, largest = reach[name]
        low_text, high_text = _texts(document, name, low, high)
        if smallest > high:
            unit = _unit(high_text)
            return name, (
                f"no architecture of this space fits {high_text}.  the smallest has "
                f"{amount(smallest, unit, 'up')} "
                f"(all defaults: {amount(default[name], unit, 'up')})"
            )
        if largest < low:
            unit = _unit(low_text)
            return name, (
                f"no architecture of this space reaches {low_text}.  the largest has "
                f"{amount(largest, unit, 'down')} "
                f"(all defaults: {amount(default[name], unit, 'down')})"
            )
    name, (low, high) = next(iter(budget.items()))
    if len(budget) == 1:
        low_text, high_text = _texts(document, name, low, high)
        return name, (
            f"no architecture of this space is between {low_text} and {high_text}.  "
            f"they have from {amount(reach[name][0], rounding='up')} "
            f"to {amount(reach[name][1], rounding='down')}; widen the window"
        )
    reached = ", ".join(
        f"{one} from {amount(reach[one][0], rounding='up')} "
        f"to {amount(reach[one][1], rounding='down')}"
        for one in budget
    )
    return name, (
        f"no architecture of this space fits all of {', '.join(budget)}.  "
        f"each alone can be had: {reached}; loosen one of them"
    )


def _texts(document: Document, name: str, low: int, high: int) -> tuple[str, str]:
    """The bounds as the author wrote them, or as we would."""
    found = _node(document, name)
    if found is not None:
        node = found[0]
        ends = node.items if isinstance(node, Sequence) else (node,)
        texts = [end.text for end in ends if isinstance(end, Scalar)]
        if texts:
            return texts[0], texts[-1]
    return amount(low), amount(high)


def _unit(text: str) -> str:
    if text[-1:] in UNITS:
        return text[-1]
    try:
        return unit_of(int(float(text)))
    except ValueError:
        return ""


def _node(document: Document, name: str) -> tuple[Node, Mark | None] | None:
    """Where the spec's text bounds a cost: the bound, and the place of its key."""
    section = document.top.get("search")
    budget = section.get("budget") if isinstance(section, MappingNode) else None
    node = budget.get(name) if isinstance(budget, MappingNode) else None
    if node is None or not isinstance(budget, MappingNode):
        return None
    return node, budget.marks.get(name, node.mark)
