"""What a space says from Python: counts, bounds, draws, neighbours, and what it refuses."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

import archdsl
from archdsl.amounts import Budget
from archdsl.errors import SearchError, SpecError
from archdsl.spaces.arguments import budget_of
from archdsl.spaces.circuit import TooManyCases
from archdsl.spaces.count import Count

MANY = """\
archdsl: 1
name: many

params:
PARAMS

input: [1, 8, 8]
classes: 4

stem: {type: conv, kernel: 3, stride: 2}

block:
  norm: none
  token_mixer: pooling
  channel_mixer: {type: mlp, ratio: RATIO}

stages:
  - {dim: 8, depth: {range: [1, 3]}}

head: linear
"""


def many(params: int) -> Any:
    """A space with 5 answers for each of `params` params, all of them shared by the blocks."""
    listed = "\n".join(f"  p{n}: {{choice: [1, 2, 3, 4, 5]}}" for n in range(params))
    ratio = "$" + " + ".join(f"p{n}" for n in range(params))
    return archdsl.space(archdsl.loads(MANY.replace("PARAMS", listed).replace("RATIO", ratio)))


@pytest.fixture(scope="module")
def digits() -> Any:
    return archdsl.space("digits")


@pytest.mark.parametrize("beyond", [10**15, 10**19, 10**25])
def test_bounds_far_beyond_the_space_are_bounds_like_others(digits, beyond: int) -> None:
    most = {name: digits.bounds(name)[1] for name in ("macs", "params")}
    for budget in ({"macs": [600_000, "MOST"]}, {"macs": "500k", "params": [9_000, "MOST"]}):
        counts = [
            digits.count(
                {n: [b[0], high[n]] if isinstance(b, list) else b for n, b in budget.items()}
            )
            for high in (most, dict.fromkeys(most, beyond))
        ]
        assert counts[0].exact and 0 < counts[0] == counts[1]
    assert (
        digits.counting.cost_next_to("macs", (beyond, beyond), Budget({"params": (0, beyond)}))
        == most["macs"]
    )


def test_a_count_is_a_number_that_knows_whether_it_is_exact(digits) -> None:
    count = digits.count({"macs": "600k"})
    assert count == 912_846 and count.exact and count.high == 912_846
    assert digits.count() == digits.size
    bounds = Count(297, 300)
    assert (bounds.exact, bounds.certified, bounds.words()) == (
        False,
        True,
        "between 297 and 300 (certified)",
    )
    assert Count(296, 300).words() == "between 296 and 300 (not certified)"


def test_budgets_are_written_as_in_yaml(digits) -> None:
    by_text = digits.count({"macs": "600k"})
    assert by_text == digits.count({"macs": 600_000}) == digits.count({"macs": [0, 6e5]})
    assert by_text == digits.count({"macs": (0, 600_000)})
    with pytest.raises(SpecError, match="multiply–accumulates"):
        digits.count({"flops": "1M"})
    with pytest.raises(SpecError, match="names the costs"):
        digits.count("600k")


def test_a_smallest_cost_has_a_member_and_one_less_has_none(digits) -> None:
    smallest, largest = digits.bounds("macs")
    assert digits.count({"macs": smallest}) > 0
    assert digits.count({"macs": smallest - 1}) == 0
    assert digits.count({"macs": [largest, largest]}) > 0
    assert digits.count({"macs": [largest + 1, largest + 9]}) == 0
    with pytest.raises(SearchError, match="no cost is called 'flops'"):
        digits.bounds("flops")


def test_the_same_seed_draws_the_same_whatever_was_drawn_before(digits) -> None:
    def drawn() -> list[Any]:
        return [m.decisions for m in digits.sample(5, {"macs": "600k"}, seed=3)]

    first = drawn()
    digits.sample(40, {"macs": "600k"}, seed=8)
    assert drawn() == first
    assert [m.decisions for m in digits.sample(5, {"macs": "600k"}, seed=4)] != first


def test_a_drawn_member_is_the_member_of_its_answers(digits) -> None:
    for member in digits.sample(20, {"macs": "300k"}, measure="stagewise"):
        again = digits.member(member.decisions)
        assert list(again.decisions) == sorted(again.decisions, key=list(again.decisions).index)
        assert again.network() == member.network()
        assert digits.cost(member).macs <= 300_000


def test_what_nothing_fits_is_refused(digits) -> None:
    with pytest.raises(SearchError, match="0 of 1 members could be drawn"):
        digits.sample(1, {"macs": 1})
    with pytest.raises(SearchError, match="no measure is called 'even'"):
        digits.sample(1, measure="even")


def test_neighbours_answer_one_question_otherwise_and_stay_inside(digits) -> None:
    budget = {"macs": "600k"}
    [member] = digits.sample(1, budget, seed=2)
    found = list(digits.neighbours(member, budget))
    assert found
    for other in found:
        assert budget_of(budget).allows(digits.cost(other))
        shared = other.decisions.keys() & member.decisions.keys()
        changed = [a for a in shared if other.decisions[a] != member.decisions[a]]
        assert len(changed) == 1
    assert len({repr(sorted(o.decisions.items(), key=str)) for o in found}) == len(found)


def test_shared_answers_are_looked_at_one_by_one() -> None:
    space = many(3)
    budget = {"macs": "12k"}
    inside_ = [m for m in space.enumerate() if space.cost(m).macs <= 12_000]
    count = space.count(budget)
    assert space.size == 3 * 5**3
    assert count.exact and 0 < count == len(inside_) < space.size


def test_a_param_that_only_an_option_asks_for_is_counted() -> None:
    text = MANY.replace("PARAMS", "  inner: {type: pooling, kernel: {choice: [3, 5]}}")
    text = text.replace("token_mixer: pooling", "token_mixer: {choice: [$inner, identity]}")
    space = archdsl.space(archdsl.loads(text.replace("RATIO", "2")))
    assert space.size == space.count() == len(list(space.enumerate())) == 3 * (2 + 1)


def test_a_question_that_the_first_block_is_not_asked_is_uniform_in_its_turn() -> None:
    text = MANY.replace("PARAMS", "  ratio: {choice: [1, 2]}").replace("RATIO", "$ratio")
    text = text.replace("pooling", "{choice: [pooling, identity], per: block}", 1)
    text = text.replace(
        "depth: {range: [1, 3]}", "runs: [{depth: 1, token_mixer: identity}, {depth: 2}]"
    )
    space = archdsl.space(archdsl.loads(text))
    assert "stages.0.blocks.0.token_mixer" not in space.decisions
    drawn = {tuple(sorted(one.decisions.items())) for one in space.draws(200, measure="stagewise")}
    assert len(drawn) == space.size == 2 * 2 * 2


def test_a_layer_that_is_over_one_budget_is_not_taken_for_more_of_the_other() -> None:
    mixer = "{type: sep_conv, kernel: {choice: [3, 7]}, ratio: {range: [1, 3]}}"
    text = MANY.replace("params:\nPARAMS\n", "").replace("RATIO", "1").replace("[1, 3]", "[1, 2]")
    text = text.replace("}}\n\nhead", f"}}, token_mixer: {mixer}}}\n\nhead")
    space = archdsl.space(archdsl.loads(text))
    costs = [space.cost(member) for member in space.enumerate()]
    macs, params = sorted(cost.macs for cost in costs), sorted(cost.params for cost in costs)
    for low, most in itertools.product(macs, params[::3]):
        window = {"macs": (low, macs[-1]), "params": (0, most)}
        count = space.count(window)
        assert count.exact
        assert count == sum(cost.macs >= low and cost.params <= most for cost in costs)


def test_beyond_their_limit_there_are_bounds_only_and_draws_one_by_one(monkeypatch) -> None:
    monkeypatch.setattr("archdsl.spaces.circuit.building.MAX_CASES", 100)
    space = many(3)
    count = space.count({"macs": "12k"})
    assert (int(count), count.high, count.certified) == (0, space.size, False)
    members = space.sample(10, {"macs": "12k"}, measure="stagewise")
    assert all(space.cost(member).macs <= 12_000 for member in members)
    with pytest.raises(SearchError, match="125 combinations"):
        space.sample(1, {"macs": "12k"})
    result = archdsl.search(
        space, evaluate=lambda c: -abs(c.cost.macs - 15_000), trials=12, budget={"macs": "40k"}
    )
    assert len(result.trials) == 12
    assert all(trial.costs["macs"] <= 40_000 for trial in result.trials)


@pytest.mark.slow
def test_a_hundred_thousand_draws_from_a_narrow_window_of_a_vast_space_are_inside() -> None:
    space = archdsl.space("metaformer_224")
    assert space.size > 10**30
    window = {"macs": [1.998e9, 2e9]}
    drawn = 0
    for one in space.draws(100_000, window, seed=1):
        assert 1_998_000_000 <= one.costs["macs"] <= 2_000_000_000
        drawn += 1
    assert drawn == 100_000
    for member in space.sample(20, window, seed=1):
        assert space.cost(space.member(member.decisions)).macs == space.cost(member).macs
    assert math.isfinite(space.drawing(window).acceptance)


def test_what_is_no_member_has_no_neighbours() -> None:
    space = archdsl.space("poolformer_search")
    assert next(space.neighbours(space.default()))
    with pytest.raises(SpecError, match="this decision is missing"):
        next(space.neighbours(archdsl.load("poolformer_s12")))


RUNS = """\
archdsl: 1
name: runs

