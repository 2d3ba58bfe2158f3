"""From what was asked for to what was measured."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch

from archdsl.benchmarking.device import called, device_of
from archdsl.benchmarking.latency import latency
from archdsl.benchmarking.measure import Times, Told, measure
from archdsl.benchmarking.ratio import LEAST_ROUNDS, times_as_fast
from archdsl.benchmarking.request import Request
from archdsl.benchmarking.result import Benchmark
from archdsl.benchmarking.row import TimedSubject
from archdsl.benchmarking.subject import Subject, made
from archdsl.benchmarking.workload import Mode, Workload
from archdsl.cost import count
from archdsl.errors import CountError
from archdsl.specification import Spec
from archdsl.study.identity.setup import machine, versions


def benchmark(specs: Sequence[tuple[str, Spec]], request: Request, told: Told) -> Benchmark:
    """Time every spec in every form at every batch, those of one batch in turn with each other.

    specs: what each is called, and the spec; a space stands for its default member
    Raises BenchError for a subject that cannot be made or run, before the first of its batch is
    timed.
    """
    device = device_of(request.device)
    notes: list[str] = []
    plans = list(_asked(specs, request, device, notes, told))
    rows: list[TimedSubject] = []
    gpus = [device] if device.type == "cuda" else []
    # Whatever mode the caller is in: weights that are made in inference mode cannot be trained.
    with (
        torch.inference_mode(False),
        torch.random.fork_rng(devices=gpus),
        _threads(request.threads),
    ):
        settings, here = _settings(request, device), _machine(device)
        for batch in request.batches:
            subjects = []
            for one in (plan for plan in plans if plan.batch == batch):
                told(f"making {one.label} for a batch of {batch:,}")
                torch.manual_seed(0)
                subjects.append(made(one, device))
            times = measure(subjects, device, request.rounds, request.seconds, told)
            rows += _rows(subjects, times)
            del subjects
    notes += _notes(rows, request)
    return Benchmark(tuple(rows), settings, here, tuple(dict.fromkeys(notes)))


def _asked(
    specs: Sequence[tuple[str, Spec]],
    request: Request,
    device: torch.device,
    notes: list[str],
    told: Told,
) -> Iterator[Workload]:
    """All subjects: of each spec every form, as it is and compiled. Adds what is to be noted."""
    forms = request.forms_on(device)
    for called_so, spec in specs:
        told(f"counting {called_so}")
        network, cost = spec.network(), None
        try:
            cost = count(network)
        except CountError as error:
            notes.append(f"{called_so}: not counted: {error}")
        if spec.is_space:
            notes.append(f"{called_so}: a space, timed at its default member")
        for batch, (form, compiled) in itertools.product(request.batches, forms):
            yield Workload(called_so, network, cost, form, compiled, batch, request.mode)


def _rows(subjects: Sequence[Subject], times: Sequence[Times]) -> Iterator[TimedSubject]:
    for subject, its in zip(subjects, times, strict=True):
        workload, cost = subject.workload, subject.workload.cost
        first = subject is subjects[0]
        yield TimedSubject(
            spec=workload.spec,
            name=workload.network.name,
            form=workload.form.name,
            compiled=workload.compiled,
            batch=workload.batch,
            input=workload.network.input,
            macs=None if cost is None else cost.macs,
            params=None if cost is None else cost.params,
            images_per_second=workload.batch / median(its.rounds),
            seconds=tuple(its.rounds),
            passes=len(its.passes),
            latency=latency(its.passes),
            memory=subject.memory,
            ratio=None if first else times_as_fast(times[0].rounds, its.rounds),
        )


def _notes(rows: Sequence[TimedSubject], request: Request) -> Iterator[str]:
    sizes = dict.fromkeys("×".join(map(str, row.input)) for row in rows)
    if len(sizes) > 1:
        yield f"the images differ: {', '.join(sizes)}.  --size gives all of them one size"
    if any(row.form == "onnx" and row.memory is not None for row in rows):
        yield (
            "memory of onnx is by how much a process of its own grows, the library's own part of "
            "it included; of the others it is that of tensors"
        )
    if len(rows) > len(request.batches) and request.rounds < LEAST_ROUNDS:
        yield f"fewer than {LEAST_ROUNDS} rounds tell nothing apart"


def _settings(request: Request, device: torch.device) -> dict[str, Any]:
    mode: Mode = request.mode
    return {
        "mode": mode,
        "device": str(device),
        "threads": torch.get_num_threads(),
        "rounds": request.rounds,
        "seconds": request.seconds,
    }


_OF_HERE = ("system", "processor", "cpu", "instructions", "cpus")
_VERSIONS = ("archdsl", "python", "torch")


def _machine(device: torch.device) -> dict[str, str]:
    here, there = machine(), versions()
    return {
        "device": called(device),
        **{name: here[name] for name in _OF_HERE},
        **{name: there[name] for name in _VERSIONS},
    }


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if number is not None:
        torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
