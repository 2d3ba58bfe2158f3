"""A third additive kind of cost and a second maximal one, from the table to the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archdsl
from archdsl import amounts
from archdsl.cli import main
from archdsl.cost import count
from archdsl.errors import SpecError
from archdsl.spaces.budget import InfeasibleBudget
from archdsl.study.report.page import page
from archdsl.study.report.read import read
from archdsl.study.survey import survey
from tests.further_kinds import register_further_kinds

NAMES = ("macs", "params", "activations", "traffic", "widest")


@pytest.fixture(autouse=True)
def _further_kinds() -> None:
    register_further_kinds()


@pytest.fixture
def costs(tiny: Any) -> dict[str, Any]:
    """What all members cost, counted on their networks: name -> (288,)."""
    found = [count(member.network()).totals() for member in tiny().enumerate()]
    return {name: np.array([one[name] for one in found]) for name in amounts.names()}


def test_a_network_is_counted_in_every_kind() -> None:
    cost = archdsl.count("poolformer_s12")
    rows = cost.by_address.values()
    assert cost["traffic"] == sum(4 * (row.activations + 2 * row.params) for row in rows)
    assert cost["widest"] == max(max(np.prod(row.in_shape), np.prod(row.out_shape)) for row in rows)
    assert tuple(cost.totals()) == amounts.names()
    assert (cost.macs, cost.params) == (1_812_267_008, 11_915_176)


def test_members_are_looked_up_and_listed_in_every_kind(tiny: Any, costs: Any) -> None:
    space = tiny()
    listed = space.costs()
    assert {name: column.tolist() for name, column in listed.items()} == {
        name: column.tolist() for name, column in costs.items()
    }
    for member in space.sample(20, seed=1):
        assert space.cost(member).totals() == count(member.network()).totals()


def test_every_kind_has_its_bounds(tiny: Any, costs: Any) -> None:
    space = tiny()
    for name in NAMES:
        assert space.bounds(name) == (costs[name].min(), costs[name].max())


@pytest.mark.parametrize(
    "bounded",
    [("traffic",), ("widest",), ("traffic", "macs"), ("traffic", "widest"),
     ("macs", "params", "traffic"), ("macs", "params", "traffic", "activations", "widest")],
)  # fmt: skip
def test_members_inside_are_counted_and_drawn(tiny: Any, costs: Any, bounded: Any) -> None:
    space = tiny()
    budget = {name: (0, int(np.quantile(costs[name], 0.45))) for name in bounded}
    fits = np.all([costs[name] <= high for name, (_, high) in budget.items()], axis=0)
    found = space.count(budget)
    assert 0 < fits.sum() < 288
    assert found.exact and found == fits.sum()
    for measure in ("uniform", "stagewise"):
        for drawn in space.draws(30, budget, seed=2, measure=measure):
            exact = count(space.member(drawn.decisions).network()).totals()
            assert drawn.costs == {name: exact[name] for name in drawn.costs}
            assert amounts.Budget(budget).allows(drawn.costs)


def test_a_budget_that_nothing_fits_is_refused_with_the_nearest_cost(tiny: Any, costs: Any) -> None:
    high = int(np.quantile(costs["macs"], 0.3))
    cheap = costs["macs"] <= high
    low = int(costs["traffic"][cheap].max()) + 1  # that much traffic takes more MACs
    assert (costs["traffic"] >= low).any()
    most = int(costs["traffic"].max())
    space = tiny(budget={"macs": high, "traffic": [low, most]})
    with pytest.raises(InfeasibleBudget) as caught:
        survey(space, space.spec.settings().budget, lambda done, total: None)
    nearest_macs = costs["macs"][costs["traffic"] >= low].min()
    said = str(caught.value)
    assert "no architecture of this space fits all of macs, traffic" in said
    assert f"the nearest macs with traffic inside is {nearest_macs}" in said
    assert f"the nearest traffic with macs inside is {low - 1}" in said
    space = tiny(budget={"traffic": int(costs["traffic"].min()) - 1})
    with pytest.raises(InfeasibleBudget, match="no architecture of this space fits"):
        survey(space, space.spec.settings().budget, lambda done, total: None)


@pytest.mark.parametrize(
    "sampler",
    [pytest.param("gp", marks=pytest.mark.drawn), "tpe", "evolution", "optuna:TPESampler"],
)
def test_a_search_stays_inside_and_its_record_and_report_say_every_kind(
    tiny: Any, run: Any, costs: Any, tmp_path: Path, sampler: str
) -> None:
    high = int(np.quantile(costs["traffic"], 0.6))
    widest = int(costs["widest"].min())
    budget = {"traffic": high, "widest": widest}
    space = tiny(budget=budget, trials=14, sampler=sampler, minimize="traffic")
    out = tmp_path / "run"
    result = run(space, out)
    assert [one.name for one in space.spec.settings().objectives] == ["accuracy", "traffic"]
    assert result.best is not None and result.best.cost["traffic"] <= high
    for trial in result.trials:
        assert trial.costs == count(trial.spec.network()).totals()
        if sampler != "optuna:TPESampler":
            assert space.spec.settings().budget.allows(trial.costs)
        assert trial.values is None or trial.values[1] == trial.costs["traffic"]
    lines = [json.loads(line) for line in (out / "trials.jsonl").read_text().splitlines()]
    assert all(tuple(line["costs"]) == amounts.names() for line in lines)
    found = archdsl.load(out / "best.yaml").tree["found"]
    assert tuple(found["cost"]) == NAMES
    html = page(read(out))
    assert f"<li>traffic: at most {amounts.written('traffic', high)}</li>" in html
    assert ">traffic</th>" in html and ">widest</th>" in html
    again = run(tiny(budget=budget, trials=15, sampler=sampler, minimize="traffic"), out)
    assert [t.decisions for t in again.trials[:14]] == [t.decisions for t in result.trials]


def test_the_language_takes_them_and_refuses_what_is_none(tiny: Any) -> None:
    assert tiny(budget={"traffic": "1M"}).spec.settings().budget == {"traffic": (0, 1_000_000)}
    with pytest.raises(SpecError, match=r"search\.budget has no key 'trafic'") as caught:
        tiny(budget={"trafic": 1})
    assert f"did you mean 'traffic'?  search.budget takes: {', '.join(NAMES)}" in str(caught.value)


def test_latency_is_a_cost_once_somebody_registers_one(tiny: Any) -> None:
    with pytest.raises(SpecError, match="latency is not implemented"):
        tiny(budget={"latency": 1})
    amounts.register(amounts.Kind("latency", "sum", "cycles", lambda layer: layer.macs // 8))
    assert tiny(budget={"latency": 10**9}).count() == 288
    assert tiny(minimize="latency").spec.settings().objectives[1].name == "latency"


def test_the_command_line_prints_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["count", "poolformer_s12"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].split() == [
        "address", "MACs", "params", "activations",
        "traffic", "(bytes)", "widest", "(elements)", "out",
    ]  # fmt: skip
    total = archdsl.count("poolformer_s12")
    assert f"{total['traffic']:,}" in printed
    assert main(["count", "poolformer_s12", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["traffic"] == total["traffic"] and told["widest"] == total["widest"]
    assert set(amounts.names()) <= set(told["by_address"]["head"])
    assert main(["check", "digits", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert tuple(told["costs"]) == NAMES
