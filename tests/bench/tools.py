"""How long models take to leave by torch.export and as ONNX, and what the ONNX file says.

    .venv/bin/python -m tests.bench.tools [--optimize no] [NAME ...]

CPU seconds of one process with one thread, the machine otherwise in whatever state; the largest
difference between onnxruntime's outputs and the model's, at a batch that was not exported.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
import warnings
from pathlib import Path

import onnxruntime
import torch
from torch.export import Dim

import archdsl
from tests.tools.models import SHIPPED, built, images


def row(name: str, *, optimize: bool) -> str:
    """A line of the table."""
    spec = archdsl.load(name)
    model, x = built(spec), images(spec, 2)
    begun = time.process_time()
    program = torch.export.export(model, (x,), dynamic_shapes=({0: Dim("batch")},))
    exported = time.process_time() - begun
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        written = torch.onnx.export(
            model, (x,), dynamo=True, dynamic_shapes=({0: Dim("batch")},), verbose=False,
            optimize=optimize,
        )  # fmt: skip
        assert written is not None, "it is given for dynamo=True"
        taken = time.process_time() - begun
        written.save(path, external_data=True)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        three = images(spec, 3)
        said = session.run(None, {session.get_inputs()[0].name: three.numpy()})[0]
    with torch.no_grad():
        off = float((model(three) - torch.from_numpy(said)).abs().max())
    nodes = len(program.graph.nodes)
    return f"| {name} | {nodes:,} | {exported:.0f} | {taken:.0f} | {off:.1e} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", default=[path.stem for path in SHIPPED])
    parser.add_argument("--optimize", choices=["yes", "no"], default="yes")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    print("| model | operators | torch.export, s | ONNX, s | largest difference |")
    print("|---|---|---|---|---|", flush=True)
    for name in given.names:
        print(row(name, optimize=given.optimize == "yes"), flush=True)


if __name__ == "__main__":
    main()
