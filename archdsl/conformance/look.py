"""A layer's first fault, remembered for as long as its classes live."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

import torch
from torch import nn

from archdsl import threads
from archdsl.builder import Unfilled, build_layer
from archdsl.conformance.owed import Fault
from archdsl.conformance.probe import Probe, Work, named
from archdsl.conformance.watch import Failed
from archdsl.cost.measure import randomness_put_back
from archdsl.errors import ArchError, SpecError
from archdsl.network import Layer
from archdsl.own import own_parts

AFFORDABLE = 1 << 25
"""Elements that the operators of a layer give, in all passes, up to which it is run with numbers
too: a tenth of a second. Beyond that it is run on meta tensors alone."""


def look(layers: Iterable[Layer]) -> None:
    """Run each layer that has a component of a user's, unless it was run before.

    On meta tensors, and with numbers where that is quick or where meta tensors will not do.
    Raises SpecError for the first that does not give what the network expects of it.
    """
    for layer in layers:
        classes = tuple(part.definition.cls for part in own_parts(layer.component))
        fault = _fault(replace(layer, address=""), classes) if classes else None
        if fault is not None:
            problem, cure = fault.words()
            raise SpecError(problem, address=layer.address, cure=cure)


@lru_cache(maxsize=1 << 14)
def _fault(layer: Layer, classes: tuple[type, ...]) -> Fault | None:
    with (
        warnings.catch_warnings(),
        randomness_put_back(),
        torch.inference_mode(False),
        torch.enable_grad(),
        threads.for_work(),
    ):
        warnings.simplefilter("ignore")  # they are for the user's own training
        work = _without_numbers(layer)
        if work is not None and work > AFFORDABLE:
            return None
        try:
            with torch.device("cpu"):
                _probe(layer, numbers=True)
        except Failed as failed:
            return failed.fault
    return None


def _without_numbers(layer: Layer) -> int | None:
    """How many elements its operators give on meta tensors; None where it fails on those."""
    work = Work()
    try:
        with torch.device("meta"), work:
            _probe(layer, numbers=False)
    except Exception:  # what went wrong is told by the run with numbers
        return None
    return work.elements


def _probe(layer: Layer, numbers: bool) -> None:
    Probe(layer, own_parts(layer.component), _made(layer, numbers), numbers).run()


def _made(layer: Layer, numbers: bool) -> nn.Module:
    try:
        if numbers:
            return build_layer(layer)
        with Unfilled():
            return build_layer(layer)
    except ArchError as error:
        definition = own_parts(layer.component)[0].definition
        given = ", ".join(f"{name} = {value}" for name, value in layer.context)
        cause = error.__cause__
        why = named(cause) if isinstance(cause, Exception) else str(error)
        problem = f"cannot be made with {given or 'no context'} ({why})"
        raise Failed(Fault(definition, problem, "mend its constructor")) from error
