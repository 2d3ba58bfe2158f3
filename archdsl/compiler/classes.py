"""A network for another number of classes."""

from __future__ import annotations

from dataclasses import replace

from archdsl.compiler.checks import own_misfit
from archdsl.compiler.network import Layer, Network
from archdsl.components.options import OptionValue
from archdsl.components.statics import static
from archdsl.errors import BuildError


def with_classes(network: Network, classes: int) -> Network:
    """The same network with a head for `classes` classes; 0 for features.

    Raises BuildError for a network without a head, and for a head that cannot have that many.
    """
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 0:
        raise BuildError(f"classes = {classes!r}: write a number of classes, or 0 for features")
    head = network.head
    if head is None:
        raise BuildError(f"{network.name} has no head whose classes could change")
    _check(network, head, classes)
    context = tuple((name, classes if name == "classes" else value) for name, value in head.context)
    out_shape = (classes or head.in_shape[0], 1, 1)
    return replace(
        network, classes=classes, head=replace(head, context=context, out_shape=out_shape)
    )


def _check(network: Network, head: Layer, classes: int) -> None:
    """What the head itself has against so many classes."""
    check = static(head.component.definition, "check")
    if check is None:
        return
    dim, height, width = head.in_shape
    reduction = network.stages[-1].reduction
    known: dict[str, OptionValue] = {
        "dim": dim,
        "dim_in": dim,
        "dim_out": dim,
        "size": (height, width),
        "reduction": reduction,
        "total_reduction": reduction,
        "depth_index": 0,
        "classes": classes,
        "input_size": network.input[1:],
    }
    misfit = own_misfit(head.component, check, known)
    if misfit is not None:
        cure = f"\n  {misfit.cure}" if misfit.cure else ""
        raise BuildError(f"{head.address}: {head.component.type} {misfit.problem}{cure}")
