"""An export with all that it may be given: weights from a file, and a check of what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl import given
from archdsl.errors import BuildError, ExportError
from archdsl.printable import shown
from archdsl.saving import weights_of
from archdsl.specification import Spec
from archdsl.task_images import task_images

if TYPE_CHECKING:
    from torch import Tensor

    from archdsl.exporters import Exported


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for, as `archdsl.export` takes it.

    folder: the run directory or saved folder that the spec stands for, if it is of one
    """

    to: str
    path: str | Path | None = None
    weights: str | Path | None = None
    features: Sequence[int] | None = None
    fused: bool = False
    opset: int | None = None
    check: bool | None = None
    folder: Path | None = None


def exported(
    spec: Spec,
    order: Order,
    state_of: Callable[[Path], Mapping[str, Tensor]],
    say: Callable[[str], None] = lambda what: None,
) -> Exported:
    """What comes of it, and what the check found.

    state_of: the state dict of the spec's model with the weights of a file
    say: is told what is being done
    Raises as `archdsl.export`.
    """
    from archdsl.checkpoints.refusal import with_the_classifier
    from archdsl.compiler.backbone import chosen
    from archdsl.exporters import exported as export_network
    from archdsl.exporters.registry import find
    from archdsl.exporters.stated import stated_in
    from archdsl.exporters.wanted import Wanted

    path = None if order.path is None else given.path("path", order.path, ExportError)
    form = find(given.word("to", order.to, ExportError))
    given.truth("fused", order.fused, ExportError)
    _check_opset(order.opset)
    check = order.check
    if check is not None:
        given.truth("check", check, ExportError)
    said, network = stated_in(spec), spec.network()
    stages = None if order.features is None else chosen(order.features, len(network.stages))
    file = None if order.weights is None else given.path("weights", order.weights, ExportError)
    if file is not None and not form.carries_weights and (check is False or form.runner is None):
        raise ExportError(f"{form.name} carries no weights: drop them")
    if file is None and order.folder is not None and (form.carries_weights or check):
        with suppress(BuildError):  # a winner that nobody trained has none
            file = weights_of(order.folder)
    with with_the_classifier():
        state = None if file is None else state_of(file)
    if check is None:
        check = state is not None and form.runner is not None
    return export_network(
        network,
        form.name,
        path,
        Wanted(state, said, None if stages is None else tuple(stages), order.fused, order.opset),
        (lambda: task_images(spec, order.folder, said)) if check else None,
        say,
    )


def _check_opset(opset: object) -> None:
    if opset is not None and (isinstance(opset, bool) or not isinstance(opset, int)):
        raise ExportError(f"opset is a number, and not {shown(opset)}")
