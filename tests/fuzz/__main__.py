"""`make fuzz`: many mutants and many strings of bytes, held to the law one by one.

python -m tests.fuzz --mutants 20000 --bytes 5000 --seed 0

What breaks the law is written to a folder, and said with its traceback; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

import archdsl
from tests.fuzz.law import Tally, check
from tests.fuzz.mutate import mutant, random_bytes, seeds

COUNTED = 20
"""One of so many texts that can be read is counted."""


def main() -> int:
    """Run, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--bytes", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--left", type=Path, default=Path("runs/fuzz"), help="for what breaks it")
    known = parser.parse_args()
    archdsl.load("poolformer_s12")  # imports what loading needs, torch above all
    begun, texts, tally, broken = time.process_time(), seeds(), Tally(), 0
    for number in range(known.mutants):
        text = mutant(random.Random(f"{known.seed}-{number}"), texts)
        try:
            tally.add(text, counted=number % COUNTED == 0)
        except Exception:
            broken += 1
            _leave(
                known.left / f"{known.seed}-{number}.yaml", text.encode("utf-8", "surrogatepass")
            )
        _say(number + 1, known.mutants, "mutants", broken)
    read = strings(known.bytes, known.seed, known.left)
    print(
        f"{known.mutants:,} mutants: {tally.found['refused']:,} refused, "
        f"{tally.found['read'] + tally.found['counted'] + tally.found['uncounted']:,} read, "
        f"{tally.found['counted']:,} of them counted and {tally.found['uncounted']:,} refused a "
        f"count, {broken:,} broke the law\n"
        f"{known.bytes:,} strings of bytes: {known.bytes - read[0] - read[1]:,} refused, "
        f"{read[0]:,} read, {read[1]:,} broke the law\n"
        f"the slowest took {tally.slowest:.2f} s of CPU, all of them "
        f"{time.process_time() - begun:,.0f} s"
    )
    return int(bool(broken or read[1]))


def strings(count: int, seed: int, left: Path) -> tuple[int, int]:
    """How many strings of bytes, each a file of its own, are specs, and how many break the law."""
    read = broken = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.yaml"
        for number in range(count):
            content = random_bytes(random.Random(f"{seed}-bytes-{number}"))
            path.write_bytes(content)
            try:
                archdsl.load(path, imports=False)
                read += 1
            except archdsl.errors.ArchError as error:
                check(error)
            except Exception:
                broken += 1
                _leave(left / f"{seed}-bytes-{number}.yaml", content)
            _say(number + 1, count, "strings of bytes", broken)
    return read, broken


def _leave(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print(f"{path}\n{traceback.format_exc()}", file=sys.stderr)


def _say(done: int, total: int, what: str, broken: int) -> None:
    if done % 500 == 0:
        print(f"{done:,} of {total:,} {what}, {broken} broke the law", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
