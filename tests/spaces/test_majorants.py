"""The polynomials of the bounds against the step that they are above and below."""

from __future__ import annotations

import numpy as np
import pytest

from archdsl.spaces.bounds.majorants import majorant_and_minorant


def on_circle(coefficients: np.ndarray, turns: np.ndarray) -> np.ndarray:
    waves = np.exp(2j * np.pi * np.outer(turns, np.arange(1, len(coefficients))))
    return coefficients[0].real + 2 * (waves @ coefficients[1:]).real


@pytest.mark.parametrize("degree", [1, 2, 7, 50, 301])
@pytest.mark.parametrize("decay", [0.5, 9.0, 40.0])
def test_one_is_above_the_step_and_one_below_and_they_are_as_close_as_can_be(
    degree: int, decay: float
) -> None:
    above, below = majorant_and_minorant(degree, decay)
    turns = np.linspace(0, 1, 5_000, endpoint=False)
    step = np.exp(-decay * turns)
    assert (on_circle(above, turns) >= step - 1e-12).all()
    # at the jump the one below is at its lower end
    assert (on_circle(below, turns)[1:] <= step[1:] + 1e-12).all()
    jump = 1 - np.exp(-decay)
    assert on_circle(below, turns[:1]) == pytest.approx(1 - jump)
    assert above[0] - below[0] == pytest.approx(jump / (degree + 1))
