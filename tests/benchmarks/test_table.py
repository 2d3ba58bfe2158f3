"""The table that is committed is of the whole space, and complete."""

from __future__ import annotations

import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import pytest

import archdsl
from benchmarks.make_table import SEEDS
from benchmarks.problem import key
from benchmarks.table import Table
from benchmarks.training import Schedule

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def table() -> Table:
    return Table.load()


def test_the_table_has_exactly_the_members_of_the_space(table: Table) -> None:
    members = {key(member.decisions) for member in table.space.enumerate()}
    assert {key(entry.decisions) for entry in table} == members
    assert len(table) == table.space.size == 1024


def test_the_recorded_costs_are_what_archdsl_counts(table: Table) -> None:
    for entry in random.Random(0).sample(list(table), 40):
        cost = archdsl.count(table.space.member(entry.decisions))
        assert (entry.macs, entry.params) == (cost.macs, cost.params)


def test_every_seed_has_every_epoch_and_accuracies_are_shares_of_395_images(table: Table) -> None:
    for entry in table:
        for curves in (entry.accuracy, entry.loss):
            assert len(curves) == len(SEEDS) >= 3
            assert {len(curve) for curve in curves} == {Schedule().epochs}
        for curve in entry.accuracy:
            assert all(0 <= value <= 1 for value in curve)
            assert all(abs(value * 395 - round(value * 395)) < 0.01 for value in curve)
        assert all(loss > 0 for curve in entry.loss for loss in curve)
        assert entry.seconds > 0


def test_lookups_are_by_decisions_in_any_order(table: Table) -> None:
    entry = next(iter(table))
    backwards = dict(reversed(entry.decisions.items()))
    assert table[backwards] is entry
    assert table.macs(backwards) == entry.macs
    assert table.mean(backwards) == pytest.approx(fmean(entry.finals))
    assert table.mean(backwards, epoch=0) == pytest.approx(table.curve(backwards)[0])
    assert table.curve(backwards, seed=1) == entry.accuracy[1]
    with pytest.raises(KeyError):
        table[backwards | {"params.width": 7}]


def test_chance_is_well_under_the_spread_and_no_budget_decides_alone(table: Table) -> None:
    noise = table.noise
    assert noise.members > 3 * noise.means
    costs = sorted(entry.macs for entry in table)
    assert costs[-1] > 5 * costs[0]
    best = max(table, key=lambda entry: table.mean(entry.decisions))
    assert best.macs < costs[-1]


def test_reading_needs_no_torch() -> None:
    code = "import sys, benchmarks.table as t; t.Table.load().noise; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_members_in_the_file_are_sorted(table: Table) -> None:
    keys = [key(entry.decisions) for entry in table]
    assert all(one < other for one, other in pairwise(keys))
