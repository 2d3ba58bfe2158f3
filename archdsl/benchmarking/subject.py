"""What is timed, made: weights, images, and what a pass is."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.benchmarking import forms, onnx_file
from archdsl.benchmarking.passes import passes_of
from archdsl.benchmarking.peak import peak, resident_peak
from archdsl.benchmarking.room import refuse_too_much
from archdsl.benchmarking.workload import Workload
from archdsl.errors import ArchError, BenchError
from archdsl.training.failures import first_line, is_out_of_memory

MANY = 10_000
"""Compiled subjects that may share the code of their classes."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A network that can be run. step: one pass; memory: the most bytes that one takes."""

    workload: Workload
    step: Callable[[], Any]
    memory: int | None


def made(workload: Workload, device: torch.device) -> Subject:
    """The subject, run once or twice. Raises BenchError where it cannot be made, or fails."""
    with in_words(workload), warnings.catch_warnings():
        if workload.compiled:
            warnings.simplefilter("ignore")  # the compiler's, about its own insides
        if device.type == "cpu":
            refuse_too_much(workload)
        if workload.form.module is None:
            return _of_a_file(workload)
        return _of_a_module(workload, workload.form.module(workload.network), device)


def _of_a_module(workload: Workload, module: nn.Module, device: torch.device) -> Subject:
    module = module.to(device).train(workload.mode == "train")
    images = torch.randn(workload.batch, *workload.network.input).to(device)
    run: Callable[[Tensor], Any] = module
    if workload.compiled:
        run = torch.compile(module, dynamic=False)
    step = passes_of(module, run, images, workload.mode)
    if workload.compiled:
        with each_compiled():
            step()  # what the compiler takes is no part of a pass
    held = sum(t.nbytes for t in (*module.parameters(), *module.buffers(), images))
    # The first pass, where nothing is compiled: what a module works out once in eval is in it.
    return Subject(workload, step, peak(step, held, device))


@contextmanager
def each_compiled() -> Iterator[None]:
    """Have torch.compile compile every subject, or fail.

    Subjects share the code of their classes, and after eight of those that share it the compiler
    would run a further one as it is, with a line in a log.
    """
    import torch._dynamo

    with torch._dynamo.config.patch(
        recompile_limit=MANY, accumulated_recompile_limit=MANY, fail_on_recompile_limit_hit=True
    ):
        yield


def _of_a_file(workload: Workload) -> Subject:
    threads = torch.get_num_threads()
    shape = (workload.batch, *workload.network.input)
    content = forms.content_of(workload.form, workload.network, workload.batch)
    run, images = onnx_file.session(content, threads), torch.randn(shape)
    run(images)
    return Subject(workload, lambda: run(images), resident_peak(content, threads, shape))


@contextmanager
def in_words(workload: Workload) -> Iterator[None]:
    """What a network, a compiler or a device raises, as a BenchError."""
    try:
        yield
    except ArchError:
        raise
    except Exception as error:  # whatever a user's own forward, or a compiler, raises
        if is_out_of_memory(error):
            problem, cure = "runs out of memory", "choose a smaller  batch"
        elif workload.compiled:
            problem = f"cannot be compiled or run ({first_line(error)})"
            cure = "torch.compile needs a C++ compiler on a CPU; leave  compile  out"
        else:
            problem, cure = f"cannot be run ({first_line(error)})", "mend it, or leave it out"
        times = f"a batch of {workload.batch:,} in {workload.mode}"
        raise BenchError(f"{workload.label}: {times} {problem}.  {cure}") from error
