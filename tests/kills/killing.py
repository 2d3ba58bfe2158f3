"""SIGKILL at a moment that is drawn; then the same command until it ends, and the same run."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.kills import searching

VICTIMS = ("driver", "worker", "both")

SIGNS: dict[str, str] = {
    "a line of the record": "record.jsonl",
    "a checkpoint": "trials/*/checkpoint*",
    "weights": "trials/*/weights.safetensors",
    "a checkpoint of the final round": "final/*/*/*/checkpoint*",
    "weights of the final round": "final/*/*/*/weights.safetensors",
    "the winner's spec": "best.yaml*",
    "the winner's weights": "best.safetensors*",
    "the winner's code": "best.py*",
    "the report": "report.html*",
}
"""What a kill waits for, so that it comes while that is written."""


def kill_once(out: Path, victim: str, draws: random.Random, **given: Any) -> str:
    """Search, kill somewhere, search to the end. Returns when the kill came, in words."""
    process = searching.start(out, **given)
    sign = draws.choice([None, *SIGNS])
    if sign is None:
        process.join(draws.uniform(0, 4))
    else:
        _wait_for(out, SIGNS[sign], draws.randint(1, 12), lambda: process.is_alive())
        process.join(draws.uniform(0, 0.02))
    found = searching.workers(out) if victim != "driver" else []
    for worker in draws.sample(found, min(1, len(found))):
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
    if victim != "worker":
        process.kill()
    process.join()
    when = "at some moment" if sign is None else f"beside {sign}"
    if process.exitcode != 0:
        process = searching.start(out, **given)
        process.join()
    assert process.exitcode == 0, f"{victim}, {when}: exit code {process.exitcode}"
    return when


def _wait_for(out: Path, pattern: str, changes: int, going: Callable[[], bool]) -> None:
    """Wait until files of a pattern have changed so often, or the search is over."""
    before = None
    while changes and going():
        now = tuple(_stamp(path) for path in sorted(out.glob(pattern)))
        changes -= now != before and bool(now)
        before = now
        time.sleep(0.001)


def _stamp(path: Path) -> tuple[str, int]:
    try:
        return path.name, path.stat().st_mtime_ns
    except OSError:
        return path.name, 0


def differences(out: Path, whole: Path) -> list[str]:
    """What is other in a run that was killed than in one that was not."""
    found = searching.twice(out)
    here, there = searching.told(out), searching.told(whole)
    if [trial["number"] for trial in here] != list(range(searching.TRIALS)):
        found.append(f"its trials are {[trial['number'] for trial in here]}")
    found += [
        f"trial {a['number']} is another" for a, b in zip(here, there, strict=False) if a != b
    ]
    if searching.jobs(out) != searching.jobs(whole):
        found.append("its jobs are others")
    if searching.anew(out) != searching.anew(whole):
        found.append("the final round is another")
    for name in ("best.yaml", "best.py", "best.safetensors"):
        if (out / name).read_bytes() != (whole / name).read_bytes():
            found.append(f"{name} is another")
    if not (out / "report.html").is_file():
        found.append("there is no report")
    left, kept = ({path.relative_to(run) for path in run.rglob("*")} for run in (out, whole))
    return found + [f"{path} is left over" for path in sorted(left - kept)]
