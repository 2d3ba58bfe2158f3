"""Trigonometric polynomials that lie above and below a damped step.

The step, in turns t of a circle, is exp(-decay (t - floor(t))): it jumps at 0 and decays until it
jumps again. Of all polynomials of its degree the one above exceeds it, in area, by the least that
is possible, and so does the one below miss it; both have it for their value at all points j / N
but the jump, where one takes its upper and one its lower end. Graham and Vaaler, "A class of
extremal functions for the Fourier transform", 1981, of which these are the periodic form.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Complex: TypeAlias = NDArray[np.complex128]

ERROR = 1e-13
"""Of a sum of coefficients times anything up to 1: by this times (1 + the sum of their sizes)."""


def majorant_and_minorant(degree: int, decay: float) -> tuple[Complex, Complex]:
    """The coefficients c of the polynomials above and below the step, for k from 0 to `degree`.

    A polynomial is c[0] + 2 Re sum of c[k] exp(2 pi i k t).
    """
    n = degree + 1
    k = np.arange(n)
    # the sum over j from 1 to n - 1 of the step's value at j / n, times exp(-2 pi i k j / n)
    ratio = -(decay + 2j * np.pi * k) / n
    values = (np.exp(ratio) - math.exp(-decay)) / -np.expm1(ratio)
    # the derivatives there, and at the jump what makes their sum 0
    slopes = -decay * (values - values[0])
    kernel = (1 - k / n) / n  # Fejér's: 1 at 0, and 0 at all other points, twice
    slope = np.where(k > 0, -1j, 0) / (2 * np.pi * n * n)  # derivative 1 at 0, and 0 twice
    smooth = kernel * values + slope * slopes
    return smooth + kernel, smooth + kernel * math.exp(-decay)
