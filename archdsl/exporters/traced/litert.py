"""A network as a model of LiteRT, once TensorFlow Lite, for the processor of a telephone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor

from archdsl.compiler.network import Network
from archdsl.exporters.registry import Files, Run
from archdsl.exporters.traced.module import module_of
from archdsl.exporters.traced.packages import converting, package
from archdsl.exporters.traced.quiet import quiet
from archdsl.exporters.wanted import Wanted


def litert(network: Network, wanted: Wanted) -> Files:
    """`NAME.tflite`, for one image at a time.

    A free batch is what litert-torch (0.10) does not lower. Raises ExportError where the package
    is missing.
    """
    converter = package("litert", "litert_torch", "litert")
    module = module_of(network, wanted)
    taken = converting("litert", network, "litert-torch")
    with quiet(), taken, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{network.name}.tflite"
        converter.convert(module, (torch.zeros(1, *network.input),)).export(str(path))
        return {path.name: path.read_bytes()}


def run_litert(files: Files) -> Run:
    """The model in LiteRT's interpreter, one image after another."""
    (content,) = files.values()
    module = package("litert", "ai_edge_litert.interpreter", "litert")
    interpreter = module.Interpreter(model_content=content, num_threads=torch.get_num_threads())
    runner = interpreter.get_signature_runner()
    (name,) = runner.get_input_details()

    def one(image: Tensor) -> list[Tensor]:
        found = runner(**{name: image[None].numpy()})
        return [torch.from_numpy(found[key].copy()) for key in sorted(found, key=_number)]

    def run(images: Tensor) -> list[Tensor]:
        return [torch.cat(several) for several in zip(*map(one, images), strict=True)]

    return run


def _number(output: str) -> int:
    """Of `output_3`, 3."""
    return int(output.rpartition("_")[2])
