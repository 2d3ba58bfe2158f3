"""Run an ONNX file in a process of its own, and write down by how many bytes that made it larger.

    python onnx_process.py FILE ANSWER THREADS BATCH CHANNELS HEIGHT WIDTH

It imports numpy and onnxruntime alone, before it looks for the first time. What making the session
took for a moment is left out: the most is forgotten before the passes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import onnxruntime

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def bytes_of(name: str) -> int:
    """A line of the process's status, in bytes."""
    found = re.search(rf"^{name}:\s*(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def main(file: str, threads: int, shape: list[int]) -> int:
    """How many bytes."""
    images = np.random.default_rng(0).standard_normal(shape, np.float32)
    before = bytes_of("VmRSS") - images.nbytes
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    FORGET.write_text("5")  # the largest resident set so far
    for _ in range(2):
        session.run(None, {session.get_inputs()[0].name: images})
    return bytes_of("VmHWM") - before


if __name__ == "__main__":
    model, answer, *numbers = sys.argv[1:]
    Path(answer).write_text(str(main(model, int(numbers[0]), list(map(int, numbers[1:])))))
