"""Show the structure of a spec: what stands at which address, and the shapes between.

Equal blocks in a row are shown once. A space is shown at its default member, with the
decisions that it leaves open.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from archdsl.cli.answer import Answer
from archdsl.cli.parser import loaded, takes_a_spec
from archdsl.cli.spec_text import alike, as_plain, branch_text, component_text, shape_text
from archdsl.compiler.network import Branch, Layer, Network, Stage
from archdsl.language.holes import Hole
from archdsl.language.write import inline
from archdsl.units import counted, plural
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
    said = f"{spec.name}: {shape_text(network.input)} → {_classes(network)}"
    lines = [*wrapped(said, width(), hanging=_IN), ""]
    rows = [("address", "layer", "out"), *_rows(network)]
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


def _classes(network: Network) -> str:
    many = network.classes
    return f"{many} {plural(many, 'class', 'classes')}" if many else "no classifier"


def _described(layer: Layer) -> dict[str, Any]:
    return {
        "address": layer.address,
        "layer": as_plain(layer.component),
        "in_shape": list(layer.in_shape),
        "out_shape": list(layer.out_shape),
    }


def _rows(network: Network) -> Iterator[tuple[str, str, str]]:
    for layer in network.stem:
        yield _row(layer)
    for stage in network.stages:
        yield from _stage(stage)
    if network.head is not None:
        yield _row(network.head)


def _row(layer: Layer) -> tuple[str, str, str]:
    return layer.address, component_text(layer.component), shape_text(layer.out_shape)


def _stage(stage: Stage) -> Iterator[tuple[str, str, str]]:
    for layer in stage.downsample:
        yield _row(layer)
    if stage.pos_embed is not None:
        yield _row(stage.pos_embed)
    for _, group in itertools.groupby(stage.blocks, key=alike):
        blocks = list(group)
        first, last = blocks[0].address, blocks[-1].address.rpartition(".")[2]
        address = first if len(blocks) == 1 else f"{first}–{last}"
        for branch in blocks[0].branches:
            yield address, _branch(branch), shape_text(stage.shape)
            address = ""
    if stage.out_norm is not None:
        yield _row(stage.out_norm)


def _branch(branch: Branch) -> str:
    scales = [
        f"{name} {inline(value)}"
        for name, value in (("layer_scale", branch.layer_scale), ("res_scale", branch.res_scale))
        if value is not None
    ]
    return "  ".join([f"{branch.role}: {branch_text(branch)}", *scales])


def _default(chosen: Mapping[str, Any], address: str) -> str:
    return f"default {inline(chosen[address])}" if address in chosen else "not asked by default"
