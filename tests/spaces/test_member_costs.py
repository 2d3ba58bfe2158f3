"""Costs of members by their answers: what counting each network comes to, to the integer."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from torch import Tensor, nn

import archdsl
from archdsl import amounts
from archdsl.cost import count
from archdsl.errors import CountError, SearchError
from archdsl.language.holes import Hole
from archdsl.spaces import Space
from archdsl.spaces.price_list import Unlisted
from archdsl.specification import Spec
from tests.further_kinds import register_further_kinds
from tests.language.strategies import spaces
from tests.soon import soon
from tests.spaces.visiting import ROOT, small

laws = settings(
    max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
SHIPPED = sorted(
    path for path in [*ROOT.glob("specs/spaces/*.yaml"), *ROOT.glob("benchmarks/*.yaml")]
)


def at_random(space: Space, seed: int, n: int) -> Iterator[Spec]:
    """Members that are drawn decision by decision, whatever they cost."""
    draws = np.random.default_rng(seed)

    def ask(address: str, hole: Hole) -> Any:
        return hole.answers[int(draws.integers(len(hole.answers)))]

    for _ in range(n):
        yield space.resolve(ask)


def row(costs: dict[str, Any], index: int) -> dict[str, int]:
    return {name: int(column[index]) for name, column in costs.items()}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_random_members_of_shipped_spaces_cost_what_counting_says(path: Any) -> None:
    space = archdsl.space(path)
    for member in at_random(space, 1, 12):
        assert space.cost(member).totals() == count(member.network()).totals()


@laws
@given(spaces())
def test_every_member_of_a_random_space_costs_what_counting_says(tree: dict[str, Any]) -> None:
    space = archdsl.space(tree)
    assume(space.size <= 150)
    costs = space.costs()
    assert tuple(costs) == amounts.names()
    members = list(space.enumerate())
    assert {len(column) for column in costs.values()} == {len(members)}
    for index, member in enumerate(members):
        counted = count(member.network())
        assert space.cost(member) == counted
        assert row(costs, index) == counted.totals()


@pytest.mark.parametrize(
    "path", soon(small().values(), {*small()} - {"poolformer_search"}, lambda path: path.stem)
)
def test_the_costs_of_all_members_stand_in_the_order_of_enumeration(path: Any) -> None:
    space = archdsl.space(path)
    costs = space.costs()
    assert {column.dtype.name for column in costs.values()} == {"int64"}
    for index, member in enumerate(space.enumerate()):
        assert row(costs, index) == space.cost(member).totals()
    assert index + 1 == space.size == len(costs["macs"])


SHARED = {
    "archdsl": 1, "name": "shared", "input": [3, 16, 16], "classes": 4,
    "params": {
        "width": {"choice": [8, 12]}, "deep": {"range": [1, 2]}, "kernel": {"choice": [3, 5]},
    },
    "stem": {"type": "conv", "kernel": 3, "stride": 2},
    "downsample": {"type": "conv", "kernel": 3, "stride": 2},
    "block": {
        "token_mixer": {
            "choice": [None, {"type": "sep_conv", "kernel": "$kernel"}], "per": "block",
        },
        "channel_mixer": {"type": "mlp", "ratio": {"choice": [1, 2]}},
    },
    "stages": [
        {"dim": "$width", "depth": "$deep"},
        {
            "dim": "$width * 2",
            "runs": [
                {"depth": {"range": [0, 1]}, "channel_mixer": None},
                {
                    "depth": 1,
                    "norm": {"choice": ["layer_norm", None], "per": "block"},
                    "layer_scale": {"choice": [0.1, None], "per": "block"},
                },
            ],
        },
    ],
}  # fmt: skip


def test_shared_answers_runs_of_no_block_and_norms_of_a_block_are_looked_up() -> None:
    space = archdsl.space(SHARED)
    assert 400 < space.size < 3_000
    costs = space.costs()
    assert len(costs["macs"]) == space.size
    for index, member in enumerate(space.enumerate()):
        if index % 397 == 0:
            assert row(costs, index) == count(member.network()).totals()
    for member in at_random(space, 2, 30):
        assert space.cost(member) == count(member.network())
    for name in amounts.bounded():
        assert (costs[name].min(), costs[name].max()) == space.bounds(name)
    limit = int(np.median(costs["macs"]))
    assert space.count({"macs": limit}) == (costs["macs"] <= limit).sum()


@pytest.fixture(scope="module")
def digits() -> Space:
    return archdsl.space("digits")


def test_the_order_of_the_answers_makes_no_difference(digits: Space) -> None:
    [member] = at_random(digits, 3, 1)
    backwards = digits.member(dict(reversed(member.decisions.items())))
    assert digits.cost(backwards) == digits.cost(member)
    unordered = Spec(member.document, member.holes, dict(reversed(member.decisions.items())))
    assert digits.cost(unordered) == digits.cost(member)


def test_a_member_that_was_changed_costs_what_it_is_now(digits: Space) -> None:
    [member] = at_random(digits, 4, 1)
    address, hole = next((a, h) for a, h in digits.decisions.items() if a in member.decisions)
    before = digits.cost(member)
    assert member.network() is member.network()
    other = next(one for one in hole.answers if one != member.decisions[address])
    member.decisions[address] = other
    assert digits.cost(member) == count(member.network())
    assert digits.cost(member).totals() == digits.cost(digits.of(member.decisions)).totals()
    assert before.totals() != digits.cost(member).totals()


def test_an_answer_of_another_type_is_another_answer(digits: Space) -> None:
    [member] = at_random(digits, 5, 1)
    address = next(a for a, answer in member.decisions.items() if type(answer) is int)
    member.decisions[address] = float(member.decisions[address])
    with pytest.raises(Unlisted):
        digits._listed().of(member.decisions)
    assert digits.cost(member) == count(member.network())


def test_what_is_no_member_of_the_space_is_counted(digits: Space) -> None:
    other = archdsl.space("hybrid_search")
    [member] = at_random(other, 6, 1)
    assert digits.cost(member) == count(member.network())
    same = archdsl.space("digits")
    [member] = at_random(same, 7, 1)
    assert digits.cost(member) == same.cost(member)
    baseline = archdsl.load("poolformer_s12")
    assert digits.cost(baseline) == archdsl.count(baseline)
    assert digits.cost(digits.spec) == archdsl.count("digits")  # a space is its default


def test_a_spec_without_holes_is_a_space_of_one() -> None:
    space = archdsl.space("poolformer_s12")
    counted = archdsl.count("poolformer_s12")
    assert space.cost(space.default()) == space.cost(space.spec) == counted
    assert row(space.costs(), 0) == counted.totals()


def test_a_decision_that_is_missing_is_missed_as_before(digits: Space) -> None:
    [member] = at_random(digits, 8, 1)
    member.decisions.popitem()
    fresh = Spec(member.document, member.holes, member.decisions)
    with pytest.raises(KeyError):
        digits.cost(fresh)


def test_nothing_is_lowered_for_totals_and_rows_come_when_they_are_asked_for(
    digits: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [digits.of(one.decisions) for one in digits.draws(3, seed=9)]
    digits.cost(members[0])
    with monkeypatch.context() as patch:
        patch.setattr(Spec, "resolve", None)
        costs = [digits.cost(member) for member in members]
        assert all(cost.macs == cost["macs"] > 0 for cost in costs)
    for cost, member in zip(costs, members, strict=True):
        assert cost.by_address == count(member.network()).by_address
        assert pickle.loads(pickle.dumps(cost)) == cost


def test_only_layers_of_the_member_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    @archdsl.token_mixer("uncounted")
    class Uncounted(nn.Module):
        def __init__(self, dim: int) -> None:
            super().__init__()

        def forward(self, x: Tensor) -> Tensor:
            return x.cumprod(1)

    space = archdsl.space(
        {
            "archdsl": 1, "name": "partly", "input": [1, 8, 8], "classes": 4,
            "stem": {"type": "conv", "kernel": 3, "stride": 2},
            "block": {"token_mixer": {"choice": ["pooling", "uncounted"], "per": "block"}},
            "stages": [{"dim": 8, "depth": 2}],
        }
    )  # fmt: skip
    good, *_, bad = space.enumerate()
    assert space.cost(good) == count(good.network())
    with pytest.raises(CountError, match=r"^stages\.0\.blocks\.0\.token_mixer: aten::cumprod"):
        space.cost(bad)
    with pytest.raises(CountError, match="aten::cumprod"):
        space.costs()


def test_a_space_with_too_many_shared_answers_for_counting_is_looked_up_all_the_same() -> None:
    params = {f"p{n}": {"choice": [1, 2, 3, 4, 5]} for n in range(6)}
    mixed = [f"$p{n} * 1" for n in range(6)]
    space = archdsl.space(
        {
            "archdsl": 1, "name": "many", "params": params, "input": [1, 8, 8], "classes": 4,
            "stem": {"type": "conv", "kernel": 3, "stride": 2},
            "stages": [
                {"dim": 8, "depth": 6 - 5},
                *(
                    {"dim": 8, "depth": 1, "channel_mixer": {"type": "mlp", "ratio": ratio}}
                    for ratio in mixed
                ),
            ],
        }
    )  # fmt: skip
    with pytest.raises(SearchError, match="15,625 combinations"):
        space.bounds("macs")
    costs = space.costs()
    assert len(costs["macs"]) == space.size == 5**6
    for member in at_random(space, 10, 20):
        assert space.cost(member) == count(member.network())


def test_a_space_that_is_too_large_to_list_is_refused(digits: Space) -> None:
    with pytest.raises(SearchError) as error:
        digits.costs()
    assert str(error.value) == (
        "the space has 4,826,304 architectures, and the costs of 1,000,000 at most are listed.  "
        "draw from it, or fix some of its decisions"
    )


def test_kinds_and_rules_that_come_later_are_in_the_next_cost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = archdsl.space(SHARED)
    [member] = at_random(space, 11, 1)
    space.cost(member)
    register_further_kinds()
    found = space.cost(member)
    assert tuple(found.totals()) == amounts.names()
    assert found == count(member.network())
    assert found["traffic"] > 0


def test_a_space_that_was_measured_before_a_kind_was_registered_is_made_anew() -> None:
    space = archdsl.space(SHARED)
    space.bounds("macs")
    register_further_kinds()
    with pytest.raises(SearchError) as error:
        space.bounds("traffic")
    assert str(error.value) == (
        "kinds of cost were registered after this space was measured.  make it anew"
    )
