"""Expressions: exact arithmetic over params, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.language.expression import ExpressionError, parse

PARAMS = {"width": 48, "w": 10, "rate": 0.1, "third": 3}


def value(text: str) -> int | float:
    return parse(text).value(PARAMS.__getitem__)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$width", 48),
        ("$width * 5", 240),
        ("$(w + 16) // 2", 13),
        ("$w - 3 - 2", 5),
        ("$w / 4", 2.5),
        ("$w / 5", 2),
        ("$-w + 12", 2),
        ("$rate * 30", 3),
        ("$w/third*third", 10),
        ("$2 * (w - (third))", 14),
        ("$w * 1.5", 15),
    ],
)
def test_arithmetic_is_exact_and_integral_results_are_ints(
    text: str, expected: int | float
) -> None:
    result = value(text)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("broken", "neighbour"),
    [
        ("$", "$w"),
        ("$w +", "$w + 1"),
        ("$(w", "$(w)"),
        ("$w)", "$(w)"),
        ("$w ** 2", "$w * 2"),
        ("$w.real", "$w"),
        ("$f(w)", "$(w)"),
        ("$w[0]", "$w"),
        ("$w, w", "$w + w"),
        ("$'a'", "$w"),
        ("$3 + 4", "$w + 4"),
        ("$w if w", "$w"),
        ("$__import__('os')", "$w"),
        ("$" + "(" * 300 + "w" + ")" * 300, "$((w))"),
    ],
)
def test_what_is_no_expression_is_refused(broken: str, neighbour: str) -> None:
    with pytest.raises(ExpressionError):
        value(broken)
    assert value(neighbour) is not None


@pytest.mark.parametrize("text", ["$w / (w - 10)", "$w // (w - 10)"])
def test_division_by_zero_is_said_in_words(text: str) -> None:
    with pytest.raises(ExpressionError, match="divides by zero"):
        value(text)


def test_a_product_beyond_reason_is_refused() -> None:
    with pytest.raises(ExpressionError, match="too large"):
        value("$" + "*".join(["w"] * 90))


def test_names_are_in_order_of_use_and_alone_is_a_lone_param() -> None:
    assert parse("$w * width + w").names == ("w", "width")
    assert parse("$w").alone == "w"
    assert parse("$(w)").alone == "w"
    assert parse("$w + 0").alone is None


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(1, 1000))
def test_agrees_with_python_on_integers(a: int, b: int, c: int) -> None:
    numbers = {"a": a, "b": b, "c": c}
    assert parse("$a + b * c - a // c").value(numbers.__getitem__) == a + b * c - a // c
    assert parse("$(a + b) * c").value(numbers.__getitem__) == (a + b) * c
