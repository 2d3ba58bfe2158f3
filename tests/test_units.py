"""Figures in words."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl import memory, units
from archdsl.components.options import with_unit
from archdsl.units import amount, counted, duration, integer, percent


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (7, "7"), (999, "999"), (1000, "1k"), (1234, "1.23k"), (60_000, "60k"),
        (1_812_267_008, "1.81G"), (12_000_000, "12M"), (999_999, "1000k"), (2 * 10**12, "2T"),
    ],
)  # fmt: skip
def test_three_digits_in_the_largest_unit(number: int, text: str) -> None:
    assert amount(number) == text


def test_a_unit_can_be_given() -> None:
    assert amount(520_000_000, "G") == "0.52G"
    assert amount(520_000_000, "M") == "520M"
    assert amount(1_234_567, "") == "1234567"


@given(st.integers(1, 10**14), st.sampled_from([None, "k", "M", "G"]))
def test_rounding_up_and_down_encloses_the_number(number: int, unit: str | None) -> None:
    low, high = amount(number, unit, "down"), amount(number, unit, "up")
    assert with_unit_or_int(low) <= number <= with_unit_or_int(high)


def with_unit_or_int(text: str) -> float:
    read = with_unit(text)
    return float(read)


def test_numbers_beyond_floating_point_are_written() -> None:
    assert integer(10**600) == "1e+600"
    assert integer(123_456 * 10**700) == "1.2346e+705"
    assert integer(10**20) == "1e+20" and integer(999) == "999"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 trials"), (1, "1 trial"), (2, "2 trials"), (1000, "1,000 trials"),
     (10**20, "1e+20 trials")],
)  # fmt: skip
def test_one_is_in_the_singular(number: int, text: str) -> None:
    assert counted(number, "trial") == text


def test_a_plural_of_its_own_can_be_given() -> None:
    assert [counted(n, "batch", "batches") for n in (1, 2)] == ["1 batch", "2 batches"]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.321, "32 %"), (0.041, "4.1 %"), (0.0003, "0.03 %"),
     (0.999, "99.9 %"), (0.5, "50 %")],
)  # fmt: skip
def test_shares_in_words(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3600, "1 h 00 min"),
     (7385, "2 h 03 min")],
)  # fmt: skip
def test_a_duration_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_the_examples_are_true() -> None:
    assert doctest.testmod(units).attempted > 5
    assert doctest.testmod(units).failed == 0


def test_one_byte_is_one() -> None:
    assert (memory.written(1), memory.written(2)) == ("1 byte", "2 bytes")
