"""What is asked of a form beside the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from archdsl.errors import ExportError

if TYPE_CHECKING:
    from torch import Tensor

    from archdsl.data.preprocessing import Preprocessing


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form may be given, by the names of its parameters. A form has those that it carries.

    weights: a state dict of the model, as it is trained or deployed; None for fresh ones
    preprocessing: of the images that it was trained on; a form without it leaves it out
    features: stages whose maps are wanted instead of logits, from 0
    fused: whether the deployed form is
    opset: the version of ONNX's operators
    """

    weights: Mapping[str, Tensor] | None = None
    preprocessing: Preprocessing | None = None
    features: tuple[int, ...] | None = None
    fused: bool = False
    opset: int | None = None

    def of(self, form: str, carried: tuple[str, ...]) -> dict[str, Any]:
        """What goes to a form, by name. Raises ExportError for what it does not carry."""
        for name, problem in _REFUSED.items():
            if name not in carried and getattr(self, name) not in (None, False):
                raise ExportError(f"{form} {problem}")
        return {name: getattr(self, name) for name in carried}


CARRIED = tuple(field.name for field in fields(Wanted))
"""The names of all of it."""

_REFUSED = {
    "weights": "carries no weights: drop them",
    "features": "gives no maps of stages.  drop  features  (--backbone), or choose another form",
    "fused": "has no deployed form.  drop  fused  (--fused), or choose another form",
    "opset": "has no opset.  drop it, or choose  onnx",
}
