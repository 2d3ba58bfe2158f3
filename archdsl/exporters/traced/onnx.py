"""A network as an ONNX file."""

from __future__ import annotations

import io
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim

from archdsl.compiler.network import Network
from archdsl.errors import ExportError
from archdsl.exporters.registry import Files, Run
from archdsl.exporters.traced.captured import BATCH, EXAMPLE
from archdsl.exporters.traced.facts import IMAGES, facts, names_out
from archdsl.exporters.traced.module import module_of
from archdsl.exporters.traced.packages import converting, package
from archdsl.exporters.traced.quiet import quiet
from archdsl.exporters.wanted import Wanted

_MOST = 2**31 - 1
"""Bytes of one file of protobuf."""


def onnx(network: Network, wanted: Wanted) -> Files:
    """`NAME.onnx`, weights included, with a free batch.

    Raises ExportError where onnx or onnxscript is missing, for an opset that torch does not write,
    and for weights of more than two gigabytes.
    """
    for name in ("onnx", "onnxscript"):
        package("onnx", name, "onnx")
    module = module_of(network, wanted)
    if sum(tensor.nbytes for tensor in module.state_dict().values()) > _MOST:
        raise ExportError("onnx holds two gigabytes in a file, and these weights are more")
    opset = _opset(wanted.opset)
    with quiet(), converting("onnx", network, "onnx", "onnxscript"):
        written: Any = torch.onnx.export(
            module,
            (torch.zeros(EXAMPLE, *network.input),),
            dynamo=True,
            dynamic_shapes=({0: Dim(BATCH)},),
            input_names=[IMAGES],
            output_names=names_out(network, wanted),
            opset_version=opset,
            verbose=False,
        )
        written.model.metadata_props.update(facts(network, wanted))
        file = io.BytesIO()
        written.save(file)
    return {f"{network.name}.onnx": file.getvalue()}


def _opset(wanted: int | None) -> int | None:
    """Raises ExportError for one below those that torch writes, or above what onnx knows."""
    if wanted is None:
        return None
    newest: int = package("onnx", "onnx", "onnx").defs.onnx_opset_version()
    if not OLDEST <= wanted <= newest:
        raise ExportError(f"opset is {wanted}.  choose one of {OLDEST} to {newest}")
    return wanted


OLDEST = 18
"""The first opset that torch's exporter writes by itself."""


def run_onnx(files: Files) -> Run:
    """The file in onnxruntime, on the processor."""
    runtime = package("the check of onnx", "onnxruntime", "onnx")
    (content,) = files.values()
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = torch.get_num_threads()
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(images: Tensor) -> list[Tensor]:
        return [torch.from_numpy(one) for one in session.run(None, {IMAGES: images.numpy()})]

    return run
