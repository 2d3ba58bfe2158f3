"""The figures of a published table come out as they were published.

Accel-NASBench (Z. Afzal et al., 2024): 117 networks on ImageNet, three seeds, a short recipe and a
long one. The tables lie beside the project, and nothing of them is in it.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from archdsl.study.proxy.agreement import agreement, best_quarter, tau
from archdsl.study.proxy.spread import spread

TABLES = Path(__file__).resolve().parents[4] / "shared" / "benchdata"

pytestmark = pytest.mark.skipif(
    not (TABLES / "anb-proxified-seed1.csv").is_file(),
    reason=f"the published tables are not in {TABLES}",
)


def top_1(recipe: str, seed: int) -> dict[tuple[str, ...], float]:
    """Architecture -> accuracy; rows that lack either are left out, of two the first counts."""
    found: dict[tuple[str, ...], float] = {}
    with (TABLES / f"anb-{recipe}-seed{seed}.csv").open(newline="") as file:
        for row in csv.reader(file):
            if len(row) > 9 and row[4]:
                found.setdefault(tuple(row[9:]), float(row[4]))
    return found


@pytest.fixture(scope="module")
def tables() -> tuple[np.ndarray, np.ndarray]:
    """(117, 3) of the short recipe, and of the long one."""
    files = [top_1(recipe, seed) for recipe in ("proxified", "fewproxy") for seed in (1, 2, 3)]
    keys = sorted(set.intersection(*map(set, files)))
    all_ = np.array([[file[key] for file in files] for key in keys])
    return all_[:, :3], all_[:, 3:]


def test_there_are_117_networks(tables) -> None:
    short, long = tables
    assert short.shape == long.shape == (117, 3)


def test_the_taus_of_one_seed_and_of_means(tables) -> None:
    short, long = tables
    singles = [tau(short[:, seed], long[:, seed]) for seed in range(3)]
    assert np.round(singles, 3).tolist() == [0.909, 0.899, 0.915]
    assert tau(short.mean(axis=1), long.mean(axis=1)) == pytest.approx(0.926, abs=5e-4)
    one = agreement(list(short.T), long.mean(axis=1))
    assert 0.899 <= one.tau <= 0.915
    assert one.interval[0] < one.tau < one.interval[1] and one.sign == 1


def test_the_taus_in_the_best_quarter(tables) -> None:
    short, long = tables
    truth = long.mean(axis=1)
    top = best_quarter(truth)
    assert len(top) == 29
    singles = [tau(short[top, seed], truth[top]) for seed in range(3)]
    assert np.round(singles, 2).tolist() == [0.64, 0.60, 0.64]
    means = agreement([short.mean(axis=1)], truth, best=True)
    assert means.tau == pytest.approx(0.660, abs=5e-4)
    assert 0 < means.interval[0] < means.tau < means.interval[1] < 1


def test_what_seeds_do_is_small_beside_what_architectures_do(tables) -> None:
    found = spread(tables[0])
    assert found.ratio > 10
