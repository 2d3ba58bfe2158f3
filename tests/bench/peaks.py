"""Memory of a pass by torch's allocator, and by how much the process grows, in fresh processes.

    .venv/bin/python -m tests.bench.peaks

Prints the table of docs/bench.md: MB of weights, images and what a pass makes, as `archdsl bench`
has them, and of the resident set before the network is made and at its largest in the first pass.
Linux alone says the latter.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import torch

import archdsl
from archdsl.benchmarking.forms import FORMS
from archdsl.benchmarking.subject import made
from archdsl.benchmarking.workload import Workload

ROWS = (("digits", 1), ("digits", 64), ("poolformer_s12", 8), ("caformer_s18", 8),
        ("swin_tiny", 4), ("convnext_tiny", 8))  # fmt: skip
PROCESSES = 3


def status(name: str) -> float:
    """A line of this process's status, in MB."""
    found = re.search(rf"^{name}:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def resident(spec: str, batch: int) -> float:
    """By how much the process grows."""
    torch.nn.Conv2d(8, 8, 3)(torch.randn(2, 8, 32, 32))  # what libraries load once
    network = archdsl.load(spec).network()
    before = status("VmRSS")
    model, images = archdsl.build(spec).eval(), torch.randn(batch, *network.input)
    Path("/proc/self/clear_refs").write_text("5")
    with torch.no_grad():
        model(images)
    return status("VmHWM") - before


def main() -> None:
    """Measure and print."""
    print("| spec | batch | tensors | resident set |")
    print("|---|---|---|---|")
    for spec, batch in ROWS:
        command = [sys.executable, "-m", "tests.bench.peaks", spec, str(batch)]
        grown = sorted(float(subprocess.check_output(command)) for _ in range(PROCESSES))
        network = archdsl.load(spec).network()
        workload = Workload(spec, network, None, FORMS["built"], False, batch, "eval")
        tensors = (made(workload, torch.device("cpu")).memory or 0) / 1e6
        print(
            f"| {spec} | {batch} | {tensors:.1f} | {grown[0]:.0f} to {grown[-1]:.0f} |", flush=True
        )


if __name__ == "__main__":
    if sys.argv[1:]:
        print(resident(sys.argv[1], int(sys.argv[2])))
    else:
        main()
