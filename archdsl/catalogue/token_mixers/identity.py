# Made from archdsl/nn by  make catalogue.  Change it there.
"""No mixing at all."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.registry import token_mixer

@token_mixer('identity')
class Identity(nn.Module):
    """The input as it is, after the block's norm (IdentityFormer, arXiv 2210.13452)."""
    sequence = True
