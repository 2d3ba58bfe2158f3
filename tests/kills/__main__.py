"""`make kills`: a hundred kills of the driver, of a worker, and of both at once.

python -m tests.kills --moments 100 --seed 0

Prints a line for each kill, and the sum; the exit code is 1 where a run ended otherwise than
without a kill.
"""

from __future__ import annotations

import argparse
import itertools
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
    parser.add_argument("--pruned", action="store_true", help="a search that puts trials aside")
    parser.add_argument("--schedule", default="cosine", help="or wsd, whose trainings fork")
    known = parser.parse_args()
    given = {"pruned": known.pruned, "schedule": known.schedule}
    moments: Counter[str] = Counter()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        whole, out = Path(folder) / "whole", Path(folder) / "killed"
        searching.start(whole, **given).join()
        for number, victim in itertools.product(range(known.moments), VICTIMS):
            draws = random.Random(f"{known.seed}-{victim}-{number}")
            when = kill_once(out, victim, draws, **given)
            found = differences(out, whole)
            shutil.rmtree(out)
            moments[when] += 1
            wrong += bool(found)
            print(f"{victim} {number}, {when}: {'; '.join(found) or 'the same'}", flush=True)
    said = ", ".join(f"{count} {when}" for when, count in sorted(moments.items()))
    print(f"{moments.total()} kills ({said}), of which {wrong} ended otherwise than without one")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
