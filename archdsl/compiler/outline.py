"""A network in rows: what stands at which address, with equal blocks in a row as one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from archdsl.compiler.network import Block, Branch, Layer, Network, Stage
from archdsl.compiler.spec_text import branch_text, component_text, shape_text
from archdsl.language.write import inline
from archdsl.units import plural


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """A layer, or a branch of a block and of all that are equal to it and follow.

    address: from the first block to the last; nothing for a second branch, which is below a first
    times: how many blocks it stands for; layer: in the words of a spec; out: the shape after it
    costs: the addresses at which all of it is counted
    """

    address: str
    times: int
    layer: str
    out: str
    costs: tuple[str, ...]

    @property
    def name(self) -> str:
        """The address, and for how many blocks it is: `stages.0.blocks.0–1 ×2`."""
        return f"{self.address} ×{self.times}" if self.times > 1 and self.address else self.address


def outline(network: Network) -> Iterator[OutlineRow]:
    """The rows of a network, in the order of the forward pass."""
    for layer in network.stem:
        yield _row(layer)
    if network.class_token:
        shape = shape_text(network.stages[0].shape)
        yield OutlineRow("class_token", 1, "a learned position", shape, ("class_token",))
    for stage in network.stages:
        yield from _stage(stage)
    if network.head is not None:
        yield _row(network.head)


def ends(network: Network) -> str:
    """From what to what: `3×224×224 → 1000 classes`."""
    many = network.classes
    gives = f"{many} {plural(many, 'class', 'classes')}" if many else "no classifier"
    return f"{shape_text(network.input)} → {gives}"


def alike(block: Block) -> tuple[object, ...]:
    """What makes two blocks the same to a reader; drop-path rates always differ."""
    return tuple(
        (branch.role, branch.norm and branch.norm.component,
         tuple(mixer.component for mixer in branch.mixers),
         branch.layer_scale, branch.res_scale)
        for branch in block.branches
    )  # fmt: skip


def _row(layer: Layer) -> OutlineRow:
    out = shape_text(layer.out_shape)
    return OutlineRow(layer.address, 1, component_text(layer.component), out, (layer.address,))


def _stage(stage: Stage) -> Iterator[OutlineRow]:
    for layer in stage.downsample:
        yield _row(layer)
    if stage.pos_embed is not None:
        yield _row(stage.pos_embed)
    for _, group in itertools.groupby(stage.blocks, key=alike):
        blocks = list(group)
        first, last = blocks[0].address, blocks[-1].address.rpartition(".")[2]
        address = first if len(blocks) == 1 else f"{first}–{last}"
        for place, branch in enumerate(blocks[0].branches):
            costs = tuple(each for block in blocks for each in _counted(block, place))
            words, out = branch_words(branch), shape_text(stage.shape)
            yield OutlineRow(address, len(blocks), words, out, costs)
            address = ""
    if stage.out_norm is not None:
        yield _row(stage.out_norm)


def branch_words(branch: Branch) -> str:
    """A branch on one line: `token: group_norm → pooling  layer_scale 1e-5`."""
    scales = [
        f"{name} {inline(value)}"
        for name, value in (("layer_scale", branch.layer_scale), ("res_scale", branch.res_scale))
        if value is not None
    ]
    return "  ".join([f"{branch.role}: {branch_text(branch)}", *scales])


def _counted(block: Block, place: int) -> Iterator[str]:
    """The addresses at which a branch of a block is counted."""
    branch = block.branches[place]
    if branch.norm is not None:
        yield branch.norm.address
    yield from (mixer.address for mixer in branch.mixers)
    for name in ("layer_scale", "res_scale"):
        if getattr(branch, name) is not None:
            yield f"{block.address}.{name}{branch.index}"
