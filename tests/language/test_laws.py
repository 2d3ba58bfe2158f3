"""The laws of the language, on random specs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import archdsl

sys.path.insert(0, str(Path(__file__).parent))
from strategies import spaces

from tests.soon import law

laws = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def holes_in(value: Any) -> bool:
    """Whether a plain tree has a hole anywhere."""
    if isinstance(value, dict):
        if ("choice" in value or "range" in value) and "type" not in value:
            return True
        return any(holes_in(inner) for inner in value.values())
    return isinstance(value, list) and any(holes_in(inner) for inner in value)


@law(spaces(), few=30, many=150)
def test_a_dump_loads_as_the_same_spec(tree: dict[str, Any]) -> None:
    spec = archdsl.load(tree)
    text = spec.dump()
    again = archdsl.loads(text)
    assert again == spec
    assert again.dump() == text
    assert again.network() == spec.network()


@pytest.mark.slow
@laws
@given(spaces(), st.integers(0, 2**32))
def test_a_member_has_no_hole_and_its_record_gives_the_same_network(
    tree: dict[str, Any], seed: int
) -> None:
    space = archdsl.space(tree)
    [member] = space.sample(1, seed=seed)
    assert not holes_in(member.tree)
    assert space.member(member.decisions).network() == member.network()
    assert set(member.decisions) <= set(space.decisions)


@pytest.mark.slow
@laws
@given(spaces(), st.integers(0, 2**32))
def test_a_written_winner_asks_nothing_and_is_the_winner(tree: dict[str, Any], seed: int) -> None:
    [member] = archdsl.space(tree).sample(1, seed=seed)
    winner = archdsl.loads(member.dump())
    assert not winner.is_space
    assert archdsl.space(winner).size == 1
    assert archdsl.space(winner).default().decisions == {}
    assert winner.network() == member.network()
    assert winner.dump() == member.dump()


@law(spaces(), few=30, many=150)
def test_the_size_is_the_number_of_distinct_records(tree: dict[str, Any]) -> None:
    space = archdsl.space(tree)
    assume(space.size <= 500)
    records = [tuple(sorted(m.decisions.items())) for m in space.enumerate()]
    assert len(records) == len(set(records)) == space.size
    assert {address for record in records for address, _ in record} == set(space.decisions)


@pytest.mark.slow
@laws
@given(spaces(), st.integers(0, 2**32))
def test_the_same_seed_draws_the_same_members(tree: dict[str, Any], seed: int) -> None:
    space = archdsl.space(tree)
    one, other = space.sample(2, seed=seed), archdsl.space(tree).sample(2, seed=seed)
    assert [m.decisions for m in one] == [m.decisions for m in other]
