"""Show the structure of a spec: what stands at which address, and the shapes between.

Equal blocks in a row are shown once. A space is shown at its default member, with the
decisions that it leaves open.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from archdsl.cli.answer import Answer
from archdsl.cli.parser import loaded, takes_a_spec
from archdsl.compiler.network import Layer
from archdsl.compiler.outline import ends, outline
from archdsl.compiler.spec_text import as_plain
from archdsl.language.holes import Hole
from archdsl.language.write import inline
from archdsl.units import counted
from archdsl.views.fitted import fitted, width, wrapped
from archdsl.views.terminal import busy
from archdsl.views.text import columns

_IN = 4

HELP = "its structure: layers, blocks, shapes, and what is left to decide"


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE and patches."""
    takes_a_spec(parser)


def run(known: argparse.Namespace) -> Answer:
    """Lower the spec and draw the network."""
    import archdsl

    with busy(f"reading {known.file}"):
        spec = loaded(known.file, known)
        network = spec.network()
        space = archdsl.space(spec)
        holes = dict(space.decisions) if spec.is_space else {}
        chosen = space.default().decisions if spec.is_space else {}
        size = space.size
    said = f"{spec.name}: {ends(network)}"
    lines = [*wrapped(said, width(), hanging=_IN), ""]
    rows = [("address", "layer", "out"), *outline(network)]
    lines += fitted(rows, width(), wraps=[1], heading=True)
    if holes:
        said = f"{counted(size, 'architecture')}, shown at the default; decisions:"
        lines += ["", *wrapped(said, width())]
        lines += [f"  {line}" for line in _decisions(holes, chosen)]
    data = {
        "name": spec.name,
        "input": list(network.input),
        "classes": network.classes,
        "size": size,
        "decisions": {
            address: {"answers": list(hole.answers), "default": chosen.get(address)}
            for address, hole in holes.items()
        },
        "layers": [_described(layer) for layer in network.layers()],
    }
    return Answer(data, "\n".join(lines))


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


def _described(layer: Layer) -> dict[str, Any]:
    return {
        "address": layer.address,
        "layer": as_plain(layer.component),
        "in_shape": list(layer.in_shape),
        "out_shape": list(layer.out_shape),
    }


def _default(chosen: Mapping[str, Any], address: str) -> str:
    return f"default {inline(chosen[address])}" if address in chosen else "not asked by default"
