"""A network as a model package of Core ML."""

from __future__ import annotations

import contextlib
import io
import tempfile
import zipfile
from pathlib import Path

import torch

from archdsl.compiler.network import Network
from archdsl.exporters.registry import Files, NotRunHere, Run
from archdsl.exporters.traced.facts import IMAGES, facts, names_out
from archdsl.exporters.traced.module import module_of
from archdsl.exporters.traced.packages import converting, package, version
from archdsl.exporters.traced.quiet import quiet
from archdsl.exporters.wanted import Wanted


def coreml(network: Network, wanted: Wanted) -> Files:
    """`NAME.mlpackage.zip`, a model package in a zip, for one image at a time, in 32 bits.

    A free batch is what coremltools (9.0) does not convert of group norms and of shifting windows.
    Fused attention and what else it does not know is taken apart into torch's core operators.
    Raises ExportError where the package is missing.
    """
    tools = package("coreml", "coremltools", "coreml")
    module = module_of(network, wanted)
    name = f"{network.name}.mlpackage"
    bars = contextlib.redirect_stderr(io.StringIO())  # of its own progress
    taken = converting("coreml", network, "coremltools")
    with quiet(), bars, taken, tempfile.TemporaryDirectory() as folder:
        program = torch.export.export(module, (torch.zeros(1, *network.input),), strict=False)
        model = tools.convert(
            program.run_decompositions(),
            inputs=[tools.TensorType(name=IMAGES, shape=(1, *network.input))],
            outputs=[tools.TensorType(name=_named(out)) for out in names_out(network, wanted)],
            minimum_deployment_target=tools.target.iOS17,
            compute_precision=tools.precision.FLOAT32,
            skip_model_load=True,
        )
        model.user_defined_metadata.update(facts(network, wanted))
        path = Path(folder) / name
        model.save(str(path))
        return {f"{name}.zip": _zipped(path)}


def _named(out: str) -> str:
    """A name of what comes out as Core ML takes it, an identifier."""
    return out.replace(".", "_")


def _zipped(package_folder: Path) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(package_folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{package_folder.name}/{path.relative_to(package_folder)}")
    return file.getvalue()


def run_coreml(files: Files) -> Run:
    """See that the package can be read. Raises NotRunHere: only macOS runs it."""
    tools = package("coreml", "coremltools", "coreml")
    ((name, content),) = files.items()
    assert isinstance(content, bytes), "a zip is no text"
    with quiet(), tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
        path = Path(folder) / name.removesuffix(".zip")
        tools.models.MLModel(str(path), skip_model_load=True)
    raise NotRunHere(
        f"what the model of Core ML says of images, as macOS alone runs it.  that coremltools "
        f"{version('coremltools')} converts the network and reads the package again was seen"
    )
