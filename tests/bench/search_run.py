"""Trials per minute of the bundled search, and where its time goes.

    .venv/bin/python tests/bench/search_run.py [TRIALS]

Runs `specs/spaces/digits.yaml` in this process with the time inside training steps (forward,
backward and the optimiser's step, as Lightning calls them) summed up beside the wall clock.
"""

from __future__ import annotations

import sys
import tempfile
import time
from typing import Any

import archdsl


class StepClock:
    """Sums the wall time between the start and the end of every training step."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.steps = 0
        self._begun = 0.0

    def attach(self) -> None:
        """Stand around Lightning's call that runs one batch through the model and optimiser."""
        from lightning.pytorch.loops.optimization.automatic import _AutomaticOptimization

        original = _AutomaticOptimization.run
        clock = self

        def run(self: Any, *args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            result = original(self, *args, **kwargs)
            clock.seconds += time.perf_counter() - begun
            clock.steps += 1
            return result

        _AutomaticOptimization.run = run  # type: ignore[method-assign]


def main() -> None:
    """Search, and print the figures."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    clock = StepClock()
    clock.attach()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result = archdsl.search("digits", out=f"{folder}/run", trials=trials)
    wall = time.perf_counter() - begun
    inside = sum(trial.seconds for trial in result.trials)
    print(f"{trials} trials in {wall:.1f} s: {60 * trials / wall:.1f} trials per minute")
    print(f"inside trials {inside:.1f} s ({inside / wall:.0%})")
    print(
        f"inside training steps {clock.seconds:.1f} s ({clock.seconds / wall:.0%}), "
        f"{clock.steps} steps of {1000 * clock.seconds / clock.steps:.2f} ms"
    )
    print(f"outside training steps {1 - clock.seconds / wall:.0%}")


if __name__ == "__main__":
    main()
