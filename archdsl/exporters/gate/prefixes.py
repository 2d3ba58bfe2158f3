"""A network up to each of its layers, as networks: any form can export them, and none needs to
know why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from archdsl.compiler.network import Block, Branch, Layer, Network, Shape, Stage
from archdsl.components.component import component


@dataclass(frozen=True, slots=True)
class Prefix:
    """A network that ends after a layer, with the map there for its output.

    address: of the layer; branch: of the block that it ends with, where it ends with one
    """

    address: str
    network: Network
    branch: Branch | None = None


def prefixes(network: Network) -> list[Prefix]:
    """Up to each layer of stem and stages outside blocks, each branch of a block, and the head."""
    found = [*_of_stem(network), *_of_stages(network)]
    if network.head is not None:
        found.append(Prefix(network.head.address, network))
    return found


def inside(prefix: Prefix) -> Iterator[Prefix]:
    """Up to each part of the branch that a prefix ends with: norm, mixers, scales.

    A mixer that is not there yet passes its map on, so that tensors keep their names.
    """
    branch = prefix.branch
    if branch is None:
        return
    bare = replace(branch, layer_scale=None, res_scale=None, drop_path=0.0)
    through = tuple(map(_identity, branch.mixers))
    if branch.norm is not None:
        yield _ending(prefix, branch.norm.address, replace(bare, mixers=through))
    for number, mixer in enumerate(branch.mixers, 1):
        mixers = branch.mixers[:number] + through[number:]
        yield _ending(prefix, mixer.address, replace(bare, mixers=mixers))
    block = prefix.network.stages[-1].blocks[-1].address
    scaled = replace(bare, layer_scale=branch.layer_scale)
    if branch.layer_scale is not None:
        yield _ending(prefix, f"{block}.layer_scale{branch.index}", scaled)
    if branch.res_scale is not None:
        scaled = replace(scaled, res_scale=branch.res_scale)
        yield _ending(prefix, f"{block}.res_scale{branch.index}", scaled)


def _of_stem(network: Network) -> Iterator[Prefix]:
    for number, layer in enumerate(network.stem, 1):
        # a stage with a block that does nothing: a network without stages is none
        first = network.stages[0]
        stage = _up_to(first, blocks=(_nothing(first.address, layer.out_shape),))
        cut = replace(network, stem=network.stem[:number], class_token=False)
        yield Prefix(layer.address, replace(cut, stages=(stage,), head=None))


def _of_stages(network: Network) -> Iterator[Prefix]:
    for number, stage in enumerate(network.stages):
        for address, cut, branch in _of_stage(stage):
            stages = (*network.stages[:number], cut)
            yield Prefix(address, replace(network, stages=stages, head=None), branch)


def _of_stage(stage: Stage) -> Iterator[tuple[str, Stage, Branch | None]]:
    nothing = (_nothing(stage.address, stage.shape),)
    for number, layer in enumerate(stage.downsample, 1):
        cut = _up_to(stage, downsample=stage.downsample[:number], blocks=nothing)
        yield layer.address, cut, None
    entered = _up_to(stage, downsample=stage.downsample)
    if stage.pos_embed is not None:
        cut = replace(entered, pos_embed=stage.pos_embed, blocks=nothing)
        yield stage.pos_embed.address, cut, None
    for number, block in enumerate(stage.blocks):
        for count, branch in enumerate(block.branches, 1):
            part = replace(block, branches=block.branches[:count])
            cut = replace(stage, blocks=(*stage.blocks[:number], part), out_norm=None)
            yield branch.mixers[-1].address, cut, branch
    if stage.out_norm is not None:
        yield stage.out_norm.address, stage, None


def _nothing(stage: str, shape: Shape) -> Block:
    return Block(f"{stage}.blocks.0", shape, ())


def _up_to(
    stage: Stage, *, downsample: tuple[Layer, ...] = (), blocks: tuple[Block, ...] = ()
) -> Stage:
    return replace(stage, downsample=downsample, pos_embed=None, blocks=blocks, out_norm=None)


def _ending(prefix: Prefix, address: str, branch: Branch) -> Prefix:
    """The prefix with another last branch."""
    network = prefix.network
    stage = network.stages[-1]
    block = stage.blocks[-1]
    block = replace(block, branches=(*block.branches[:-1], branch))
    stage = replace(stage, blocks=(*stage.blocks[:-1], block))
    return Prefix(address, replace(network, stages=(*network.stages[:-1], stage)))


def _identity(mixer: Layer) -> Layer:
    return replace(mixer, component=component("token_mixer", "identity"), context=())
