"""Self-attention as a token mixer."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.components.options import Positive
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.nn.checks import heads_misfit
from archdsl.nn.init import small_normal
from archdsl.nn.recorded import unbound


@token_mixer("attention")
class Attention(nn.Module):
    """Multi-head self-attention over all positions (arXiv 1706.03762).

    head_dim: channels of a head; the number of heads follows from the width
    qkv_bias: whether queries, keys and values have biases
    proj_bias: whether the output projection has one
    """

    sequence = True
    tokens = True

    def __init__(
        self,
        dim: int,
        *,
        head_dim: Positive = 32,
        qkv_bias: bool = False,
        proj_bias: bool = False,
    ) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)  # rows: queries, keys, values
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        small_normal(self.qkv, self.proj)

    @staticmethod
    def check(dim: int, head_dim: int) -> Misfit | None:
        """The heads divide the width."""
        return heads_misfit(dim, head_dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, dim) to the same."""
        qkv = self.qkv(x).unflatten(2, (3, -1, self.head_dim))  # (B, N, 3, heads, head_dim)
        q, k, v = unbound(qkv.permute(2, 0, 3, 1, 4), 0)  # (B, heads, N, head_dim) each
        mixed = F.scaled_dot_product_attention(q, k, v)
        x = self.proj(mixed.transpose(1, 2).flatten(2))
        return x
