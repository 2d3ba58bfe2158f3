"""Whatever can be written can be drawn: no text lies on another, and nothing is left out."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import archdsl
from archdsl.drawing.plan import Plan
from archdsl.drawing.planned import planned
from tests.drawing.conftest import outside, overlapping
from tests.language.strategies import spaces
from tests.soon import law


def cells_of(plan: Plan, address: str) -> list[Any]:
    (row,) = (row for row in plan.rows if row.address == address)
    return [cell for group in row.groups for _ in range(group.times) for cell in group.cells]


@law(spaces(), st.integers(0, 99), few=15, many=300)
def test_a_space_is_drawn_with_all_that_its_members_may_be(tree: Any, seed: int) -> None:
    spec = archdsl.load(tree)
    sketch = spec.draw().sketch
    assert not list(overlapping(sketch)) and not outside(sketch)
    left_open = (spec.document, spec.holes) if spec.is_space else None
    plan = planned(spec.network(), left_open)
    member = archdsl.space(spec).sample(1, seed=seed)[0]
    for stage in member.network().stages:
        cells = cells_of(plan, stage.address)
        least, most = sum(cell.least for cell in cells), sum(cell.most for cell in cells)
        assert least <= len(stage.blocks) <= most
        may_be = {c for cell in cells for p in cell.parts for m in p.answers for c in m.components}
        for block in stage.blocks:
            for branch in block.branches:
                assert {mixer.component for mixer in branch.mixers} <= may_be


@law(spaces(), st.integers(0, 99), few=15, many=300)
def test_a_member_is_drawn_block_by_block(tree: Any, seed: int) -> None:
    member = archdsl.space(tree).sample(1, seed=seed)[0]
    sketch = member.draw().sketch
    assert not list(overlapping(sketch)) and not outside(sketch)
    network = member.network()
    plan = planned(network, None)
    for stage in network.stages:
        drawn = [cell for cell in cells_of(plan, stage.address) for _ in range(cell.least)]
        assert [
            [one.components[0] for place in cell.parts for one in place.answers] for cell in drawn
        ] == [
            [mixer.component for branch in block.branches for mixer in branch.mixers]
            for block in stage.blocks
        ]
