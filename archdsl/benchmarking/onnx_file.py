"""A network as an ONNX file, and what runs one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from archdsl.compiler.builder import build
from archdsl.compiler.network import Network
from archdsl.errors import BenchError
from archdsl.exporters.traced.quiet import quiet

PACKAGES = ("onnx", "onnxscript", "onnxruntime")


def written(network: Network, batch: int) -> bytes:
    """The network as ONNX with fresh weights, in eval, for this batch.

    Raises BenchError where a package that this takes is missing.
    """
    for package in PACKAGES:
        try:
            importlib.import_module(package)
        except ImportError:
            raise BenchError(
                f"the form onnx needs the package {package}.  write  pip install "
                f"{' '.join(PACKAGES)}"
            ) from None
    model = build(network).eval()
    with quiet():
        made = torch.onnx.export(
            model, (torch.randn(batch, *network.input),), dynamo=True, verbose=False
        )
    assert made is not None
    return bytes(made.model_proto.SerializeToString())


def session(content: bytes, threads: int) -> Callable[[Tensor], Any]:
    """What runs an ONNX file by onnxruntime on the CPU, from images to what comes out."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # After a pass its threads would look out for work, in the time of whoever has the next turn.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3
    made = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (name,) = (one.name for one in made.get_inputs())

    def run(images: Tensor) -> Any:
        return made.run(None, {name: images.numpy()})

    return run
