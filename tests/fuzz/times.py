"""The CPU time and the calls that reading the largest texts takes: `python -m tests.fuzz.times`."""

from __future__ import annotations

import time

import archdsl
from tests.fuzz.large import LARGE
from tests.fuzz.work import calls_to_read, read


def main() -> None:
    """Print a line for each, the slowest last."""
    archdsl.load("poolformer_s12")  # and with it what loading imports
    rows = []
    for what, make in LARGE.items():
        text = make()
        begun = time.process_time()
        read(text)
        rows.append((time.process_time() - begun, calls_to_read(text), what))
    for taken, calls, what in sorted(rows):
        print(f"{taken:6.2f} s  {calls:10,} calls  {what}")


if __name__ == "__main__":
    main()
