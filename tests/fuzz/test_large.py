"""Reading a spec takes less than two seconds of CPU, whatever the limits of a file let it hold."""

from __future__ import annotations

import time

import pytest

import archdsl
from archdsl.errors import ArchError
from tests.fuzz.large import LARGE
from tests.fuzz.law import check

SECONDS = 2.0

CALIBRATION = 0.05
"""Seconds of CPU that `loop` takes on the machine on which the limits were chosen (one core of an
x86-64 of 2026, Python 3.11); on one that takes longer for it, a spec may take longer, too."""


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """What loading imports is imported."""
    archdsl.load("poolformer_s12")


def loop() -> float:
    """The CPU time of a fixed piece of plain Python."""
    begun = time.process_time()
    found = {}
    for number in range(300_000):
        found[number % 1000] = (number, str(number))
    return time.process_time() - begun


def slowness() -> float:
    """How many times as long as there this machine takes now, and at least one."""
    return max(1.0, min(loop() for _ in range(3)) / CALIBRATION)


def seconds(text: str) -> float:
    """The CPU time in which a text is read, or refused in words."""
    begun = time.process_time()
    try:
        archdsl.loads(text, imports=False)
    except ArchError as error:
        check(error)
    return time.process_time() - begun


@pytest.mark.slow
@pytest.mark.parametrize("what", LARGE)
def test_any_spec_is_read_or_refused_in_two_seconds_of_cpu(what: str) -> None:
    text = LARGE[what]()
    assert len(text.encode()) <= 500_000, "a larger file is refused unread"
    # the least of three, each by how slow the machine is then: what else it does only adds to it
    assert min(seconds(text) / slowness() for _ in range(3)) < SECONDS
