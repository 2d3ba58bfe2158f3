"""How long a report's analyses take, and how often the intervals of effects hold what is true.

    python -m tests.bench.analyses

A space of 22 decisions, most of them asked of some members alone, and a metric that is a sum of
what answers add, and noise. Nothing here decides a test.
"""

from __future__ import annotations

import time

import numpy as np

from archdsl.study.report.answers import answers_of
from archdsl.study.report.effects import effects_of
from archdsl.study.report.mattered import mattered_of
from tests.study.records import drawn, made
from tests.study.test_effects import added, covered

SIZES = (50, 500, 5_000)
SEARCHES = 100


def main() -> None:
    """Print both tables."""
    print("trials  decisions  importance  effects")
    for count in SIZES:
        members = drawn(count)
        values = added(members, 0.02, 0)[1] + np.random.default_rng(1).normal(0, 0.02, count)
        table = answers_of([made(n, one, 0.0) for n, one in enumerate(members)])
        spent = []
        for analysis in (mattered_of, effects_of):
            analysis(table, values)  # what it imports, it has imported now
            begun = time.process_time()
            analysis(table, values)
            spent.append(time.process_time() - begun)
        decisions = len(table.addresses)
        print(f"{count:6,}  {decisions:9}  {spent[0]:8.2f} s  {spent[1]:5.2f} s")
    print(f"\neffects inside their interval, of {SEARCHES} searches")
    print("trials  what an answer adds  noise  inside")
    for count, adds, noise in (
        (30, 0.02, 0.02), (50, 0.02, 0.02), (100, 0.02, 0.02), (100, 0.02, 0.005),
        (500, 0.02, 0.02), (100, 0.0, 0.02),
    ):  # fmt: skip
        found = [covered(drawn(count, n), adds, noise, n) for n in range(SEARCHES)]
        hits, many = map(sum, zip(*found, strict=True))
        print(f"{count:6}  {adds:19}  {noise:5}  {hits / many:5.1%}")


if __name__ == "__main__":
    main()
