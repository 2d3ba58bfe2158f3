"""Count a spec exactly: MACs, parameters and activations, by address and in total.

One MAC is one multiply-accumulate of a contraction; 1 MAC = 2 FLOPs. Parameters are those of
the deployed form. Activations are the elements into and out of a layer, at batch 1; their
total is the largest of them. A space is counted at its default member.

A row ×6 stands for six equal blocks and has what all of them cost; below it are their parts, also
of all six, and above all rows of a stage their sum. --all gives every block its own rows, and
--json every module.
"""

from __future__ import annotations

import argparse
from typing import Any

from archdsl.amounts import bounded, kind, named, of_layer
from archdsl.cli.answer import Answer
from archdsl.cli.cost_rows import CostRow, counted_rows
from archdsl.cli.parser import loaded, takes_a_spec
from archdsl.compiler.spec_text import shape_text
from archdsl.views.fitted import fitted, width, wrapped
from archdsl.views.terminal import busy

HELP = "its cost by address: MACs, parameters, activations"


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, patches, and whether equal blocks are one row."""
    takes_a_spec(parser)
    parser.add_argument(
        "--all", action="store_true", help="give every block its rows, also where they are equal"
    )


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
    table += map(_cells, counted_rows(spec.network(), cost, every=known.all))
    total = (spec.name, *(f"{cost[name]:,}" for name in shown), "")
    table += [("",) * len(total), total]
    lines = fitted(table, width(), right=tuple(range(1, len(shown) + 1)), heading=True)
    if cost.train_params != cost.params:
        said = f"in training it has {cost.train_params:,} params; the table is deployed"
        lines += wrapped(said, width())
    if spec.is_space:
        lines += wrapped("a space, counted at its default member", width())
    return Answer(data, "\n".join(lines))


def _cells(row: CostRow) -> tuple[str, ...]:
    name = f"{' ' * row.indent}{row.name}"
    return name, *(f"{row.amounts[each]:,}" for each in bounded()), shape_text(row.out)
