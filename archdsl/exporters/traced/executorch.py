"""A network as a program of ExecuTorch, for XNNPACK on the processor of a telephone or a board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from archdsl.compiler.network import Network
from archdsl.exporters.registry import Files, Run
from archdsl.exporters.traced.captured import captured
from archdsl.exporters.traced.module import module_of
from archdsl.exporters.traced.packages import converting, package
from archdsl.exporters.traced.quiet import quiet
from archdsl.exporters.wanted import Wanted

MOST = 16
"""Images at a time: the program keeps memory for that many."""


def executorch(network: Network, wanted: Wanted) -> Files:
    """`NAME.pte`, for up to `MOST` images at a time.

    Maps are contiguous in it, as few of ExecuTorch's own operators take another memory. Fused
    attention is taken apart into products by its lowering. Raises ExportError where the package
    is missing.
    """
    exir = _package("exir")
    partitioner = _package("backends.xnnpack.partition.xnnpack_partitioner").XnnpackPartitioner
    module = module_of(network, wanted)
    with quiet(), converting("executorch", network, "executorch"):
        program = captured(module, network, most=MOST, plain=True)
        lowered = exir.to_edge_transform_and_lower(
            program,
            partitioner=[partitioner()],
            # its verifier (1.5) takes a free batch for the number that it was traced with
            compile_config=exir.EdgeCompileConfig(_check_ir_validity=False),
        ).to_executorch()
    return {f"{network.name}.pte": bytes(lowered.buffer)}


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A method of a loaded program. Its memory is that of the bytes, which have to stay."""

    content: bytes
    program: Any
    method: Any

    def __call__(self, images: Tensor) -> list[Tensor]:
        """(B, C, H, W) to what comes out, in memory of its own."""
        return [one.clone() for one in self.method.execute([images.contiguous()])]


def run_executorch(files: Files) -> Run:
    """The program in ExecuTorch's own runtime, as its package brings it for this processor."""
    (content,) = files.values()
    assert isinstance(content, bytes), "a program is no text"
    program = _package("runtime").Runtime.get().load_program(content)
    return _Loaded(content, program, program.load_method("forward"))


def _package(module: str) -> Any:
    return package("executorch", f"executorch.{module}", "executorch")
