"""The forms that come with archdsl. What makes them needs torch, and is imported when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archdsl.compiler.network import Network
from archdsl.data.preprocessing import Preprocessing
from archdsl.errors import CountError, ExportError
from archdsl.exporters.registry import Files, Run, form
from archdsl.exporters.wanted import Wanted

if TYPE_CHECKING:
    from torch import Tensor


def _run_code(files: Files, network: Network, state: Mapping[str, Tensor]) -> Run:
    from archdsl.exporters.run_code import run_code

    return run_code(files, network, state)


@form("code", run=_run_code, tolerance=0)
def _code(
    network: Network,
    preprocessing: Preprocessing | None = None,
    features: tuple[int, ...] | None = None,
    fused: bool = False,
) -> Files:
    """one Python file that imports torch alone"""
    from archdsl.cost import Misshapen, count
    from archdsl.exporters.code import code

    try:
        cost = count(network)
    except Misshapen as error:  # what leaves would not run
        raise ExportError(str(error)) from None
    except CountError:  # only the first line of the file would have told
        text = code(network, preprocessing, features=features, fused=fused)
    else:
        whole = features is None  # the figures are of that
        macs, params = (cost.macs, cost.params) if whole else (None, None)
        text = code(
            network, preprocessing, features=features, fused=fused, macs=macs, params=params
        )
    return {f"{network.name}.py": text}


def _run_program(files: Files) -> Run:
    from archdsl.exporters.traced.program import run_program

    return run_program(files)


@form("program", run=_run_program)
def _program(
    network: Network,
    weights: Mapping[str, Tensor] | None = None,
    preprocessing: Preprocessing | None = None,
    features: tuple[int, ...] | None = None,
    fused: bool = False,
) -> Files:
    """a program of torch.export with its weights, for torch.export.load"""
    from archdsl.exporters.traced.program import program

    return program(network, Wanted(weights, preprocessing, features, fused))


def _run_onnx(files: Files) -> Run:
    from archdsl.exporters.traced.onnx import run_onnx

    return run_onnx(files)


@form("onnx", run=_run_onnx, tolerance=2e-5)
def _onnx(
    network: Network,
    weights: Mapping[str, Tensor] | None = None,
    preprocessing: Preprocessing | None = None,
    features: tuple[int, ...] | None = None,
    fused: bool = False,
    opset: int | None = None,
) -> Files:
    """an ONNX file with its weights"""
    from archdsl.exporters.traced.onnx import onnx

    return onnx(network, Wanted(weights, preprocessing, features, fused, opset))


def _run_executorch(files: Files) -> Run:
    from archdsl.exporters.traced.executorch import run_executorch

    return run_executorch(files)


@form("executorch", run=_run_executorch, tolerance=5e-5)
def _executorch(
    network: Network,
    weights: Mapping[str, Tensor] | None = None,
    features: tuple[int, ...] | None = None,
    fused: bool = False,
) -> Files:
    """a program of ExecuTorch for XNNPACK, with its weights, for 16 images at most"""
    from archdsl.exporters.traced.executorch import executorch

    return executorch(network, Wanted(weights, None, features, fused))


def _run_litert(files: Files) -> Run:
    from archdsl.exporters.traced.litert import run_litert

    return run_litert(files)


@form("litert", run=_run_litert, tolerance=5e-5)
def _litert(
    network: Network,
    weights: Mapping[str, Tensor] | None = None,
    features: tuple[int, ...] | None = None,
    fused: bool = False,
) -> Files:
    """a model of LiteRT with its weights, for one image at a time"""
    from archdsl.exporters.traced.litert import litert

    return litert(network, Wanted(weights, None, features, fused))


def _run_coreml(files: Files) -> Run:
    from archdsl.exporters.traced.coreml import run_coreml

    return run_coreml(files)


@form("coreml", run=_run_coreml)
def _coreml(
    network: Network,
    weights: Mapping[str, Tensor] | None = None,
    preprocessing: Preprocessing | None = None,
    features: tuple[int, ...] | None = None,
    fused: bool = False,
) -> Files:
    """a zipped model package of Core ML with its weights, for one image at a time"""
    from archdsl.exporters.traced.coreml import coreml

    return coreml(network, Wanted(weights, preprocessing, features, fused))
