"""How large a space is, how much of it fits, and what is said where nothing does."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import archdsl
from archdsl.errors import SearchError, SpecError
from archdsl.spaces.amounts import amount
from archdsl.spaces.budget import InfeasibleBudget, inside
from archdsl.study.descent import descend, nearest_to_default
from archdsl.study.identity import fingerprint
from archdsl.study.members import Members, totals
from archdsl.study.survey import Survey, from_record, percent, survey


def quiet(done: int, total: int) -> None:
    pass


def surveyed(space: Any, seed: int = 0) -> Survey:
    return survey(space, space.spec.settings().budget, Members(space, quiet), seed, quiet)


def uncountable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archdsl.study.members.ENUMERABLE", 0)
    monkeypatch.setattr("archdsl.study.survey.counted", lambda *given: None)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """No space can be counted, and few samples have to do."""
    uncountable(monkeypatch)
    monkeypatch.setattr("archdsl.study.survey.SAMPLES", 300)


def test_a_small_space_is_counted(tiny) -> None:
    space = tiny(budget={"macs": "60k"})
    found = surveyed(space)
    costs = [space.cost(member) for member in space.enumerate()]
    assert found.exact
    assert found.size == len(costs) == 288
    assert found.fits == sum(cost.macs <= 60_000 for cost in costs)
    assert found.low == found.share == found.high == found.fits / 288
    assert found.words() == f"288 architectures, {found.fits} of them (47 %) inside the budget"


def test_without_a_budget_everything_fits(tiny) -> None:
    found = surveyed(tiny())
    assert (found.fits, found.share) == (288, 1.0)
    assert found.words() == "288 architectures"


def test_activations_are_counted_by_visiting_every_member(tiny) -> None:
    space = tiny({"params.width": 8}, budget={"activations": 300})
    costs = [space.cost(member).activations for member in space.enumerate()]
    found = surveyed(space)
    assert found.exact and 0 < found.fits == sum(cost <= 300 for cost in costs) <= 144


def test_a_large_space_is_estimated_and_says_so(tiny, large) -> None:
    space = tiny(budget={"macs": "60k"})
    found = surveyed(space)
    exact = sum(space.cost(member).macs <= 60_000 for member in space.enumerate()) / 288
    assert not found.exact and found.fits is None
    assert found.low < exact < found.high
    assert found.high - found.low < 0.15
    assert "about" in found.words() and "estimated from 300 random ones" in found.words()


def test_an_estimate_counts_every_member_alike(tiny, large) -> None:
    # identity is drawn as often as all kernels of sep_conv together, and is one of four members
    mixers = ["identity", {"type": "sep_conv", "kernel": {"choice": [3, 5, 7]}}]
    patches = {
        "block.token_mixer": {"choice": mixers, "per": "stage"},
        "params.width": 8, "stages.0.depth": 1, "stages.1.depth": 1,
    }  # fmt: skip
    smallest = min(map(tiny(patches).cost, tiny(patches).enumerate()), key=lambda c: c.params)
    space = tiny(patches, budget={"params": smallest.params})
    drawn = [space.cost(member).params == smallest.params for member in space.sample(300)]
    assert 0.2 < sum(drawn) / 300 < 0.3
    found = surveyed(space)
    assert found.size == 16
    assert found.low < 1 / 16 < found.high < 0.2


def test_the_record_of_a_survey_reads_back(tiny) -> None:
    found = surveyed(tiny(budget={"macs": "60k"}))
    assert from_record(found.record()) == found


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.321, "32 %"), (0.041, "4.1 %"), (0.0003, "0.03 %"),
     (0.999, "99.9 %"), (0.5, "50 %")],
)  # fmt: skip
def test_shares_in_words(share: float, text: str) -> None:
    assert percent(share) == text


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


def test_an_impossible_budget_of_a_large_space_says_what_it_rests_on(tiny, large) -> None:
    space = tiny(budget={"macs": "10k"})
    smallest = min(space.cost(member).macs for member in space.enumerate())
    with pytest.raises(InfeasibleBudget) as caught:
        surveyed(space)
    assert f"the smallest has {amount(smallest, 'k', 'up')} (" in str(caught.value)
    assert "too large to visit: this is the best of 3" in str(caught.value)


def test_a_rare_member_of_a_large_space_is_found(tiny, monkeypatch) -> None:
    uncountable(monkeypatch)
    monkeypatch.setattr("archdsl.study.survey.SAMPLES", 5)
    costs = [cost.macs for cost in map(tiny().cost, tiny(DEFAULTS).enumerate())]
    space = tiny(DEFAULTS, budget={"macs": min(costs)})
    drawn = space.sample(5)
    assert all(space.cost(member).macs > min(costs) for member in drawn)
    found = surveyed(space)
    assert found.share == 0.0
    assert found.low < costs.count(min(costs)) / 288 < found.high


def test_a_descent_ends_where_no_single_change_helps(tiny) -> None:
    space = tiny()
    found = descend(space, space.sample(1, seed=3)[0], lambda costs: costs["macs"])
    assert found.costs["macs"] == min(space.cost(m).macs for m in space.enumerate())


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
                if inside(totals(space.cost(spec)), budget):
                    return count
    raise AssertionError("nothing near is inside")


@pytest.mark.parametrize("bound", ["90k", "60k", "25k"])
def test_the_nearest_member_inside_changes_fewest_decisions(tiny, bound) -> None:
    space = tiny(DEFAULTS, budget={"macs": bound})
    budget = space.spec.settings().budget
    start = nearest_to_default(space, budget, Members(space, quiet))
    default = space.default().decisions
    changes = sum(start.decisions[address] != answer for address, answer in default.items())
    assert inside(totals(space.cost(start)), budget)
    assert changes == fewest_changes(space, budget)


@pytest.mark.parametrize("bound", ["90k", "60k", "25k"])
def test_a_large_space_is_entered_by_single_steps(tiny, large, bound) -> None:
    space = tiny(DEFAULTS, budget={"macs": bound})
    budget = space.spec.settings().budget
    start = nearest_to_default(space, budget, Members(space, quiet))
    default = space.default().decisions
    changed = [address for address, answer in default.items() if start.decisions[address] != answer]
    assert inside(totals(space.cost(start)), budget)
    assert 1 <= len(changed) <= 3
    for address in changed:  # none of the changes could be spared
        kept = {**start.decisions, address: default[address]}
        spec = space.resolve(lambda a, hole, kept=kept: kept.get(a, space.default_answer(hole)))
        assert not inside(totals(space.cost(spec)), budget)


def test_equal_networks_have_equal_fingerprints(tiny) -> None:
    one, other = tiny().default(), tiny().default()
    assert fingerprint(one.network()) == fingerprint(other.network())
    wide = tiny().member({**one.decisions, "params.width": 16})
    assert fingerprint(one.network()) != fingerprint(wide.network())


def test_the_estimate_does_not_depend_on_when_it_is_made(tiny, large) -> None:
    space = tiny(budget={"macs": "60k"})
    assert surveyed(space) == surveyed(space)
    assert surveyed(space).share != surveyed(space, seed=1).share
