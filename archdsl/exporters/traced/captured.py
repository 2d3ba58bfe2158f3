"""A module as a program of torch.export that takes any number of images."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.export import Dim, ExportedProgram

from archdsl.compiler.network import Network

BATCH = "batch"
"""The name of the axis of images, where a form names its axes."""

EXAMPLE = 2
"""Images that a module is traced with: of one, torch takes the number to be fixed."""


def captured(module: nn.Module, network: Network, most: int | None = None) -> ExportedProgram:
    """The program. most: images at a time that it is to take, None for any number."""
    images = torch.zeros(EXAMPLE, *network.input)
    with quiet():
        return torch.export.export(
            module, (images,), dynamic_shapes=({0: Dim(BATCH, max=most)},), strict=False
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what torch and converters say of their own parts."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(before)
