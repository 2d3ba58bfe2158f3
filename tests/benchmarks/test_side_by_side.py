"""The table of eight workers beside one: what is compared with what."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest

from benchmarks.side_by_side import Job, ended, interval, jobs, line, table


def test_one_and_eight_come_in_turn_seed_by_seed() -> None:
    given = argparse.Namespace(
        seeds=2, problems=["trained half"], samplers=["tpe", "gp"], trials=100
    )
    assert [(sampler, seed) for _, sampler, seed, _ in jobs(given)] == [
        (sampler, seed) for seed in (0, 1)
        for sampler in ("tpe", "tpe, 8 workers", "gp", "gp, 8 workers")
    ]  # fmt: skip


def test_only_seeds_that_both_have_are_compared() -> None:
    regrets: dict[Job, float] = {}
    for seed in range(5):
        regrets["analytic", "gp", seed, 100] = 0.1
        regrets["trained half", "tpe", seed, 100] = 0.01
        if seed < 4:
            regrets["analytic", "gp, 8 workers", seed, 100] = 0.12
            regrets["trained half", "tpe, 8 workers", seed, 100] = 0.015
    _, _, one, other = table(regrets).splitlines()
    assert one == (
        "| analytic | gp | 4 | 0.100 ± 0.000 | 0.100 (0.100 to 0.100) "
        "| 0.120 ± 0.000 | 0.120 (0.120 to 0.120) | 1.20 (1.20 to 1.20) |"
    )
    assert other.endswith("| +0.0050 (+0.0050 to +0.0050) |")


def test_the_interval_of_a_difference_is_about_two_standard_errors_wide() -> None:
    draws = np.random.default_rng(0)
    one = draws.normal(1.0, 0.1, 400)
    many = one + draws.normal(0.5, 0.2, 400)  # in pairs, so that what both share does not count
    low, high = interval(one, many, ratio=False)
    assert (low + high) / 2 == pytest.approx((many - one).mean(), abs=0.002)
    assert high - low == pytest.approx(2 * 1.96 * (many - one).std() / 20, rel=0.05)
    low, high = interval(one, 1.3 * one, ratio=True)
    assert (low, high) == pytest.approx((1.3, 1.3))


def test_what_is_on_record_is_found_again(tmp_path) -> None:
    job = ("trained half", "tpe, 8 workers", 1, 12)
    record = tmp_path / "record.jsonl"
    assert ended(record) == {}
    found = line(job)
    record.write_text(found + "\n")
    assert ended(record) == {job: json.loads(found)["regret"][-1]}
    assert len(json.loads(found)["regret"]) == 12
