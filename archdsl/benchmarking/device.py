"""Devices by name, and how long something takes on one."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import torch

from archdsl import given
from archdsl.errors import BenchError
from archdsl.printable import shown

KINDS = ("cpu", "cuda", "mps")


def device_of(name: object) -> torch.device:
    """The device of a name: `cpu`, `cuda`, `cuda:1`, `mps`.

    Raises BenchError for another name, and for a device that is not here.
    """
    try:
        device = torch.device(given.word("device", name, BenchError))
    except RuntimeError:
        device = None
    if device is None or device.type not in KINDS or (device.type != "cuda" and device.index):
        raise BenchError(
            f"device is cpu, cuda, cuda:N or mps, and not {shown(name)}.  choose one of them"
        )
    here = _how_many(device.type)
    if here == 0:
        why = f"torch {torch.__version__} finds none"
        raise BenchError(f"device {device}: {why}.  leave it out, or write  --device cpu")
    if device.index is not None and device.index >= here:
        numbers = " ".join(f"{device.type}:{number}" for number in range(here))
        raise BenchError(f"device {device}: there is none of this number.  choose from: {numbers}")
    return device


def _how_many(kind: str) -> int:
    if kind == "cuda":
        return torch.cuda.device_count() if torch.cuda.is_available() else 0
    return int(kind == "cpu" or torch.backends.mps.is_available())


def called(device: torch.device) -> str:
    """What a device is, for people: `NVIDIA H100`, `mps`; the processor's instructions on a CPU."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu":
        return f"cpu ({torch.backends.cpu.get_cpu_capability()})"
    return device.type


def waited_for(device: torch.device) -> None:
    """Wait for what a device still does."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def seconds_of(work: Callable[[], Any], device: torch.device) -> float:
    """How long a piece of work takes, from an idle device to an idle device."""
    waited_for(device)
    begun = perf_counter()
    work()
    waited_for(device)
    return perf_counter() - begun
