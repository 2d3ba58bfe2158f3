"""A proxy check with judges that need no training: what it draws, says, and goes on with."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.spaces import Space
from archdsl.spaces.budget import InfeasibleBudget
from archdsl.study import Candidate, ProxyCheck, events, judge, proxy_check
from archdsl.study.identity.evidence import Evidence
from archdsl.study.proxy.same import check_setup, refuse_another_check
from archdsl.study.proxy.size import CheckSize
from archdsl.study.record.events import Round
from archdsl.study.record.reading import Reading
from tests.study.conftest import judged, tiny_space

SMALL = {
    "params.width": 8,
    "stages.0.depth": {"range": [1, 2]},
    "stages.1.depth": {"range": [1, 2]},
    "block.token_mixer": {"choice": ["identity", "pooling", {"type": "sep_conv", "kernel": 3}],
                          "per": "stage"},
}  # fmt: skip
"""Leaves 36 of the members."""

ONLY = {"params.width": 8, "stages.0.depth": 1, "stages.1.depth": 1}
"""Leaves the mixers alone."""


def small_space(patches: dict[str, Any] | None = None, **settings: Any) -> Space:
    return tiny_space({**SMALL, **(patches or {})}, **settings)


def by_params(candidate: Candidate) -> float:
    return candidate.cost.params + candidate.seed


def noisy(candidate: Candidate) -> float:
    """As `judged`, with what a seed makes of it, told epoch by epoch."""
    draws = random.Random(f"{candidate.seed}:{sorted(candidate.decisions.items())}")
    for epoch in range(1, 4):
        candidate.report(epoch, judged(candidate) + draws.gauss(0, 0.3 / epoch))
    return judged(candidate) + draws.gauss(0, 0.02)


def checked(space: Any = None, evaluate: Any = noisy, **given: Any) -> ProxyCheck:
    space = small_space() if space is None else space
    given = {"members": 12, "seeds": 2, **given}
    return proxy_check(space, evaluate=evaluate, settings=space.spec.settings(), **given)


def rounds(folder: Path) -> list[Round]:
    return [one.begun for one in Reading(folder, check=True).go_on().rounds.all]


def test_its_members_are_spread_over_the_budget_and_differ(tmp_path) -> None:
    space = small_space(budget={"macs": "55k"})
    checked(space, out=tmp_path / "check")
    proxy, final = rounds(tmp_path / "check")
    costs = [one["costs"]["macs"] for one in proxy.entrants]
    assert costs == sorted(costs) and costs[-1] <= 55_000
    assert len({one["network"] for one in proxy.entrants}) == 12
    inside = sorted(space.cost(one).macs for one in space.enumerate())
    inside = [macs for macs in inside if macs <= 55_000]
    for number, macs in enumerate(costs):  # one of each twelfth
        low, high = np.quantile(inside, [number / 12, (number + 1) / 12])
        assert low * 0.9 <= macs <= high * 1.1
    assert final.entrants == proxy.entrants
    assert final.rule == proxy.rule == "one of each of 12 groups of members inside, by macs"
    assert not set(proxy.seeds) & set(final.seeds), "the two share no luck"


def test_members_of_a_large_space_are_drawn(tmp_path) -> None:
    space = archdsl.space("digits")
    checked(space, lambda c: c.cost.macs + c.seed, members=5, out=tmp_path / "check")
    entrants = rounds(tmp_path / "check")[0].entrants
    costs = [one["costs"]["macs"] for one in entrants]
    assert len(set(costs)) == 5 and costs == sorted(costs) and costs[-1] <= 600_000
    assert costs[0] < 300_000 < costs[-1]


def test_what_it_says_is_what_its_trainings_came_to(tmp_path) -> None:
    seen: dict[tuple[int, int], list[float]] = {}

    def noted(candidate: Candidate) -> float:
        value = noisy(candidate)
        seen[candidate.number, candidate.seed] = [
            *(one["accuracy"] for one in candidate.epochs), value,
        ]  # fmt: skip
        return value

    found = checked(evaluate=noted, out=tmp_path / "check")
    assert Counter(seed for _, seed in seen) == {0: 12, 1: 12, 2: 12, 3: 12}
    measured = found.figures.measured
    at = np.array([[seen[n, seed] for seed in range(4)] for n in range(12)])
    assert measured.proxy.tolist() == at[:, :2, -1].tolist()
    assert measured.final.tolist() == at[:, 2:, -1].tolist()
    assert list(measured.by_epoch) == [1, 2, 3]
    assert measured.by_epoch[2].tolist() == at[:, :2, 1].tolist()
    assert measured.costs["macs"].tolist() == sorted(measured.costs["macs"])
    assert measured.same_schedule and measured.epochs is None
    kinds = Counter(row.kind for row in found.figures.rows)
    assert kinds == {"epoch": 2, "proxy": 1, "means": 1, "cost": 3, "random": 1}
    assert found.notes == ("no zero-cost scores: an evaluate has no data",)
    known = json.loads((tmp_path / "check" / "proxy-check.json").read_text())
    assert known == json.loads(json.dumps(found.record()))
    assert known["tau"][2] == {
        "kind": "proxy", "name": "proxy", "left_out": 0,
        **{part: {"tau": one.tau, "interval": list(one.interval)}
           for part, one in (("everyone", found.figures.row("proxy").everyone),
                             ("best", found.figures.row("proxy").best))},
    }  # fmt: skip


def test_a_metric_to_make_small_is_ranked_the_other_way_round() -> None:
    large = checked()
    small = checked(
        small_space(maximize=None, minimize="loss"), lambda c: -noisy_of(c), members=12
    ).figures
    for row, other in zip(large.figures.rows, small.rows, strict=True):
        if row.kind in ("proxy", "means"):
            assert row.everyone.tau == pytest.approx(other.everyone.tau)
            assert row.best.tau == pytest.approx(other.best.tau)


def noisy_of(candidate: Candidate) -> float:
    draws = random.Random(f"{candidate.seed}:{sorted(candidate.decisions.items())}")
    for epoch in range(1, 4):
        candidate.report(epoch, {"loss": -judged(candidate) - draws.gauss(0, 0.3 / epoch)})
    return judged(candidate) + draws.gauss(0, 0.02)


@pytest.mark.parametrize("after", [7, 30])
def test_the_same_check_goes_on_where_it_was_broken_off(after: int, tmp_path) -> None:
    calls: list[int] = []

    def broken_off(candidate: Candidate) -> float:
        calls.append(candidate.seed)
        if len(calls) == after:
            raise KeyboardInterrupt
        return noisy(candidate)

    out = tmp_path / "check"
    first = checked(evaluate=broken_off, out=out)
    assert first.interrupted and first.figures is None
    assert first.message == (
        f"interrupted after {after - 1} training{'s' * (after != 2)}.  the record is in {out}; "
        "the same command goes on from there"
    )
    assert not (out / "proxy-check.json").exists()
    again: list[int] = []
    done = checked(evaluate=lambda c: again.append(c.seed) or noisy(c), out=out)
    assert len(again) == 48 - after + 1
    assert done.record() == {**checked(out=tmp_path / "whole").record(), "folder": str(out),
                             "message": done.message}  # fmt: skip
    assert checked(evaluate=lambda c: pytest.fail("trained again"), out=out).record() == (
        done.record()
    )


def test_another_check_or_a_search_in_its_folder_is_refused(tmp_path) -> None:
    out = tmp_path / "check"
    checked(out=out)
    before = (out / "record.jsonl").read_bytes()
    put_back = "put it back to go on with that check, or choose another --out"
    for given, said in (
        ({"members": 11}, "--members was 12, and now it is 11"),
        ({"seeds": 3}, "--seeds was 2, and now it is 3"),
        ({"space": small_space(seed=1)}, "search.seed was 0, and now it is 1"),
        ({"space": small_space(proxy={"lr": 0.1})}, "search.proxy.lr was 0.002, and now it is 0.1"),
        ({"space": small_space({"classes": 9})}, "classes was 10, and now it is 9"),
        ({"evaluate": None}, "evaluate was own, and now it is proxy"),
    ):
        with pytest.raises(SearchError) as error:
            checked(**{"out": out, **given})
        if "evaluate" not in given:
            assert str(error.value) == (f"{out} holds a proxy check in which {said}.  {put_back}")
    other = small_space(trials=99, workers=1, sampler="tpe")
    assert checked(other, out=out).figures is not None, "of no matter to a check"
    assert (out / "record.jsonl").read_bytes() == before


def test_a_setting_that_a_former_record_lacks_had_its_usual_value() -> None:
    def now(**proxy: Any) -> dict[str, Any]:
        data = {"type": "digits", **proxy}
        settings = small_space(proxy={"epochs": 2, "data": data}).spec.settings()
        return check_setup(small_space(), settings, False, CheckSize(4, 2, 3))

    old = json.loads(json.dumps(now()))
    del old["settings"]["proxy"]["validate_every"], old["settings"]["proxy"]["data"]["placements"]
    refuse_another_check(Path("check"), old, now())
    with pytest.raises(SearchError) as error:
        refuse_another_check(Path("check"), old, now(placements=3))
    assert str(error.value) == (
        "check holds a proxy check in which search.proxy.data.placements was not there, and now it "
        "is 3.  put it back to go on with that check, or choose another --out"
    )


def test_a_check_is_not_taken_for_a_search_nor_a_search_for_a_check(tmp_path, run) -> None:
    check, search = tmp_path / "check", tmp_path / "search"
    checked(out=check)
    run(small_space(trials=2), search)
    holds = (
        f"{check} holds a proxy check, and no search.  `archdsl proxy-check SPACE --out {check}` "
        "says what it came to; for a search choose another folder"
    )
    before = (check / "record.jsonl").read_bytes()
    from archdsl.study import write_report
    from archdsl.study.status import status

    for verb in (
        lambda: run(small_space(), check),
        lambda: run(small_space(), check, salvage=True),
        lambda: status(check),
        lambda: write_report(check),
        lambda: archdsl.load(check),
    ):
        with pytest.raises(archdsl.errors.ArchError) as error:
            verb()
        assert holds in str(error.value)
    assert (check / "record.jsonl").read_bytes() == before
    with pytest.raises(SearchError) as error:
        checked(out=search)
    assert str(error.value) == f"{search} holds a search, and no proxy check.  choose another --out"


def test_a_damaged_check_is_gone_on_with_by_its_own_verb_alone(tmp_path, run) -> None:
    check = tmp_path / "check"
    checked(out=check)
    record = check / "record.jsonl"
    lines = record.read_bytes().splitlines(keepends=True)
    damaged = b"".join([*lines[:-1], b"{}\n", lines[-1]])
    record.write_bytes(damaged)
    with pytest.raises(SearchError, match=r"`archdsl proxy-check --salvage` goes on from the"):
        checked(out=check)
    with pytest.raises(SearchError, match="holds a proxy check, and no search"):
        run(small_space(), check, salvage=True)
    assert record.read_bytes() == damaged
    assert not (check / "trials").exists()
    again, once = checked(out=check, salvage=True), checked()
    assert again.recommended.record() == once.recommended.record()
    assert repr(again) == repr(once)


def test_a_space_with_nothing_to_compare_is_refused() -> None:
    fixed = {**ONLY, "block.token_mixer": "pooling"}
    with pytest.raises(SearchError) as error:
        checked(tiny_space(fixed))
    assert str(error.value) == (
        "tiny has no free choices, and so nothing to compare.  give it some, as in  dim: {choice: "
        "[32, 64]}"
    )
    two = {**ONLY, "block.token_mixer": {"choice": ["pooling", "identity"]}}
    found = checked(tiny_space(two), by_params, members=2)
    assert found.figures.measured.architectures == 2
    mixers = {"choice": ["pooling", {"type": "sep_conv", "kernel": 3}]}
    cheap = tiny_space({**ONLY, "block.token_mixer": mixers})
    only = tiny_space(
        {**ONLY, "block.token_mixer": mixers}, budget={"macs": cheap.cost(cheap.default()).macs}
    )
    with pytest.raises(SearchError) as error:
        checked(only)
    assert str(error.value) == (
        "tiny: the budget leaves one architecture, and so nothing to compare.  loosen it"
    )
    with pytest.raises(InfeasibleBudget):
        checked(small_space(budget={"macs": 10}))


def test_other_code_and_another_version_are_refused_as_in_a_search(tmp_path, monkeypatch) -> None:
    out = tmp_path / "check"
    calls: list[int] = []

    def stops(candidate: Candidate) -> float:
        calls.append(candidate.seed)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return noisy(candidate)

    known = Evidence(files={"my_judge.py": "1"}, archdsl="0.2.0")
    monkeypatch.setattr(judge, "evidence", lambda *given: known)
    assert checked(evaluate=stops, out=out).interrupted
    for other, said in (
        (Evidence(files={"my_judge.py": "2"}, archdsl="0.2.0"),
         "that ran other code: my_judge.py has other content.  put it back to go on with that "
         "check, or choose another --out"),
        (Evidence(files={"my_judge.py": "1"}, archdsl="0.3.0"),
         "by archdsl 0.2.0, and this is 0.3.0.  go on with archdsl 0.2, or choose another --out"),
    ):  # fmt: skip
        monkeypatch.setattr(judge, "evidence", lambda *given, other=other: other)
        with pytest.raises(SearchError) as error:
            checked(out=out)
        assert str(error.value) == f"{out} holds a proxy check {said}"
    monkeypatch.setattr(judge, "evidence", lambda *given: known)
    assert checked(out=out).figures is not None


def test_costs_alone_need_no_proxy() -> None:
    with pytest.raises(SearchError) as error:
        checked(small_space(maximize=None, minimize="macs"))
    assert str(error.value) == (
        "tiny is searched for macs alone, which no training has to tell.  write  maximize: accuracy"
    )


def test_what_is_not_told_is_as_the_space_has_it() -> None:
    said = checked(small_space(final={"keep": 2, "seeds": 4}), seeds=1).recommended
    assert "final: {keep: 2, seeds: 4}" in said.yaml()


def test_fewer_inside_than_asked_for_are_all_trained(tmp_path) -> None:
    said: list[Any] = []
    space = tiny_space({**ONLY, "block.token_mixer": {"choice": ["pooling", "identity"],
                                                      "per": "stage"}})  # fmt: skip
    out = tmp_path / "check"
    found = checked(space, by_params, members=9, listener=said.append, out=out)
    assert {one.rule for one in rounds(out)} == {
        "different networks inside, of which no more were found"
    }
    assert found.figures.measured.architectures == 4
    notices = [one.text for one in said if isinstance(one, events.Notice)]
    assert "4 different architectures inside the budget for 9 asked for: all are trained" in notices
    told = [one for one in said if isinstance(one, events.CheckTrained)]
    assert [one.done for one in told] == list(range(1, 17)) and {one.total for one in told} == {16}


def test_one_seed_says_nothing_of_seeds() -> None:
    found = checked(seeds=1)
    assert found.figures.long.seeds is None
    advice = found.recommended
    assert not advice.keep.told and not advice.seeds.told
    assert advice.seeds.why == "seeds: not told, as one seed says nothing of seeds"
    assert "one seed: not known" in str(found)


def test_figures_that_are_all_alike_have_no_order() -> None:
    found = checked(evaluate=lambda c: 0.5)
    assert found.figures.row("proxy").everyone.tau is None
    assert not found.recommended.proxy.told
    assert "the proxy has no order: all its figures are alike" in found.recommended.yaml()
    assert "undefined" in str(found)


def test_members_that_failed_are_left_out_and_said(tmp_path) -> None:
    def fails(candidate: Candidate) -> float:
        if candidate.number in (2, 5) and candidate.seed == 3:
            raise ValueError("not this one")
        return noisy(candidate)

    found = checked(evaluate=fails, out=tmp_path / "check")
    assert found.figures.measured.architectures == 10
    assert found.notes[-1] == (
        "2 architectures left out, of which a training failed: ValueError: not this one"
    )
    nan = checked(evaluate=lambda c: math.nan if c.number == 4 else noisy(c))
    assert nan.notes[-1] == ("1 architecture left out, of which a training failed: accuracy is nan")


def test_where_all_fail_it_gives_up_and_begins_anew_once_that_is_mended(tmp_path) -> None:
    def fails(candidate: Candidate) -> float:
        raise ValueError("none of them")

    with pytest.raises(SearchError) as error:
        checked(evaluate=fails, out=tmp_path / "check")
    assert str(error.value) == (
        "the first 3 trainings, of member-000, member-001, member-002, failed of the same cause: "
        "ValueError: none of them.  mend it, and the same command begins anew.  the cheapest are "
        "trained first: where they alone fail of it, take what makes them so small out of the "
        "choices of the space"
    )
    left = tmp_path / "check" / "check" / "proxy" / "0" / "member-011" / "seed-0" / "error.txt"
    left.parent.mkdir(parents=True)
    left.write_text("of a member that the next check has not")
    assert checked(out=tmp_path / "check", members=11).figures.measured.architectures == 11
    assert not (tmp_path / "check" / "check").exists()
    few = checked(evaluate=lambda c: noisy(c) if c.number == 0 else math.inf)
    assert few.figures is None
    assert few.message == (
        "fewer than two architectures were trained to their ends: there are no figures"
    )


@pytest.mark.parametrize("cause", ["no room for {}x{}", "no room for {}"])
def test_causes_that_differ_in_their_figures_alone_are_one(cause: str) -> None:
    def fails(candidate: Candidate) -> float:
        raise ValueError(cause.format(candidate.cost.macs, candidate.number))

    with pytest.raises(SearchError, match=r"the first 3 trainings, .* ValueError: no room for \d+"):
        checked(evaluate=fails)
    others = iter(("this", "that"))

    def differs(candidate: Candidate) -> float:
        if candidate.number < 4 and candidate.seed == 0:
            raise ValueError(f"no {next(others, 'more')}")
        return noisy(candidate)

    assert checked(evaluate=differs).figures.measured.architectures == 8


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"members": 1}, "members is an int from 2 to 100,000, and not 1"),
        ({"members": 2.5}, "members is an int from 2 to 100,000, and not 2.5"),
        ({"seeds": 0}, "seeds is an int from 1 to 1,000, and not 0"),
        ({"seeds": True}, "seeds is an int from 1 to 1,000, and not True"),
        ({"final_epochs": 3}, "final_epochs: an evaluate has epochs of its own.  drop it"),
        ({"final_epochs": 0}, "final_epochs is an int from 1 to 1,000,000, and not 0"),
    ],
)
def test_a_size_that_is_none_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SearchError) as error:
        checked(**given)
    assert str(error.value) == said


def test_what_it_recommends_is_a_section_that_the_space_takes() -> None:
    """Whatever the figures, and with the comments on lines of their own."""
    turned = lambda c: -judged(c) if c.seed < 2 else judged(c)  # noqa: E731
    judges: list[Callable[[Candidate], float]] = [noisy, judged, lambda c: 0.5, turned]
    for each in judges:
        found = checked(evaluate=each)
        text = found.recommended.yaml()
        assert max(map(len, str(found).splitlines())) <= 80
        plain = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        assert plain[0] == "search:" and "final: {keep: " in plain[-1]
        spec = archdsl.loads(f"archdsl: 1\nname: x\nextends: digits\n{text}\n")
        final = spec.settings().final
        assert (final.keep, final.seeds) == (
            found.recommended.keep.value, found.recommended.seeds.value,
        )  # fmt: skip


def test_a_ratio_without_an_upper_end_is_shown_and_stays_json(tmp_path) -> None:
    def hardly(candidate: Candidate) -> float:
        return judged(candidate) + 0.1 * (candidate.number == 3) * candidate.seed

    found = checked(evaluate=hardly, out=tmp_path / "check")
    known = json.loads((tmp_path / "check" / "proxy-check.json").read_text())
    low, high = known["spread"]["final"]["ratio_interval"]
    assert high is None and f"({low:.1f} or more)" in str(found)
