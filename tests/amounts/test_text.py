"""Costs in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.amounts.text import amount
from archdsl.components.options import with_unit


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
