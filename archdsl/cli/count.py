"""Count a spec exactly: MACs, parameters and activations, by address and in total.

One MAC is one multiply-accumulate of a contraction; 1 MAC = 2 FLOPs. Parameters are those of
the deployed form. Activations are the elements into and out of a layer, at batch 1; their
total is the largest of them. A space is counted at its default member.
"""

from __future__ import annotations

import argparse
from typing import Any

from archdsl.amounts import bounded, kind, named, of_layer
from archdsl.cli.answer import Answer
from archdsl.cli.parser import loaded, takes_a_spec
from archdsl.views.terminal import busy
from archdsl.views.text import columns

HELP = "its cost by address: MACs, parameters, activations"


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE and patches."""
    takes_a_spec(parser)


def run(known: argparse.Namespace) -> Answer:
    """Count the network and lay out its rows."""
    with busy(f"counting {known.file}") as say:
        spec = loaded(known.file, known)
        from archdsl.cost import count

        cost = count(
            spec.network(), lambda done, total: say(f"{known.file}: counted {done} of {total}")
        )
    rows: dict[str, dict[str, Any]] = {
        address: {
            **named(of_layer(row, address)),
            "in_shape": list(row.in_shape),
            "out_shape": list(row.out_shape),
        }
        for address, row in cost.by_address.items()
    }
    data = {
        "name": spec.name,
        "default_of_a_space": spec.is_space,
        **cost.totals(),
        "by_address": rows,
    }
    shown = bounded()
    table = [("address", *(kind(name).heading for name in shown), "out")]
    for address, row in rows.items():
        shape = "×".join(map(str, row["out_shape"]))
        table.append((address, *(f"{row[name]:,}" for name in shown), shape))
    table.append((spec.name, *(f"{cost[name]:,}" for name in shown), ""))
    lines = columns(table, right=tuple(range(1, len(shown) + 1)))
    lines.insert(len(lines) - 1, "")
    if cost.train_params != cost.params:
        lines.append(f"in training it has {cost.train_params:,} params; the table is deployed")
    if spec.is_space:
        lines.append("a space, counted at its default member")
    return Answer(data, "\n".join(lines))
