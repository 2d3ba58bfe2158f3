"""A layer's first fault, remembered for as long as its classes live."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from archdsl import threads
from archdsl.compiler.builder import Unfilled, build_layer
from archdsl.compiler.network import Layer
from archdsl.components.own import own_parts
from archdsl.conformance.owed import Fault
from archdsl.conformance.probe import Probe, named
from archdsl.conformance.watch import Failed
from archdsl.cost.measure import randomness_put_back
from archdsl.cost.room import Guard, TooMuchMemory
from archdsl.errors import ArchError, SpecError
from archdsl.nn.model import lay_contiguous

ELEMENTS = 1 << 20
"""Of a map up to which a layer is run with numbers, in some tenths of a second. What is larger is
run on meta tensors, which show shapes, types, gradients and strides and no values."""

POSITIONS = 1 << 12
"""Of a map up to which a mixer is: its pairs of positions may have to be held at once."""


def look(layers: Iterable[Layer]) -> None:
    """Run each layer that has a component of a user's, unless it was run before.

    With numbers where that is quick or where meta tensors will not do, and else on those.
    Raises SpecError for the first that does not give what the network expects of it.
    """
    for layer in layers:
        classes = tuple(part.definition.cls for part in own_parts(layer.component))
        fault = _fault(replace(layer, address=""), classes) if classes else None
        if fault is not None:
            problem, cure = fault.problem_and_cure()
            raise SpecError(problem, address=layer.address, cure=cure)


@lru_cache(maxsize=1 << 14)
def _fault(layer: Layer, classes: tuple[type, ...]) -> Fault | None:
    with (
        warnings.catch_warnings(action="ignore"),  # they are for the user's own training
        randomness_put_back(),
        torch.inference_mode(False),
        torch.enable_grad(),
        threads.for_work(),
        # oneDNN's gradient of a convolution whose stride is larger than its kernel writes beside
        # a channels-last map, and ends the process (torch 2.13)
        torch.backends.mkldnn.flags(enabled=False),
    ):
        if not _small(layer) and _passes_without_numbers(layer):
            return None
        try:
            with torch.device("cpu"):
                _probe(layer, numbers=True)
        except Failed as failed:
            return failed.fault
    return None


def _small(layer: Layer) -> bool:
    positions = layer.in_shape[1] * layer.in_shape[2]
    mixes = layer.component.kind.endswith("_mixer")
    return max(prod(layer.in_shape), prod(layer.out_shape)) <= ELEMENTS and (
        not mixes or positions <= POSITIONS
    )


def _passes_without_numbers(layer: Layer) -> bool:
    try:
        with torch.device("meta"):
            _probe(layer, numbers=False)
    except Exception:  # a constructor that computes with numbers, or a fault: numbers will tell
        return False
    return True


def _probe(layer: Layer, numbers: bool) -> None:
    Probe(layer, own_parts(layer.component), _made(layer, numbers), numbers).run()


def _made(layer: Layer, numbers: bool) -> nn.Module:
    definition = own_parts(layer.component)[0].definition
    try:
        with Guard() if numbers else Unfilled():
            module = cast(object, build_layer(layer))  # a user's class may be no module
    except ArchError as error:
        given = ", ".join(f"{name} = {value}" for name, value in layer.context)
        cause = error.__cause__
        if isinstance(cause, TooMuchMemory):
            raise Failed(Fault(definition, f"with {given} {cause}", "")) from error
        why = named(cause) if isinstance(cause, Exception) else str(error)
        problem = f"cannot be made with {given or 'no context'} ({why})"
        raise Failed(Fault(definition, problem, "mend its constructor")) from error
    if not isinstance(module, nn.Module):
        raise Failed(Fault(definition, "is no nn.Module", "derive the class from nn.Module"))
    for name, parameter in module.named_parameters():
        if is_lazy(cast(Tensor, parameter)):  # torch has no type for a lazy parameter
            problem = f"has a parameter whose shape is left open: {name}"
            cure = "say its widths: they follow from dim, as in nn.Conv2d(dim, dim, 1)"
            raise Failed(Fault(definition, problem, cure))
    lay_contiguous(module)  # as in the network
    return module
