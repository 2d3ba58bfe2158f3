"""Seconds until the cost table of a space is there, cold and from the cache, and to count with it.

    .venv/bin/python tests/bench/space_table.py [ROUNDS]

Prints two tables of docs/benchmarks.md: every shipped space with its own budget, and one space with
other budgets, those that nothing fits among them. Times are wall seconds, medians over fresh
processes with their spread; the start of the process, imports, and reading the spec are not in
them. A cold process finds an empty cache folder, the next one what the cold one left there.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

from archdsl.shipped import SPACES, names

ROUNDS = 3
"""Of a cold process and a cached one."""

DRAWN = 10_000

BUDGETED = "metaformer_224"
BUDGETS: tuple[dict[str, object], ...] = (
    {"macs": "2G"},
    {"macs": "2G", "params": "30M"},
    {"macs": "2G", "params": "12M"},
    {"macs": [1e9, 2e9], "params": ["10M", "12M"]},
    {"macs": [1.98e9, 1.982e9]},
    {"macs": [1.98e9, 1.982e9], "params": "20M"},
    {"macs": "2G", "activations": "400k"},
    {"macs": "600M"},
    {"macs": "400M"},
    {"macs": [322363393, 322363500]},
    {"macs": "1G", "params": ["30M", "40M"]},
)

BUDGET = """
import json, sys, time
import archdsl
from archdsl.spaces.arguments import budget_of

space = archdsl.space(sys.argv[1])
limits = budget_of(json.loads(sys.argv[2]))
space.counting
begun = time.perf_counter()
count = space.count(limits)
counted = time.perf_counter() - begun
nearest = {}
if count.high == 0:
    for name, bounds in limits.items():
        others = {other: its for other, its in limits.items() if other != name}
        nearest[name] = space.counting.cost_next_to(name, bounds, others)
looked = time.perf_counter() - begun - counted
print(json.dumps([count.words(), counted, nearest, looked]))
"""

PROGRAM = """
import json, sys, time
import numpy as np
import archdsl
import archdsl.cost.measure

space = archdsl.space(sys.argv[1])
budget = space.spec.settings().budget
found = {}

def timed(name, function):
    begun = time.perf_counter()
    result = function()
    found[name] = time.perf_counter() - begun
    return result

found["layers"] = timed("table", space.tabulate).layers
count = timed("count", lambda: space.count(budget))
drawing = space.drawing(budget)
drawn = int(sys.argv[2])
timed("draw", lambda: list(drawing.members(drawn, np.random.default_rng(0))))
found |= {"size": float(space.size), "inside": float(count), "apart": count.high / count - 1}
print(json.dumps(found))
"""


def process(space: str, cache: str) -> dict[str, float]:
    """What one fresh process measures."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, space, str(DRAWN)],
        capture_output=True, text=True, check=True, env={**os.environ, "ARCHDSL_CACHE": cache},
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def budgeted(budget: dict[str, object]) -> str:
    """The row of a budget."""
    rows = []
    for _ in range(ROUNDS):
        done = subprocess.run(
            [sys.executable, "-c", BUDGET, BUDGETED, json.dumps(budget)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    words, _, nearest, _ = rows[0]
    found = ", ".join(f"{name} {cost:,}" for name, cost in nearest.items() if cost is not None)
    looked = cell([row[3] for row in rows]) if nearest else ""
    written = json.dumps(budget).replace('"', "")
    return f"| {written} | {words} | {cell([row[1] for row in rows])} | {found} | {looked} |"


def cell(values: list[float]) -> str:
    """`0.131 (0.130 to 0.135)`."""
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def main() -> None:
    """Measure and print."""
    print(
        "| space | members | inside | layers | cold, s | cached, s | count, s | bounds apart "
        "| ms a draw |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    for space in names(SPACES):
        cold, warm = [], []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as cache:
                cold.append(process(space, cache))
                warm.append(process(space, cache))
        both = [*cold, *warm]
        one = both[0]
        share = one["inside"] / one["size"]
        print(
            f"| {space} | {one['size']:.3g} | {share:.2%} | {one['layers']:.0f} "
            f"| {cell([row['table'] for row in cold])} | {cell([row['table'] for row in warm])} "
            f"| {cell([row['count'] for row in both])} | {one['apart']:.2%} "
            f"| {cell([1e3 * row['draw'] / DRAWN for row in both])} |",
            flush=True,
        )
    print()
    print(f"| budget of {BUDGETED} | inside | count, s | nearest | found in, s |")
    print("|---|---|---|---|---|")
    for budget in BUDGETS:
        print(budgeted(budget), flush=True)


if __name__ == "__main__":
    main()
