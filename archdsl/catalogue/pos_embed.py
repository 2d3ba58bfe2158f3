# Made from archdsl/nn by  make catalogue.  Change it there.
"""Positions, added to a map before a stage's blocks."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.options import PositiveNumber
from archdsl.components.registry import pos_embed

@pos_embed('learned')
class LearnedPositions(nn.Module):
    """A learned map that is added; it belongs to one size.

    std: of the normal that it starts from; where not given, it starts at zero
    """

    def __init__(self, dim: int, size: tuple[int, int], *, std: PositiveNumber | None=None) -> None:
        ...
