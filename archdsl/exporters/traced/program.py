"""A network as a program of torch.export, in one file that torch loads."""

from __future__ import annotations

import io

import torch

from archdsl.compiler.network import Network
from archdsl.exporters.registry import Files, Run
from archdsl.exporters.traced.captured import captured
from archdsl.exporters.traced.facts import facts
from archdsl.exporters.traced.module import module_of
from archdsl.exporters.traced.packages import converting
from archdsl.exporters.traced.quiet import quiet
from archdsl.exporters.wanted import Wanted


def program(network: Network, wanted: Wanted) -> Files:
    """`NAME.pt2`, for `torch.export.load`; what is known of the images is in its extra files."""
    module = module_of(network, wanted)
    file = io.BytesIO()
    with quiet(), converting("program", network):
        made = captured(module, network)
        torch.export.save(made, file, extra_files=facts(network, wanted))
    return {f"{network.name}.pt2": file.getvalue()}


def run_program(files: Files) -> Run:
    """The program, loaded as anybody loads it."""
    (content,) = files.values()
    assert isinstance(content, bytes), "a program is no text"
    with quiet():
        return torch.export.load(io.BytesIO(content)).module()
