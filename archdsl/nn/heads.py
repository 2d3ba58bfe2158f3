"""Heads: from the last map to the logits."""

from __future__ import annotations

from functools import partial
from typing import Literal

from torch import Tensor, nn

from archdsl.components.component import Component
from archdsl.components.options import Act, Fraction, Norm
from archdsl.components.registry import head
from archdsl.errors import Misfit
from archdsl.nn.acts import SquaredReLU
from archdsl.nn.checks import act_misfit, hidden_misfit, inner_misfit, norm_misfit
from archdsl.nn.init import small_normal, start
from archdsl.nn.norms import LayerNorm

_LAYER_NORM = partial(LayerNorm, eps=1e-5)  # the head's own; its other norms have 1e-6


@head("linear")
class LinearHead(nn.Module):
    """Norm, pool, norm, one linear layer; with 0 classes the pooled features.

    norm: on the map
    pool: the mean over positions, or the class token
    pool_norm: on the pooled features
    dropout: rate before the linear layer
    init: how the linear layer starts: from a normal of std 0.02, or at zero
    """

    def __init__(
        self,
        dim: int,
        classes: int,
        *,
        norm: Norm | None = None,
        pool: Literal["mean", "token"] = "mean",
        pool_norm: Norm | None = None,
        dropout: Fraction = 0.0,
        init: Literal["normal", "zero"] = "normal",
    ) -> None:
        super().__init__()
        self.pool = pool
        self.norm = None if norm is None else norm(dim)
        self.pool_norm = None if pool_norm is None else pool_norm(dim)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(dim, classes) if classes > 0 else None
        if self.classifier is not None:
            start(init, self.classifier)

    @staticmethod
    def check(
        dim: int,
        size: tuple[int, int],
        norm: Component | None,
        pool: str,
        pool_norm: Component | None,
    ) -> Misfit | None:
        """The norms fit, and there is a class token where one is read."""
        return (
            inner_misfit(norm, dim=dim) or inner_misfit(pool_norm, dim=dim) or no_token(pool, size)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to (B, classes), or to (B, dim) with 0 classes."""
        x = self.dropout(pooled(x, self.norm, self.pool, self.pool_norm))
        return x if self.classifier is None else self.classifier(x)


@head("mlp")
class MLPHead(nn.Module):
    """Norm, pool, norm, and an MLP (ConvFormer and CAFormer, arXiv 2210.13452).

    norm: on the map
    pool: the mean over positions, or the class token
    pool_norm: on the pooled features
    ratio: hidden features per channel
    act: between the two linear layers
    hidden_norm: after the activation
    dropout: rate before the last linear layer
    """

    def __init__(
        self,
        dim: int,
        classes: int,
        *,
        norm: Norm | None = None,
        pool: Literal["mean", "token"] = "mean",
        pool_norm: Norm | None = None,
        ratio: float = 4,
        act: Act = SquaredReLU,
        hidden_norm: Norm | None = _LAYER_NORM,
        dropout: Fraction = 0.0,
    ) -> None:
        super().__init__()
        hidden = int(dim * ratio)
        self.pool = pool
        self.norm = None if norm is None else norm(dim)
        self.pool_norm = None if pool_norm is None else pool_norm(dim)
        self.fc1 = nn.Linear(dim, hidden)
        self.act = act()
        self.hidden_norm = None if hidden_norm is None else hidden_norm(hidden)
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(hidden, classes)
        small_normal(self.fc1, self.fc2)

    @staticmethod
    def check(
        dim: int,
        size: tuple[int, int],
        classes: int,
        norm: Component | None,
        pool: str,
        pool_norm: Component | None,
        ratio: float,
        act: Component,
        hidden_norm: Component | None,
    ) -> Misfit | None:
        """There are classes and hidden features; the norms and the activation fit."""
        if classes == 0:
            return Misfit("needs classes to tell apart", cure="for features choose  head: linear")
        return (
            hidden_misfit(int(dim * ratio), ratio)
            or act_misfit(act)
            or inner_misfit(norm, dim=dim)
            or inner_misfit(pool_norm, dim=dim)
            or norm_misfit(hidden_norm, int(dim * ratio))
            or no_token(pool, size)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to (B, classes)."""
        x = self.act(self.fc1(pooled(x, self.norm, self.pool, self.pool_norm)))
        if self.hidden_norm is not None:
            x = self.hidden_norm(x[:, :, None, None]).flatten(1)
        x = self.fc2(self.dropout(x))
        return x


def pooled(x: Tensor, norm: nn.Module | None, pool: str, pool_norm: nn.Module | None) -> Tensor:
    """(B, dim, H, W) to (B, dim), with a norm before and one after."""
    if norm is not None:
        x = norm(x)
    x = x[:, :, :1, :1] if pool == "token" else x.mean(dim=(2, 3), keepdim=True)
    if pool_norm is not None:
        x = pool_norm(x)
    return x.flatten(1)


def no_token(pool: str, size: tuple[int, int]) -> Misfit | None:
    """Why the class token cannot be read: with one, a map is a single column of positions."""
    if pool == "mean" or size[1] == 1:
        return None
    return Misfit(
        "reads the class token, and there is none",
        cure="write  class_token: true, or  pool: mean",
    )
