"""`diff`: two specs beside each other."""

from __future__ import annotations

from archdsl.api import Specish, load
from archdsl.changes.costs import cost_changes
from archdsl.changes.decisions import decision_changes
from archdsl.changes.result import Changes
from archdsl.changes.structure import structure
from archdsl.cost import count_or_reason
from archdsl.spaces import Space


def diff(a: Specish, b: Specish) -> Changes:
    """What is another in `b` than in `a`: in structure by address, in what is left open, in cost.

    >>> import archdsl
    >>> archdsl.diff("poolformer_s12", "poolformer_s24")
    <Changes: poolformer_s12 → poolformer_s24: 8 differences>

    Of a space the default member is compared, and every decision. Names and `search:` are not.
    Raises SpecError for a spec that is not right.
    """
    one, other = load(a), load(b)
    network, its = one.network(), other.network()
    (cost, reason), (its_cost, its_reason) = count_or_reason(network), count_or_reason(its)
    return Changes(
        one,
        other,
        structure(network, its),
        decision_changes(Space(one), Space(other)),
        () if cost is None or its_cost is None else cost_changes(cost, its_cost),
        reason or its_reason,
    )
