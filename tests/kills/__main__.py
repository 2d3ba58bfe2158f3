"""`make kills`: a hundred kills of the driver, of a worker, and of both at once.

python -m tests.kills --moments 100 --seed 0

Prints a line for each victim; the exit code is 1 where a run ended otherwise than without a kill.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.kills import searching
from tests.kills.killing import VICTIMS, differences, kill_once


def main() -> int:
    """Kill, compare, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills")
    parser.add_argument("--moments", type=int, default=100, help="kills of each victim")
    parser.add_argument("--seed", type=int, default=0)
    known = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        searching.start(whole).join()
        for victim in VICTIMS:
            moments: Counter[str] = Counter()
            for number in range(known.moments):
                out = Path(folder) / "killed"
                draws = random.Random(f"{known.seed}-{victim}-{number}")
                moments[kill_once(out, victim, draws)] += 1
                found = differences(out, whole)
                wrong += bool(found)
                for line in found:
                    print(f"{victim} {number}: {line}", flush=True)
                shutil.rmtree(out)
            said = ", ".join(f"{count} {when}" for when, count in sorted(moments.items()))
            print(f"{victim}: {known.moments} kills ({said})", flush=True)
    print(f"{wrong} runs ended otherwise than without a kill")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
