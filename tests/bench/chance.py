"""How often chance ranks equal subjects: by the interval of `archdsl bench`, and by a bootstrap.

    .venv/bin/python -m tests.bench.chance

Prints a figure of docs/bench.md: of so many simulated pairs of equal subjects, the share whose
interval of the median ratio has no 1 in it. Times are log-normal, and one in ten is held up.
"""

from __future__ import annotations

import numpy as np

from archdsl.benchmarking.ratio import LEVEL, times_as_fast

ROUNDS, PAIRS, RESAMPLES = 20, 10_000, 10_000


def main() -> None:
    """Simulate and print."""
    random = np.random.default_rng(0)

    def times() -> np.ndarray:
        held_up = random.exponential(0.5, ROUNDS) * (random.random(ROUNDS) < 0.1)
        return random.lognormal(0, 0.05, ROUNDS) * (1 + held_up)

    ranked = bootstrapped = 0
    for _ in range(PAIRS):
        one, other = times(), times()
        ranked += times_as_fast(one, other).finding != "not told apart"
        drawn = (one / other)[random.integers(0, ROUNDS, (RESAMPLES, ROUNDS))]
        low, high = np.quantile(np.median(drawn, axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        bootstrapped += not low <= 1 <= high
    print(
        f"{PAIRS:,} pairs of {ROUNDS} rounds at {LEVEL:.1%}: ranked {ranked / PAIRS:.2%} by order"
    )
    print(f"statistics, and {bootstrapped / PAIRS:.2%} by a bootstrap of the median (percentiles)")


if __name__ == "__main__":
    main()
