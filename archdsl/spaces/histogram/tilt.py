"""Rates by which histograms of vast spaces are kept, so that what is inside limits stays in range.

A histogram of 10**600 members spans more than floating point does, and what a budget leaves may
lie where next to none of them are. With weights times exp(-rates · costs) the members at the
limits are where most of the weight is: of all rates, those give the least bound of what is inside,
exp(rates · limits) times the sum of the weights (Chernoff), and what is too small for floating
point beside that is too small for the count. Where costs are told alike, weights keep their
ratios; so nothing that is drawn depends on the rates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archdsl.amounts import Budget
from archdsl.spaces.circuit.algebras import LogPartition
from archdsl.spaces.circuit.circuit import Circuit
from archdsl.spaces.circuit.fold import fold

Floats = NDArray[np.float64]

LOST = 2.0**-860
"""What floating point has dropped as too small, as a share of all weight: 2**-1022 for each of
so many sums, and of a node's weight, which `FAR` lets be 2**-480 of what it is told by."""

_STEPS = 60
"""Of the search for rates. Any rates are right; better ones have more room below them. On two
chains of a thousand binary decisions a tenth as many give the same bounds."""

_STEEP = 4.0
"""The largest rate, in logarithms of the number of members over the limit of a cost. On those
chains, with at least 95 % of all MACs, ten times as much gives bounds as close; with a tenth no
weight of those members is in range."""


def rates_for(circuit: Circuit, chosen: Sequence[str], limits: Budget, bits: int) -> Floats | None:
    """Rates by additive cost (d,), for the members of a circuit inside limits.

    bits: those of the number of members. None where there is nothing to choose.
    """
    if not chosen or circuit.empty:
        return None
    from scipy.optimize import minimize

    low = np.array([limits[name][0] for name in chosen], float)
    high = np.array([limits[name][1] for name in chosen], float)
    scale = np.maximum(high, 1.0)

    def bound(both: Floats) -> tuple[float, Floats]:
        """The logarithm of the bound, by rates that rise and rates that fall, and its slope."""
        rising, falling = np.split(both, 2)
        total, mean = log_total(circuit, chosen, (rising - falling) / scale)
        value = total + rising @ (high / scale) - falling @ (low / scale)
        return value, np.concatenate([(high - mean) / scale, (mean - low) / scale])

    most = _STEEP * bits * math.log(2)
    found = minimize(
        bound, np.zeros(2 * len(chosen)), jac=True, method="L-BFGS-B",
        bounds=[(0.0, most)] * (2 * len(chosen)), options={"maxiter": _STEPS},
    )  # fmt: skip
    rising, falling = np.split(found.x, 2)
    return np.asarray((rising - falling) / scale)


def log_total(circuit: Circuit, chosen: Sequence[str], rates: Floats) -> tuple[float, Floats]:
    """The logarithm of the sum of exp(-rates · costs) over all members, and their mean costs."""
    found = fold(circuit.nodes, LogPartition(chosen, rates))[-1]
    assert found is not None, "the circuit has members"
    return found
