"""A network to the `nn.Module` that it describes. Module paths are the network's addresses."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from archdsl.compiler.classes import with_classes
from archdsl.compiler.network import Block, Layer, Network, SpecText
from archdsl.compiler.network import Stage as StageEntry
from archdsl.components.component import Component
from archdsl.components.options import OptionValue
from archdsl.errors import BuildError
from archdsl.nn.block import MetaFormerBlock, Mixers, Scale, mixed
from archdsl.nn.fuse import fuse
from archdsl.nn.model import ClassToken, MetaFormer, Stage, lay_contiguous


class TokenMixer(nn.Module):
    """A mixer of (B, N, dim) tokens as a layer of (B, dim, H, W) maps, as its block uses it."""

    def __init__(self, mixer: nn.Module) -> None:
        super().__init__()
        self.mixer = mixer

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        return mixed(self.mixer, x)


class Built(MetaFormer):
    """A MetaFormer that knows the network it was built from.

    spec_text: the spec of that network; None where it was built of the network alone
    metadata: what its weights file said beside the weights
    """

    def __init__(self, network: Network, **parts: Any) -> None:
        super().__init__(**parts)
        self.network = network
        self.spec_text: SpecText | None = None
        self.metadata: dict[str, str] = {}

    def reset_classifier(self, classes: int) -> None:
        """Give the head another number of classes; 0 leaves the pooled features.

        What depends on that number starts afresh; the rest of the head keeps its weights.
        Raises BuildError for a model without a head, and for a head that cannot have that many.
        """
        self.head, self.network = headed(self.head, self.network, classes, like=self)


def headed(
    old: nn.Module | None, network: Network, classes: int, *, like: nn.Module
) -> tuple[nn.Module, Network]:
    """A network's head for another number of classes, and the network with it.

    old: the head so far, of which the weights that depend on no number of classes are taken over
    like: the model, whose device and type of numbers it has
    Raises BuildError for a network without a head, and for a head that cannot have that many.
    """
    network = with_classes(network, classes)
    assert network.head is not None and old is not None
    near = next(like.parameters())
    head = _module(network.head).to(near.device, near.dtype).train(like.training)
    fresh, own = classifier_names(network.head), head.state_dict()
    kept = {
        name: tensor
        for name, tensor in old.state_dict().items()
        if name in own and f"{network.head.address}.{name}" not in fresh
    }
    head.load_state_dict({**own, **kept})
    lay_contiguous(head)
    return head, network


def build(network: Network) -> Built:
    """The module that a network describes, with fresh weights.

    Parts are made in the order of the forward pass, so a seed gives the same weights every time.
    Raises BuildError for a component whose constructor fails.
    """
    return Built(
        network,
        stem=[_module(layer) for layer in network.stem],
        class_token=ClassToken(network.stages[0].dim) if network.class_token else None,
        stages=[_stage(stage) for stage in network.stages],
        head=_optional(network.head),
    )


def build_layer(layer: Layer) -> nn.Module:
    """One layer alone, from a map to a map (a head: to the logits)."""
    module = _module(layer)
    return TokenMixer(module) if getattr(module, "tokens", False) else module


def shapes(network: Network, *, deployed: bool = False) -> dict[str, tuple[int, ...]]:
    """The names and shapes of a network's tensors, by building it without memory for them.

    deployed: those of its deployed form, branches and batch norms folded
    """
    return _shapes(lambda: fuse(build(network)) if deployed else build(network))


def trained_names(network: Network) -> frozenset[str]:
    """The names of those among them that are trained: parameters, and no buffers."""
    return frozenset(name for name, _ in _without_memory(lambda: build(network)).named_parameters())


def classifier_names(head: Layer) -> frozenset[str]:
    """The tensors of a head that depend on the number of classes, `head.classifier.weight`."""

    def of(classes: int) -> dict[str, tuple[int, ...]]:
        context = tuple((n, classes if n == "classes" else value) for n, value in head.context)
        return _shapes(lambda: _module(replace(head, context=context)))

    one, two = of(1), of(2)
    names = {name for name in {*one, *two} if one.get(name) != two.get(name)}
    return frozenset(f"{head.address}.{name}" for name in names)


class Unfilled(TorchFunctionMode):
    """Tensors without memory stay as they are: there is nothing to draw numbers for."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Leave out `torch.nn.init` and random draws; carry out anything else."""
        kwargs = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init" or func in _DRAWS:
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


_DRAWS = (torch.Tensor.normal_, torch.Tensor.uniform_)


def _shapes(make: Callable[[], nn.Module]) -> dict[str, tuple[int, ...]]:
    module = _without_memory(make)
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def _without_memory(make: Callable[[], nn.Module]) -> nn.Module:
    try:
        with torch.device("meta"), Unfilled():
            return make()
    except BuildError:  # a constructor that computes with numbers needs some
        with torch.random.fork_rng(devices=[]):
            return make()


def factory(component: Component) -> Callable[..., Any]:
    """What makes a component from its context: the class, with what it changes bound.

    The defaults stay the class's own, as they do in exported code.
    """
    options = {name: _option(value) for name, value in component.changed().items()}
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
        said = str(error).strip().partition("\n")[0]  # torch appends its own stack
        raise BuildError(
            f"{layer.address}: {layer.component.type} cannot be made with {given or 'no context'}"
            f": {type(error).__name__}: {said}"
        ) from error
    return module
