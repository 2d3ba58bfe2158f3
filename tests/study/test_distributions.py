"""Holes as Optuna sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from archdsl.language.holes import Choice, ChoiceOption, Range
from archdsl.language.nodes import Scalar
from archdsl.study.distributions import distribution, to_answer, to_optuna


def choice(*answers) -> Choice:
    options = tuple(ChoiceOption(str(a), a, Scalar(a, str(a))) for a in answers)
    return Choice(options, None, None, None)


def span(low, high, step) -> Range:
    return Range(low, high, step, None, None, None)


def test_a_choice_is_a_category_and_a_range_is_ordered() -> None:
    assert distribution(choice(3, 5, 7)) == CategoricalDistribution((3, 5, 7))
    assert distribution(span(4, 9, 1)) == IntDistribution(4, 9, step=1)
    assert distribution(span(0.1, 0.3, 0.1)) == FloatDistribution(0.1, 0.3, step=0.1)


@pytest.mark.parametrize(
    "hole",
    [choice("a", "b"), choice(1, 1.0, True, "a"), choice(0, False), span(2, 10, 4),
     span(0.1, 0.7, 0.2), span(1, 2, 0.25), choice("only"), span(3, 3, 1)],
)  # fmt: skip
def test_every_answer_survives_the_way_to_optuna_and_back(hole) -> None:
    known = distribution(hole)
    for answer in hole.answers:
        value = to_optuna(hole, answer)
        back = to_answer(hole, known.to_external_repr(known.to_internal_repr(value)))
        assert back == answer and type(back) is type(answer)


@given(st.integers(-50, 50), st.integers(0, 20), st.integers(1, 5))
def test_integers_stay_integers(low: int, steps: int, step: int) -> None:
    hole = span(low, low + steps * step, step)
    for answer in hole.answers:
        assert to_answer(hole, to_optuna(hole, answer)) == answer