input: [1, 8, 8]
classes: 4
stem: {type: conv, kernel: 3, stride: 2}
block:
  token_mixer: {choice: [pooling, identity], per: block}
  channel_mixer: mlp
stages:
  - dim: 8
    runs:
      - {depth: {choice: [0, 3]}, token_mixer: {choice: [pooling, identity], per: block}}
      - {depth: {range: [1, 2]}}
head: linear
"""


def test_a_run_behind_one_of_any_depth_has_decisions_at_every_place_that_it_may_come_to() -> None:
    space = archdsl.space(archdsl.loads(RUNS))
    addresses = {address for member in space.enumerate() for address in member.decisions}
    assert addresses == set(space.decisions)
    assert {a for a in addresses if a.startswith("stages.0.blocks.")} == {
        f"stages.0.blocks.{block}.token_mixer" for block in (0, 1, 3, 4)
    }
    assert len(space.sample(20, seed=0)) == 20


def test_the_decisions_of_runs_of_a_fixed_depth_are_as_many_as_their_blocks() -> None:
    fixed = RUNS.replace("{choice: [0, 3]}", "3").replace("{range: [1, 2]}", "2")
    space = archdsl.space(archdsl.loads(fixed))
    assert [a for a in space.decisions if a.startswith("stages.0.blocks.")] == [
        "stages.0.blocks.3.token_mixer",
        "stages.0.blocks.4.token_mixer",
    ]


def test_weights_are_shares_of_each_decision_where_a_space_cannot_be_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = archdsl.space("digits")
    monkeypatch.setattr(space, "_counting", TooManyCases(5_000))
    weights = {"params.ratio": {1: 1.0, 4: 3.0}}
    found = list(space.draws(200, {"macs": "2M"}, 1, "uniform", weights))
    assert found == list(space.draws(200, {"macs": "2M"}, 1, "stagewise", weights))
    assert {one.decisions["params.ratio"] for one in found} == {1, 4}
    assert all(one.costs["macs"] <= 2_000_000 for one in found)
    with pytest.raises(SearchError, match="have 5,000 combinations"):
        space.drawing({"macs": "2M"}, "uniform")
