# Made from archdsl/nn by  make catalogue.  Change it there.
"""Swin's way from one stage to the next."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.component import Component
from archdsl.components.options import Norm
from archdsl.components.registry import layer
from archdsl.errors import Misfit
from archdsl.catalogue.checks import norm_misfit
from archdsl.catalogue.norms import LayerNorm

@layer('patch_merge')
class PatchMerge(nn.Module):
    """Each 2x2 patch to one position, by a linear layer (Swin, arXiv 2103.14030).

    A side that is odd is padded with zeros, below or at the right.

    norm: on the four positions of a patch together
    bias: whether the linear layer has a bias
    """

    def __init__(self, dim_in: int, dim_out: int, *, norm: Norm | None=LayerNorm, bias: bool=False) -> None:
        ...

    @staticmethod
    def check(dim_in: int, norm: Component | None) -> Misfit | None:
        """The norm fits four positions together."""
        return norm_misfit(norm, 4 * dim_in)

    @staticmethod
    def out_size(size: tuple[int, int]) -> tuple[int, int]:
        """Height and width, halved and rounded up."""
        return (-(-size[0] // 2), -(-size[1] // 2))
