"""The most memory that a pass takes.

On a GPU torch says it. On a CPU torch's profiler gives every allocation, and the largest sum of
them is the same figure: bytes of tensors, to the byte the same each time. The resident set of the
process says something else: it has code pages and the libraries' own buffers in it, differs from
one process to the next, and stays where it was after a pass that took more (docs/bench.md has both
beside each other; `tests/bench/peaks.py` measures them).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from archdsl.benchmarking.device import waited_for


def peak(work: Callable[[], Any], held: int, device: torch.device) -> int | None:
    """The most bytes of tensors at one moment of a piece of work; None where nothing says it.

    held: bytes that are there before it begins and belong to it: weights and images
    """
    if device.type == "cuda":
        waited_for(device)
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        work()
        waited_for(device)
        return held + torch.cuda.max_memory_allocated(device) - before
    if device.type != "cpu":
        work()
        return None
    return held + _most(_allocations(work))


def _most(sizes: Iterator[int]) -> int:
    """The largest sum of a beginning; allocations are above zero, and what is given back below."""
    most = now = 0
    for size in sizes:
        now += size
        most = max(most, now)
    return most


def _allocations(work: Callable[[], Any]) -> Iterator[int]:
    """Bytes that torch's allocator gave or took back on the CPU, in order."""
    from torch.profiler import ProfilerActivity, profile

    with _silent_profiler():
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
            work()
        with tempfile.TemporaryDirectory() as folder:
            trace = Path(folder) / "trace.json"
            profiled.export_chrome_trace(str(trace))
            events = json.loads(trace.read_bytes())["traceEvents"]
    found = [one for one in events if one.get("name") == "[memory]"]
    return (
        int(one["args"]["Bytes"])
        for one in sorted(found, key=lambda one: float(one["ts"]))
        if one["args"]["Device Type"] == 0
    )


@contextmanager
def _silent_profiler() -> Iterator[None]:
    """Otherwise its library writes to standard error when it begins and when it ends."""
    name, before = "KINETO_LOG_LEVEL", os.environ.get("KINETO_LOG_LEVEL")
    os.environ[name] = before or "99"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]


def resident_peak(content: bytes, threads: int, shape: tuple[int, ...]) -> int | None:
    """By how many bytes running an ONNX file makes the resident set of a process larger.

    onnxruntime tells nobody what it allocates, so that it runs in a process of its own. None where
    the system does not say how large a process was (it does on Linux).
    """
    with tempfile.TemporaryDirectory() as folder:
        file, answer = Path(folder) / "model.onnx", Path(folder) / "bytes"
        file.write_bytes(content)
        program = Path(__file__).with_name("onnx_process.py")
        command = [sys.executable, program, file, answer, threads, *shape]
        subprocess.run(list(map(str, command)), capture_output=True)
        return int(answer.read_text()) if answer.is_file() else None
