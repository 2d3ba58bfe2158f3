# Made from archdsl/nn by  make catalogue.  Change it there.
"""Activations that torch lacks; its own stand for themselves, in `torch_acts`."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
import archdsl.catalogue.torch_acts
from archdsl.components.registry import act

@act('squared_relu')
class SquaredReLU(nn.Module):
    """The square of a ReLU (So et al., Primer, arXiv 2109.08668)."""

@act('star_relu')
class StarReLU(nn.Module):
    """scale · relu(x)² + bias, both learned (Yu et al., arXiv 2210.13452).

    scale: where the scale starts; the paper's analysis has 0.8944, its models start from 1
    bias: where the bias starts; the paper's analysis has -0.4472, its models start from 0
    """

    def __init__(self, *, scale: float=1.0, bias: float=0.0) -> None:
        ...

@act('softmax')
class Softmax(nn.Module):
    """Softmax over the last axis: the keys of a meta_mixer's dynamic coefficients."""
    elementwise = False
