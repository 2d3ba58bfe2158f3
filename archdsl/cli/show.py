"""Show the structure of a spec: what stands at which address, the shapes between, and the costs.

Equal blocks in a row are one row, ×6, which has what all of them cost. Of a layer's options those
are said that are not as by default. A space is shown at its default member, with the decisions
that it leaves open.

--draw writes a picture: stages as blocks as wide as their channels and as high as their maps, a
colour and a letter for each mixer, costs beside. In a picture a space has all that it leaves open.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archdsl.amounts import written
from archdsl.cli.answer import Answer
from archdsl.cli.parser import loaded, takes_a_drawing, takes_a_spec
from archdsl.compiler.network import Layer
from archdsl.compiler.outline import OutlineRow, ends, outline
from archdsl.compiler.spec_text import as_plain
from archdsl.language.holes import Hole
from archdsl.language.write import inline
from archdsl.units import counted, share
from archdsl.views.fitted import fitted, width, wrapped
from archdsl.views.terminal import busy
from archdsl.views.text import bars, columns

if TYPE_CHECKING:
    from archdsl.compiler.network import Network
    from archdsl.cost import Cost, LayerCost

_IN = 4
_BAR = 8
_LEAST_LAYER = 30  # columns, below which what a layer is reads better under its row

HELP = "its structure: layers, blocks, shapes, costs, and what is left to decide; as a drawing"


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, patches, and where a drawing goes."""
    takes_a_spec(parser)
    takes_a_drawing(parser)


def run(known: argparse.Namespace) -> Answer:
    """Lower the spec, count it and lay out its rows."""
    import archdsl
    from archdsl.cost import count_or_reason

    with busy(f"reading {known.file}") as say:
        spec = loaded(known.file, known)
        network = spec.network()
        space = archdsl.space(spec)
        holes = dict(space.decisions) if spec.is_space else {}
        chosen = space.default().decisions if spec.is_space else {}
        size = space.size
        say(f"counting {known.file}")
        cost, unknown = count_or_reason(network)
        drawn = None if known.draw is None else spec.draw().save(known.draw)
    said, rows = f"{spec.name}: {ends(network)}", list(outline(network))
    lines = [*wrapped(said, width(), hanging=_IN), "", *_table(rows, cost), ""]
    if any(row.times > 1 for row in rows) and cost is not None:
        lines += wrapped("a row ×N has what all of its N equal blocks cost", width())
    if unknown:
        lines += wrapped(f"its cost is not known: {unknown}", width(), hanging=_IN)
    if holes:
        said = f"{counted(size, 'architecture')}, shown at the default; decisions:"
        lines += [*wrapped(said, width()), *(f"  {line}" for line in _decisions(holes, chosen))]
    if drawn is not None:
        lines.append(f"drawn to {drawn}")
    data = {
        "name": spec.name,
        "input": list(network.input),
        "classes": network.classes,
        "size": size,
        "decisions": {
            address: {"answers": list(hole.answers), "default": chosen.get(address)}
            for address, hole in holes.items()
        },
        "macs": None if cost is None else cost.macs,
        "params": None if cost is None else cost.params,
        "cost_unknown": unknown or None,
        "layers": [_described(layer, cost) for layer in network.layers()],
        "vectors": _vectors(network, cost),
        **({} if drawn is None else {"drawn": str(drawn)}),
    }
    while lines and not lines[-1]:
        lines.pop()
    return Answer(data, "\n".join(lines))


def _table(rows: Sequence[OutlineRow], cost: Cost | None) -> list[str]:
    if cost is None:
        plain = [("address", "out", "layer"), *((row.name, row.out, row.layer) for row in rows)]
        return fitted(plain, width(), wraps=[2], heading=True)
    heads = ("address", "out", "params", "MACs", "share", "layer")
    totals = ("", "", written("params", cost.params), written("macs", cost.macs), "", "")
    table = [heads, *_cells(rows, cost), totals]
    others = sum(max(map(len, column)) + 2 for column in list(zip(*table, strict=True))[:-1])
    wraps = [5] if width() - others >= _LEAST_LAYER else []  # else it goes below
    return fitted(table, width(), right=(2, 3), wraps=wraps, heading=True)


def _cells(rows: Sequence[OutlineRow], cost: Cost) -> Iterator[tuple[str, ...]]:
    """The rows with their costs: of equal blocks what all of them cost."""
    by_address = cost.by_address
    macs = [_sum(by_address, "macs", row) for row in rows]
    drawn = bars(macs, _BAR) if any(macs) else [""] * len(rows)
    for row, its, bar in zip(rows, macs, drawn, strict=True):
        params = _sum(by_address, "params", row)
        said = f"{share(its, cost.macs):>7} {bar}".rstrip()
        yield row.name, row.out, written("params", params), written("macs", its), said, row.layer


def _sum(by_address: Mapping[str, LayerCost], name: str, row: OutlineRow) -> int:
    return sum(getattr(by_address[address], name) for address in row.costs)


def _decisions(holes: Mapping[str, Hole], chosen: Mapping[str, Any]) -> list[str]:
    """A row for each decision; two where the width is not enough, so that all look alike."""
    rows = [
        (address, " ".join(map(inline, hole.answers)), _default(chosen, address))
        for address, hole in holes.items()
    ]
    room = width() - 2
    lines = columns(rows)
    if max(map(len, lines)) <= room:
        return lines
    lines = []
    for address, answers, default in rows:
        lines += [address, *wrapped(f"{answers}  {default}", room, _IN)]
    return lines


def _described(layer: Layer, cost: Cost | None) -> dict[str, Any]:
    row = None if cost is None else cost.by_address[layer.address]
    return {
        "address": layer.address,
        "layer": as_plain(layer.component),
        "in_shape": list(layer.in_shape),
        "out_shape": list(layer.out_shape),
        "macs": None if row is None else row.macs,
        "params": None if row is None else row.params,
    }


def _vectors(network: Network, cost: Cost | None) -> list[dict[str, Any]]:
    """What is counted and is no layer: a class token, scales."""
    layers = {layer.address for layer in network.layers()}
    rows = {} if cost is None else cost.by_address
    return [
        {"address": address, "macs": row.macs, "params": row.params}
        for address, row in rows.items()
        if address not in layers
    ]


def _default(chosen: Mapping[str, Any], address: str) -> str:
    return f"default {inline(chosen[address])}" if address in chosen else "not asked by default"
