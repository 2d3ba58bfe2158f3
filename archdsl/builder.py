"""A network to the `nn.Module` that it describes. Module paths are the network's addresses."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from archdsl.component import Component
from archdsl.errors import BuildError
from archdsl.network import Block, Layer, Network
from archdsl.network import Stage as StageEntry
from archdsl.nn.block import MetaFormerBlock, Mixers, Scale, mixed
from archdsl.nn.model import ClassToken, MetaFormer, Stage
from archdsl.options import OptionValue


class TokenMixer(nn.Module):
    """A mixer of (B, N, dim) tokens as a layer of (B, dim, H, W) maps, as its block uses it."""

    def __init__(self, mixer: nn.Module) -> None:
        super().__init__()
        self.mixer = mixer

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        return mixed(self.mixer, x)


def build(network: Network) -> MetaFormer:
    """The module that a network describes, with fresh weights.

    Parts are made in the order of the forward pass, so a seed gives the same weights every time.
    Raises BuildError for a component whose constructor fails.
    """
    return MetaFormer(
        stem=[_module(layer) for layer in network.stem],
        class_token=ClassToken(network.stages[0].dim) if network.class_token else None,
        stages=[_stage(stage) for stage in network.stages],
        head=_optional(network.head),
    )


def build_layer(layer: Layer) -> nn.Module:
    """One layer alone, from a map to a map (a head: to the logits)."""
    module = _module(layer)
    return TokenMixer(module) if getattr(module, "tokens", False) else module


def factory(component: Component) -> Callable[..., Any]:
    """What makes a component from its context: the class, with its options bound."""
    options = {name: _option(value) for name, value in component.options}
    cls = component.definition.cls
    return functools.partial(cls, **options) if options else cls


def _option(value: OptionValue) -> Any:
    if isinstance(value, Component):
        return factory(value)
    if isinstance(value, tuple):
        return [_option(item) for item in value]
    return value


def _stage(stage: StageEntry) -> Stage:
    return Stage(
        downsample=[_module(layer) for layer in stage.downsample],
        pos_embed=_optional(stage.pos_embed),
        blocks=[_block(block) for block in stage.blocks],
        out_norm=_optional(stage.out_norm),
    )


def _block(block: Block) -> MetaFormerBlock:
    parts: dict[str, nn.Module | None] = {}
    rate = 0.0
    for branch in block.branches:
        dim, number = block.shape[0], branch.index
        parts[f"norm{number}"] = _optional(branch.norm)
        mixers = [_module(mixer) for mixer in branch.mixers]
        parts[f"{branch.role}_mixer"] = mixers[0] if len(mixers) == 1 else Mixers(*mixers)
        parts[f"layer_scale{number}"] = _scale(dim, branch.layer_scale)
        parts[f"res_scale{number}"] = _scale(dim, branch.res_scale)
        rate = branch.drop_path
    return MetaFormerBlock(**parts, drop_path=rate)  # type: ignore[arg-type]


def _scale(dim: int, init: float | None) -> Scale | None:
    return None if init is None else Scale(dim, init)


def _optional(layer: Layer | None) -> nn.Module | None:
    return None if layer is None else _module(layer)


def _module(layer: Layer) -> nn.Module:
    context = [value for _, value in layer.context]
    try:
        module: nn.Module = factory(layer.component)(*context)
    except Exception as error:  # whatever a user's own constructor raises
        given = ", ".join(f"{name} = {value}" for name, value in layer.context)
        raise BuildError(
            f"{layer.address}: {layer.component.type} cannot be made with {given or 'no context'}"
            f": {type(error).__name__}: {error}"
        ) from error
    return module
