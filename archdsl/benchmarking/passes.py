"""What one pass is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.benchmarking.workload import Mode


def passes_of(
    module: nn.Module, run: Callable[[Tensor], Any], images: Tensor, mode: Mode
) -> Callable[[], Any]:
    """What makes a pass. run: the module itself, or what a compiler made of it"""
    return _forward(run, images) if mode == "eval" else _there_and_back(module, run, images)


def _forward(run: Callable[[Tensor], Any], images: Tensor) -> Callable[[], Any]:
    @torch.no_grad()
    def step() -> Any:
        return run(images)

    return step


def _there_and_back(
    module: nn.Module, run: Callable[[Tensor], Any], images: Tensor
) -> Callable[[], Any]:
    """Forward and backward to the gradient of every parameter, which then goes; no optimiser."""

    def step() -> None:
        with torch.enable_grad():
            run(images).square().mean().backward()
        for parameter in module.parameters():
            parameter.grad = None

    return step
