"""How large a space is, how much of it fits, and what is said where nothing does."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import archdsl
from archdsl.errors import SearchError, SpecError
from archdsl.spaces.budget import InfeasibleBudget
from archdsl.study.propose.fingerprints import fingerprint
from archdsl.study.propose.members import Members
from archdsl.study.propose.start import nearest_to_default
from archdsl.study.survey import Survey, from_record, survey


def quiet(done: int, total: int) -> None:
    pass


def surveyed(space: Any) -> Survey:
    return survey(space, space.spec.settings().budget, quiet)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """No space is small enough to be visited whole."""
    monkeypatch.setattr("archdsl.study.propose.members.ENUMERABLE", 0)


def test_a_small_space_is_counted(tiny) -> None:
    space = tiny(budget={"macs": "60k"})
    found = surveyed(space)
    costs = [space.cost(member) for member in space.enumerate()]
    assert found.exact
    assert found.size == len(costs) == 288
    assert found.fits == sum(cost.macs <= 60_000 for cost in costs)
    assert found.fits == found.most and found.share == found.fits / 288
    assert found.words() == f"288 architectures, {found.fits} of them (47 %) inside the budget"


def test_without_a_budget_everything_fits(tiny) -> None:
    found = surveyed(tiny())
    assert (found.fits, found.share) == (288, 1.0)
    assert found.words() == "288 architectures"


def test_activations_are_counted_too(tiny) -> None:
    space = tiny({"params.width": 8}, budget={"activations": 300})
    costs = [space.cost(member).activations for member in space.enumerate()]
    found = surveyed(space)
    assert found.exact and 0 < found.fits == sum(cost <= 300 for cost in costs) <= 144


def test_bounds_are_said_as_bounds() -> None:
    found = Survey(1000, 300, 302, {}, True)
    assert not found.exact
    assert found.words() == (
        "1,000 architectures, between 300 and 302 (certified) of them (30 %) inside the budget"
    )
    wide = Survey(1000, 100, 302, {}, True)
    assert wide.words().endswith(
        "between 100 and 302 (not certified) of them (10 % to 30 %) inside the budget"
    )


def test_the_record_of_a_survey_reads_back(tiny) -> None:
    found = surveyed(tiny(budget={"macs": "60k"}))
    assert from_record(found.record()) == found


SPACE_WITH_BUDGET = """\
archdsl: 1
name: hybrid

input: [1, 8, 8]
classes: 10

stem: {type: conv, kernel: 3, stride: 2}

block:
  norm: layer_norm
  token_mixer: pooling
  channel_mixer: {type: mlp, ratio: 2}

stages:
  - {dim: 16, depth: {range: [2, 4], default: 4}}

head: linear

search:
  budget: {macs: BOUND}
"""


def refusal(bound: str) -> InfeasibleBudget:
    space = archdsl.space(archdsl.loads(SPACE_WITH_BUDGET.replace("BOUND", bound)))
    with pytest.raises(InfeasibleBudget) as caught:
        surveyed(space)
    return caught.value


def test_an_impossible_budget_is_refused_with_the_smallest_cost() -> None:
    error = refusal("0.01M")
    assert isinstance(error, SpecError) and isinstance(error, SearchError)
    # stem 9·16·16 = 2304, a block 2·2·16·16·16 = 16384, the head 160
    assert str(error) == (
        "<text>:20:12: search.budget.macs: no architecture of this space fits 0.01M.  the smallest "
        "has 0.0353M (all defaults: 0.068M)\n"
        "   20 |   budget: {macs: 0.01M}\n"
        "      |            ^^^^"
    )


def test_the_smallest_cost_is_a_budget_that_fits() -> None:
    assert "the smallest has 35.3k (all defaults: 68k)" in refusal("10k").problem
    fitting = archdsl.space(archdsl.loads(SPACE_WITH_BUDGET.replace("BOUND", "35.3k")))
    assert surveyed(fitting).fits == 1


def test_a_floor_above_the_space_is_refused_with_the_largest_cost() -> None:
    assert refusal("[1M, 2M]").problem == (
        "no architecture of this space reaches 1M.  the largest has 0.068M (all defaults: 0.068M)"
    )


def test_a_window_between_two_members_is_refused() -> None:
    assert refusal("[36k, 40k]").problem == (
        "no architecture of this space is between 36k and 40k.  they have from 35.3k to 68k; "
        "widen the window"
    )


def test_costs_that_no_member_has_together_are_refused(tiny) -> None:
    # the wide ones have the params, the narrow ones the MACs
    with pytest.raises(InfeasibleBudget, match="fits all of macs, params"):
        surveyed(tiny(budget={"macs": "20k", "params": ["9k", "1M"]}))
    assert surveyed(tiny(budget={"macs": "60k", "params": ["9k", "1M"]})).fits


def test_what_comes_next_to_an_impossible_budget_is_said(tiny) -> None:
    costs = [tiny().cost(member) for member in tiny().enumerate()]
    with pytest.raises(InfeasibleBudget) as caught:
        surveyed(tiny(budget={"macs": "20k", "params": ["9k", "1M"]}))
    nearest = min(cost.macs for cost in costs if cost.params >= 9_000)
    assert f"the nearest macs with params inside is {nearest}" in str(caught.value)
    assert "the nearest macs is 35232" in str(refusal("[36k, 40k]"))


def test_the_default_starts_a_search_where_it_fits(tiny) -> None:
    space = tiny(budget={"macs": "60k"})
    start = nearest_to_default(space, space.spec.settings().budget, Members(space, quiet))
    assert start.decisions == space.default().decisions


DEFAULTS = {
    "params.width": {"choice": [8, 16], "default": 16},
    "stages.0.depth": {"range": [1, 3], "default": 3},
    "stages.1.depth": {"range": [1, 3], "default": 3},
}


def fewest_changes(space: Any, budget: dict[str, tuple[int, int]]) -> int:
    """By brute force: the smallest set of answers whose change alone leads inside."""
    default = space.default().decisions
    holes = space.decisions
    for count in range(1, 4):
        for addresses in itertools.combinations(default, count):
            for answers in itertools.product(*(holes[a].answers for a in addresses)):
                changed = dict(zip(addresses, answers, strict=True))
                spec = space.resolve(
                    lambda address, hole, changed=changed: changed.get(
                        address, space.default_answer(hole)
                    )
                )
                if budget.allows(space.cost(spec)):
                    return count
    raise AssertionError("nothing near is inside")


@pytest.mark.parametrize("bound", ["90k", "60k", "25k"])
def test_the_nearest_member_inside_changes_fewest_decisions(tiny, bound) -> None:
    space = tiny(DEFAULTS, budget={"macs": bound})
    budget = space.spec.settings().budget
    start = nearest_to_default(space, budget, Members(space, quiet))
    default = space.default().decisions
    changes = sum(start.decisions[address] != answer for address, answer in default.items())
    assert budget.allows(space.cost(start))
    assert changes == fewest_changes(space, budget)


@pytest.mark.parametrize("bound", ["90k", "60k", "25k"])
def test_a_large_space_is_entered_by_as_few_changes(tiny, large, bound) -> None:
    test_the_nearest_member_inside_changes_fewest_decisions(tiny, bound)


def test_equal_networks_have_equal_fingerprints(tiny) -> None:
    one, other = tiny().default(), tiny().default()
    assert fingerprint(one.network()) == fingerprint(other.network())
    wide = tiny().member({**one.decisions, "params.width": 16})
    assert fingerprint(one.network()) != fingerprint(wide.network())
