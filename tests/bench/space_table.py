"""Seconds until the cost table of a space is there, cold and from the cache, and to count with it.

    .venv/bin/python tests/bench/space_table.py [ROUNDS]

Prints a table of docs/benchmarks.md. Times are wall seconds, medians over fresh processes with
their spread; the start of the process, imports, and reading the spec are not in them. A cold
process finds an empty cache folder, the next one what the cold one left there.
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


if __name__ == "__main__":
    main()
