"""What a trial costs beside its training, after a thousand trials.

    python -m tests.bench.overhead [SAMPLER] [TRIALS]

A search with an `evaluate` that returns at once, on the space of the analytic benchmark, whose
members inside the budget take about 45 of 85 decisions. CPU time per trial over the last two
hundred: proposing, counting, the durable line of the record, all that the driver does.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from zlib import crc32

import archdsl

SPACE = Path(__file__).parents[2] / "benchmarks" / "analytic.yaml"
MOST = 200


def main() -> None:
    """Search, and print the figures."""
    sampler = sys.argv[1] if len(sys.argv) > 1 else "gp"
    trials = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    marks: list[tuple[float, float]] = []
    decisions: list[int] = []

    def evaluate(candidate: archdsl.Candidate) -> float:
        marks.append((time.process_time(), time.perf_counter()))
        decisions.append(len(candidate.spec.decisions))
        return crc32(str(sorted(candidate.spec.decisions.items())).encode()) % 1_000 / 1_000

    with tempfile.TemporaryDirectory() as folder:
        archdsl.search(
            archdsl.space(SPACE), evaluate=evaluate, out=f"{folder}/run", trials=trials,
            sampler=sampler, budget={"macs": "40M"},
        )  # fmt: skip
    last = min(MOST, len(marks) - 1)
    cpu = 1e3 * (marks[-1][0] - marks[-1 - last][0]) / last
    wall = 1e3 * (marks[-1][1] - marks[-1 - last][1]) / last
    print(
        f"{sampler}: {cpu:.1f} ms of CPU a trial ({wall:.1f} ms of wall time) over the last {last} "
        f"of {trials} trials, {sum(decisions[-last:]) / last:.0f} decisions each"
    )


if __name__ == "__main__":
    main()
