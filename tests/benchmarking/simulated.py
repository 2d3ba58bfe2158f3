"""A machine whose clock the test turns: how slow it is follows from the time, and from chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from archdsl.benchmarking.measure import Times, measure
from archdsl.benchmarking.subject import Subject

Slowness = Callable[[float], float]
"""Of a time on the clock: how many times as long everything takes then."""

CPU = torch.device("cpu")


class Machine:
    """perf_counter() reads its clock, which a subject's pass moves on."""

    def __init__(self, slowness: Slowness, seed: int = 0, noise: float = 0.0) -> None:
        self.now = 0.0
        self.slowness = slowness
        self.noise = noise
        self.random = np.random.default_rng(seed)

    def perf_counter(self) -> float:
        return self.now

    def subject(self, seconds: float) -> Subject:
        """One whose pass takes so long on this machine where nothing slows it.

        One pass in twenty is held up by something else for as long as three more.
        """

        def step() -> None:
            luck = self.random.lognormal(0, self.noise) if self.noise else 1.0
            held_up = 3 if self.noise and self.random.random() < 0.05 else 0
            self.now += seconds * self.slowness(self.now) * (luck + held_up)

        return Subject(None, step, None)  # type: ignore[arg-type]


def measured(
    machine: Machine, seconds: list[float], monkeypatch: pytest.MonkeyPatch, *, rounds: int = 20
) -> list[Times]:
    """What is measured of subjects that take so long."""
    monkeypatch.setattr("archdsl.benchmarking.device.perf_counter", machine.perf_counter)
    subjects = [machine.subject(each) for each in seconds]
    return measure(subjects, CPU, rounds, 0.01, lambda now: None)
