"""Every shipped spec is drawn, and the picture says what the network is."""

from __future__ import annotations

import functools

import pytest

import archdsl
from archdsl import shipped
from archdsl.amounts import bounded, kind, written
from archdsl.drawing.plan import Plan
from archdsl.drawing.planned import planned
from tests.drawing.conftest import outside, overlapping, texts
from tests.soon import SMALLEST, soon

SPECS = shipped.names()
SPACES = shipped.names(shipped.SPACES)
FEW = {*SMALLEST, *SPACES, "ffnet_4", "transnext_base"}


@functools.lru_cache(maxsize=4)
def spec_of(name: str) -> archdsl.Spec:
    return archdsl.load(name)


def plan_of(name: str) -> Plan:
    spec = spec_of(name)
    return planned(spec.network(), (spec.document, spec.holes) if spec.is_space else None)


def shown_mixers(spec: archdsl.Spec) -> set[str]:
    blocks = spec.network().blocks()
    return {m.component.type for block in blocks for b in block.branches for m in b.mixers}


@pytest.mark.parametrize("name", soon(SPECS, FEW))
def test_it_is_drawn_and_no_text_lies_on_another(name: str) -> None:
    spec = spec_of(name)
    drawing = spec.draw()
    assert not list(overlapping(drawing.sketch))
    assert not outside(drawing.sketch)
    svg = drawing.svg()
    assert spec.draw().svg() == svg
    said = texts(svg)
    words = {word for text in said for word in text.replace(",", " ").split()}
    assert {spec.name, "stem", *(stage.address for stage in spec.network().stages)} <= words
    if not spec.is_space:
        assert shown_mixers(spec) <= words


@pytest.mark.parametrize("name", soon(SPECS, FEW))
def test_its_costs_are_those_of_count(name: str) -> None:
    plan, cost = plan_of(name), archdsl.count(name)
    assert plan.totals == {one: cost[one] for one in bounded()}
    amounts = [row.amounts for row in plan.rows]
    for one in bounded():
        assert kind(one).all([row[one] for row in amounts if row is not None]) == cost[one]
    said = [words.text for words in spec_of(name).draw().sketch.words]
    for row in amounts:
        assert row is not None
        assert written("macs", row["macs"]) in said
        assert written("params", row["params"]) in said


@pytest.mark.parametrize("name", soon(SPECS, FEW))
def test_every_block_is_in_it_once(name: str) -> None:
    network = spec_of(name).network()
    rows = {row.address: row for row in plan_of(name).rows}
    for stage in network.stages:
        cells = [(cell, g.times) for g in rows[stage.address].groups for cell in g.cells]
        least = sum(cell.least * times for cell, times in cells)
        most = sum(cell.most * times for cell, times in cells)
        assert least <= len(stage.blocks) <= most
        if not spec_of(name).is_space:
            assert least == most


@pytest.mark.parametrize("name", soon(SPACES, {"digits", "hybrid_search", "poolformer_search"}))
def test_whatever_a_space_may_have_somewhere_is_in_its_picture(name: str) -> None:
    """Of members that are drawn by chance no mixer, no depth and no width is missing."""
    rows = {row.address: row for row in plan_of(name).rows}
    for member in archdsl.space(spec_of(name)).sample(20, seed=0):
        for stage in member.network().stages:
            row = rows[stage.address]
            cells = [cell for group in row.groups for cell in group.cells]
            assert sum(c.least for c in cells) <= len(stage.blocks) <= sum(c.most for c in cells)
            least, most = row.dims or (row.shape[0], row.shape[0])
            assert least <= stage.dim <= most
            open_ = {
                component
                for cell in cells
                for place in cell.parts
                for mixer in place.answers
                for component in mixer.components
            }
            for block in stage.blocks:
                for branch in block.branches:
                    assert {mixer.component for mixer in branch.mixers} <= open_
