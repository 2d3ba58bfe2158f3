# Made from archdsl/nn by  make catalogue.  Change it there.
"""Swin's attention inside windows that shift from block to block."""
from __future__ import annotations
from typing import Literal
from archdsl.catalogue.torch_names import nn
from archdsl.components.options import Positive
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.catalogue.checks import heads_misfit

@token_mixer('window_attention')
class WindowAttention(nn.Module):
    """Self-attention inside windows that shift (Swin, arXiv 2103.14030).

    Each offset from a position to another has a learned bias of its own in each head.
    The windows tile the map; a map that they do not divide is padded with zeros below and at the
    right before it is shifted, as in the authors' detection code (timm shifts first, and gives
    other numbers there). Along a side that is no longer than the window, the window is the side.

    head_dim: channels of a head; the number of heads follows from the width
    window: side of a window
    shift: alternate moves the windows of every second block by half of one; none moves none
    qkv_bias: whether queries, keys and values have biases
    proj_bias: whether the output projection has one
    """

    def __init__(self, dim: int, size: tuple[int, int], depth_index: int, *, head_dim: Positive=32, window: Positive=7, shift: Literal['alternate'] | None='alternate', qkv_bias: bool=True, proj_bias: bool=True) -> None:
        ...

    @staticmethod
    def check(dim: int, head_dim: int) -> Misfit | None:
        """The heads divide the width."""
        return heads_misfit(dim, head_dim)
