"""`search.budget`: costs and their bounds, as they are written."""

from __future__ import annotations

from archdsl.amounts import Budget, bounded
from archdsl.components.options import with_unit
from archdsl.errors import SpecError
from archdsl.language import typed
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence
from archdsl.language.section import mapping
from archdsl.language.write import inline
from archdsl.units import UNITS

COST_NOT_BUILT = ("latency",)


def budget(node: Node, address: str = "search.budget") -> Budget:
    """A budget as it is written. Raises SpecError."""
    if typed.is_none(node):
        return Budget()
    if not isinstance(node, Mapping) or not node.items:
        raise SpecError(
            "a budget names the costs that it bounds",
            address=address,
            mark=node.mark,
            cure="write  budget: {macs: 2G}  or  {macs: [1.5G, 2G], params: 12M}",
        )
    for key in node:
        if key in ("flops", "flop"):
            raise flops(f"{address}.{key}", _half(node.items[key]), node, key)
    mapping(node, address, bounded(), not_built())
    bounds = {key: value for key, value in node.items.items() if not typed.is_none(value)}
    return Budget({key: _bounds(value, f"{address}.{key}") for key, value in bounds.items()})


def not_built() -> tuple[str, ...]:
    """Costs that many expect, unless somebody registered one of the name."""
    return tuple(name for name in COST_NOT_BUILT if name not in bounded())


def flops(address: str, example: str, node: Node, key: str | None = None) -> SpecError:
    """What to say of somebody who counts FLOPs, with the budget that is meant in its place."""
    mark = node.marks.get(key) if key and isinstance(node, Mapping) else node.mark
    return SpecError(
        "archdsl counts multiply–accumulates.  1 MAC = 2 FLOPs; write "
        + (f" macs: {example}" if example else "macs"),
        address=address,
        mark=mark,
    )


def _half(node: Node) -> str:
    """Half of a number of FLOPs, with the unit that it was written with."""
    value = with_unit(node.value) if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "1G"
    assert isinstance(node, Scalar)
    unit = node.text[-1] if node.text[-1] in UNITS else ""
    return f"{value / 2 / UNITS.get(unit, 1):g}{unit}"


def _bounds(node: Node, address: str) -> tuple[int, int]:
    items = node.items if isinstance(node, Sequence) else (node,)
    values = [with_unit(i.value) if isinstance(i, Scalar) else None for i in items]
    if len(values) not in (1, 2) or not all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and v >= 0 for v in values
    ):
        raise SpecError(
            f"{inline(node)} is no bound",
            address=address,
            mark=node.mark,
            cure="write  2G  for at most, or  [1.5G, 2G]  for between",
        )
    # a bound is inclusive and costs are integers: round towards the inside
    numbers = [v for v in values if isinstance(v, (int, float))]
    low = -int(-numbers[0] // 1) if len(numbers) == 2 else 0
    high = int(numbers[-1] // 1)
    if low > high:
        raise SpecError(
            f"the budget {inline(node)} ends before it begins",
            address=address,
            mark=node.mark,
            cure="write the smaller number first",
        )
    return low, high
