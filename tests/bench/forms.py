"""How shipped families leave in each form: how far what comes out is from the model.

    .venv/bin/python -m tests.bench.forms --to code,program,onnx [--fused] [--whole] [NAME ...]

A member of each family with a block or two a stage, on images of 64x96, unless `--whole` asks for
the shipped model as it is; weights as a training leaves them, the 16 images of the gate. A figure
is the largest difference as a share of the largest number out of the model, over logits and over
the maps of all stages.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import time
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

import archdsl
from archdsl.compiler.network import Network
from archdsl.errors import ExportError
from archdsl.exporters.gate import drawn
from archdsl.exporters.gate.compare import compared
from archdsl.exporters.registry import ExportForm, NotRunHere, Open, find
from archdsl.exporters.traced.module import module_of
from archdsl.exporters.wanted import Wanted
from tests.exporters.gate.networks import weights
from tests.tools.models import FAMILIES, small

MODELS = (*FAMILIES, "others")


def row(name: str, forms: Sequence[ExportForm], *, fused: bool, whole: bool) -> str:
    """A line of the table."""
    spec = archdsl.load(name) if whole else small(name)
    network = spec.network()
    state = weights(network)
    cells = [cell(form, network, state, fused=fused) for form in forms]
    return " | ".join([f"| `{name}`", ", ".join(mixers(network)), *cells]) + " |"


def mixers(network: Network) -> list[str]:
    """The types of the token mixers, each once."""
    found = dict[str, None]()
    for block in network.blocks():
        for branch in block.branches:
            for mixer in branch.mixers if branch.role == "token" else ():
                nested = {part.type for part in mixer.component.nested()}
                dynamic = " (dynamic)" if "dynamic" in nested else ""
                found[f"{mixer.component.type}{dynamic}"] = None
    return list(found) or ["none"]


def cell(form: ExportForm, network: Network, state: dict[str, Tensor], *, fused: bool) -> str:
    """The largest share for a form, and the seconds that it took; or why it does not leave."""
    shares, begun = [], time.process_time()
    stages = tuple(range(len(network.stages)))
    for features in (None, stages) if "features" in form.carries else (None,):
        wanted = Wanted(state, None, features, fused and "fused" in form.carries)
        given = wanted if form.carries_weights else dataclasses.replace(wanted, weights=None)
        try:
            files = form.files(network, given)
            told = Open(network, module_of(network, wanted).state_dict())
            model = module_of(network, dataclasses.replace(wanted, fused=False))
            images = drawn(network).pixels
            found = compared(form.opened(files, told), model, images, classes=False)
        except NotRunHere:
            continue
        except ExportError as error:
            return f"refused: {error}"
        if found.problem:
            return found.problem
        shares.append(found.largest / found.of if found.of else found.largest)
    if not shares:
        return f"converted ({time.process_time() - begun:.0f} s)"
    return f"{max(shares):.0e} ({time.process_time() - begun:.0f} s)"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", default=MODELS)
    parser.add_argument("--to", default="code,program,onnx")
    parser.add_argument("--fused", action="store_true")
    parser.add_argument("--whole", action="store_true")
    known = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    forms = [find(name) for name in known.to.split(",")]
    print(f"| model | token mixers | {' | '.join(form.name for form in forms)} |")
    print("|---|---|" + "---|" * len(forms), flush=True)
    for name in known.names:
        print(row(name, forms, fused=known.fused, whole=known.whole), flush=True)


if __name__ == "__main__":
    main()
