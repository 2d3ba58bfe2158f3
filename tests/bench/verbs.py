"""Seconds per check, build and count, each verb and spec in fresh processes and again warm.

    .venv/bin/python tests/bench/verbs.py

Prints the table of docs/benchmarks.md. Times are wall seconds, medians over fresh processes with
their spread; "again" is the second call in the same process.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

SPECS = ("poolformer_s12", "poolformer_m48")
PROCESSES = 5

PROGRAM = """
import json, sys, time
begun = time.perf_counter()
import archdsl
from archdsl.loading import fill_registry
fill_registry()
imported = time.perf_counter() - begun

def timed(function):
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun

name = sys.argv[1]
found = {"import": imported, "import again": 0.0}
for verb, function in {
    "check": lambda: archdsl.load(name),
    "build": lambda: archdsl.build(name),
    "count": lambda: archdsl.count(name),
}.items():
    found[verb] = timed(function)
    found[verb + " again"] = timed(function)
print(json.dumps(found))
"""


def measure(spec: str) -> dict[str, list[float]]:
    """Verb -> seconds, one number for each process."""
    rows: dict[str, list[float]] = {}
    for _ in range(PROCESSES):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, spec], capture_output=True, text=True, check=True
        )
        for verb, seconds in json.loads(done.stdout.splitlines()[-1]).items():
            rows.setdefault(verb, []).append(seconds)
    return rows


def cell(seconds: list[float]) -> str:
    """`0.031 (0.030 to 0.035)`."""
    return f"{statistics.median(seconds):.3f} ({min(seconds):.3f} to {max(seconds):.3f})"


def main() -> None:
    """Measure and print."""
    print("| spec | verb | first | again |")
    print("|---|---|---|---|")
    for spec in SPECS:
        rows = measure(spec)
        for verb in ("import", "check", "build", "count"):
            again = "" if verb == "import" else cell(rows[f"{verb} again"])
            print(f"| {spec} | {verb} | {cell(rows[verb])} | {again} |")


if __name__ == "__main__":
    main()
