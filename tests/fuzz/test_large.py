"""Reading a spec is a bounded piece of work, whatever the limits of a file let it hold.

The bound that is documented is two seconds of CPU. What decides here is the number of calls, which
is the same on every machine: on one core of an x86-64 of 2026 with Python 3.11, a second of reading
is three to seven million of them. `python -m tests.fuzz.times` prints both for every text.
"""

from __future__ import annotations

import pytest

import archdsl
from tests.fuzz.large import LARGE
from tests.fuzz.work import calls_to_read

CALLS = 7_000_000


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """What loading imports is imported."""
    archdsl.load("poolformer_s12")


def test_calls_are_counted() -> None:
    assert 100 < calls_to_read("archdsl: 1") < calls_to_read(LARGE["a tower of choices"]()) < CALLS


@pytest.mark.slow
@pytest.mark.parametrize("what", LARGE)
def test_any_spec_is_read_or_refused_in_a_bounded_number_of_calls(what: str) -> None:
    text = LARGE[what]()
    assert len(text.encode()) <= 500_000, "a larger file is refused unread"
    assert calls_to_read(text) < CALLS
