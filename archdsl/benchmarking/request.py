"""How something is to be timed, checked where it comes in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from archdsl import given
from archdsl.benchmarking.forms import TimedForm, form_of
from archdsl.benchmarking.workload import Mode
from archdsl.errors import BenchError
from archdsl.printable import shown

MOST = 1_000_000
"""Of images at once, threads and rounds: what is above is a slip of the hand."""

LONGEST = 3_600
"""Seconds of a turn."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for beside the specs.

    batches: images at once, in order; forms: without compiled ones
    threads: of torch, or as many as it has; seconds: that a turn takes at least
    """

    batches: tuple[int, ...]
    forms: tuple[TimedForm, ...]
    compile: bool
    mode: Mode
    device: str
    threads: int | None
    rounds: int
    seconds: float

    def forms_on(self, device: torch.device) -> list[tuple[TimedForm, bool]]:
        """The forms, each also compiled where that was asked for and is possible.

        Raises BenchError for a form that does not run on the device.
        """
        found: list[tuple[TimedForm, bool]] = []
        for form in self.forms:
            if form.module is None and device.type != "cpu":
                raise BenchError(f"form {form.name}: it runs on the cpu, and not on {device}.  "
                                 "leave one of them out")  # fmt: skip
            found.append((form, False))
            if self.compile and form.module is not None:
                found.append((form, True))
        return found


def checked(
    *,
    batch: object,
    form: object,
    compile: object,
    mode: object,
    device: object,
    threads: object,
    rounds: object,
    seconds: object,
) -> Request:
    """The request that a caller's values are. Raises BenchError for a value that is wrong."""
    forms = tuple(form_of(one) for one in _several("form", form))
    batches = tuple(_whole("batch", one) for one in _several("batch", batch))
    _once("batch", batches)
    _once("form", [one.name for one in forms])
    way = _mode(mode)
    compiles = given.truth("compile", compile, BenchError)
    if compiles and not any(one.module for one in forms):
        raise BenchError("compile is about torch's modules, and onnx is none.  leave one out")
    for one in forms:
        if way == "train" and not one.trains:
            raise BenchError(f"form {one.name}: it is not trained.  leave it out, or time it "
                             "in the mode eval")  # fmt: skip
    return Request(
        batches,
        forms,
        compiles,
        way,
        given.word("device", device, BenchError),
        None if threads is None else _whole("threads", threads),
        _whole("rounds", rounds),
        _seconds(seconds),
    )


def size_of(size: object) -> tuple[int, int]:
    """The height and width that a size is: one number for both, or two.

    Raises BenchError for anything else.
    """
    if isinstance(size, (list, tuple)) and len(size) == 2:
        height, width = size
        return _whole("size", height), _whole("size", width)
    if isinstance(size, int):
        both = _whole("size", size)
        return both, both
    raise BenchError(
        f"size is one number, or height and width, and not {shown(size)}.  write  32  or  (32, 48)"
    )


def _mode(value: object) -> Mode:
    word = given.word("mode", value, BenchError)
    if word == "eval":
        return "eval"
    if word == "train":
        return "train"
    raise BenchError(f"mode is eval or train, and not {shown(word)}.  choose one of them")


def _once(name: str, values: Sequence[object]) -> None:
    for one in values:
        if values.count(one) > 1:
            raise BenchError(f"{name} {one} is named twice.  name it once")


def _several(name: str, value: object) -> Sequence[object]:
    if isinstance(value, (list, tuple)):
        if not value:
            raise BenchError(f"{name} is empty.  name one, or leave it out")
        return value
    return [value]


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST:
        raise BenchError(f"{name} is an int from 1 to {MOST:,}, and not {shown(value)}")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST:
        return float(value)
    raise BenchError(f"seconds is a number from 0 to {LONGEST:,}, and not {shown(value)}")
