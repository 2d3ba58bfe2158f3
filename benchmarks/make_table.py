"""Trains every member of `small_metaformers.yaml` with every seed and keeps every epoch.

    .venv/bin/python benchmarks/make_table.py [--workers 2] [--out runs/small_metaformers]
    .venv/bin/python benchmarks/make_table.py --pack

A finished member is one line, on disk before the next begins: stop it whenever, and the same
command goes on. Members come in a shuffled order, so that what is finished is a fair sample.
`--pack` writes the finished table beside this script.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# where `benchmarks` and an archdsl not installed lie
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.problem import key

HERE = Path(__file__).resolve().parent
SPACE = HERE / "small_metaformers.yaml"
TABLE = HERE / "small_metaformers.jsonl.gz"
SEEDS = (0, 1, 2)
NOISE = 0.15

# Maps of a few hundred kilobytes come and go in each call; left to itself, glibc gives their
# pages back and asks for them again.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**32),
    "MALLOC_TOP_PAD_": str(2**26),
}


def lines(folder: Path) -> Iterator[dict[str, Any]]:
    """What is finished; a last line that was cut off is not."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def work(folder: Path, shard: int, shards: int) -> None:
    """Train what is not finished, every `shards`-th member from number `shard`."""
    import torch

    import archdsl
    from archdsl.data.digits import Digits
    from benchmarks.training import Schedule, Task, train

    torch.set_num_threads(1)
    space = archdsl.space(SPACE)
    task = Task(Schedule(), SEEDS, Digits(noise=NOISE))
    members = list(space.enumerate())
    random.Random(0).shuffle(members)
    done = {key(line["decisions"]) for line in lines(folder)}
    left = [member for member in members if key(member.decisions) not in done][shard::shards]
    path = folder / f"{shard}-of-{shards}.jsonl"
    torn = path.exists() and not path.read_bytes().endswith(b"\n")
    with path.open("a") as file:
        file.write("\n" if torn else "")
        for member in left:
            begun = time.process_time()
            accuracy, loss = train(member, task)
            seconds = time.process_time() - begun
            cost = archdsl.count(member)
            line = {
                "decisions": dict(sorted(member.decisions.items())),
                "macs": cost.macs,
                "params": cost.params,
                "seconds": round(seconds, 3),
                "accuracy": rounded(accuracy),
                "loss": rounded(loss),
            }
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def rounded(curves: Any) -> list[list[float]]:
    """A list per seed of a number per epoch, to five places."""
    return [[round(value, 5) for value in curve] for curve in curves.tolist()]


def run(folder: Path, workers: int) -> int:
    """Share the work between processes, and say how far they are."""
    import archdsl

    folder.mkdir(parents=True, exist_ok=True)
    total = archdsl.space(SPACE).size
    command = [sys.executable, __file__, "--out", str(folder), "--shard"]
    processes = [
        subprocess.Popen([*command, f"{at}/{workers}"], env={**os.environ, **ENVIRONMENT})
        for at in range(workers)
    ]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the processes end, too
    before, begun = sum(1 for _ in lines(folder)), time.monotonic()
    try:
        while any(process.poll() is None for process in processes):
            time.sleep(10)
            done = sum(1 for _ in lines(folder))
            pace = (done - before) / (time.monotonic() - begun)
            eta = f"{(total - done) / pace / 60:.0f} min left" if pace else "no pace yet"
            print(f"{done}/{total} {eta}", flush=True)
    finally:
        for process in processes:
            process.terminate()
    return max(abs(process.wait()) for process in processes)


def pack(folder: Path) -> None:
    """Write the table, one member a line, sorted; refuse where members are missing."""
    import archdsl

    found = {key(line["decisions"]): line for line in lines(folder)}
    missing = archdsl.space(SPACE).size - len(found)
    if missing:
        raise SystemExit(f"{missing} members are not trained yet: run without --pack first")
    text = "".join(json.dumps(found[at], separators=(",", ":")) + "\n" for at in sorted(found))
    with TABLE.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text.encode())


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs/small_metaformers"))
    parser.add_argument("--workers", type=int, default=1, help="processes, one thread each")
    parser.add_argument("--pack", action="store_true", help="write the finished table")
    parser.add_argument("--shard", metavar="I/N", help="what the processes are started with")
    given = parser.parse_args()
    if given.pack:
        pack(given.out)
    elif given.shard:
        work(given.out, *map(int, given.shard.split("/")))
    else:
        return run(given.out, given.workers)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
