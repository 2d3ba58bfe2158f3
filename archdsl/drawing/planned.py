"""The plan of a network or of a space, with what it costs where that is known."""

from __future__ import annotations

from archdsl.compiler.network import Network
from archdsl.cost import count_or_reason
from archdsl.drawing.fixed import plan
from archdsl.drawing.opened import opened
from archdsl.drawing.plan import Plan
from archdsl.language.decisions import Holes
from archdsl.language.document import Document


def planned(network: Network, left_open: tuple[Document, Holes] | None) -> Plan:
    """What a picture of a network says; of a space, with what its document leaves open."""
    cost, reason = count_or_reason(network)
    notes = [f"its cost is not known: {reason}"] if reason else []
    if left_open is None:
        return plan(network, cost, tuple(notes))
    notes.append("a space: what is left open is dashed; costs are of its default member")
    return opened(plan(network, cost, tuple(notes)), *left_open)
