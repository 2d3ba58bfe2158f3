"""Which decisions of two spaces differ."""

from __future__ import annotations

from archdsl.changes.structure import Change
from archdsl.language.write import inline
from archdsl.spaces import Space


def decision_changes(a: Space, b: Space) -> tuple[Change, ...]:
    """Decisions that one of two spaces has alone, and those with other answers or defaults."""
    here, there = _said(a), _said(b)
    return tuple(
        Change(address, here.get(address), there.get(address))
        for address in sorted({*here, *there}, key=_order)
        if here.get(address) != there.get(address)
    )


def _said(space: Space) -> dict[str, str]:
    """Every decision with its answers and its default. A plain spec has none."""
    if not space.spec.is_space:
        return {}
    return {
        address: f"{' | '.join(map(inline, hole.answers))}, "
        f"default {inline(space.default_answer(hole))}"
        for address, hole in space.decisions.items()
    }


def _order(address: str) -> list[tuple[int, int, str]]:
    """By address, with numbers as numbers."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in address.split(".")]
