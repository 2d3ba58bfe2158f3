"""How much memory there is, and how much is said in words."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def free() -> int:
    """Bytes that a process can still have, by what the system says.

    Of a control group (cgroup v2) its limit counts. Where nothing is said it is 2**62.
    """
    found = [1 << 62]
    with contextlib.suppress(OSError, ValueError, AttributeError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text("ascii").split("\n")
        said = next(line for line in lines if line.startswith("MemAvailable:"))
        found.append(int(said.split()[1]) * 1024)
    with contextlib.suppress(OSError, ValueError):
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    return min(found)


def oom_kills() -> int:
    """How many processes of this control group the system has ended for want of memory so far."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/sys/fs/cgroup/memory.events").read_text("ascii").split("\n")
        said = next(line for line in lines if line.startswith("oom_kill "))
        return int(said.split()[1])
    return 0


def written(size: int) -> str:
    """Bytes for people: 3.1 GB, 160 MB, 12.3 kB, 5 bytes."""
    if size >= 10**18:
        return "over a million TB"
    for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            digits = 1 if size < 100 * unit else 0
            return f"{size / unit:,.{digits}f} {name}"
    return "1 byte" if size == 1 else f"{size} bytes"


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect no garbage meanwhile: of what is made at once and kept, there is none to be found."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
