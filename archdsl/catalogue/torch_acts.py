# Made from archdsl/nn by  make catalogue.  Change it there.
"""torch's own activations: their names, and a signature for each that says what a spec may."""
from __future__ import annotations
from collections.abc import Callable
from typing import Literal, TypeVar
from archdsl.catalogue.torch_names import nn
from archdsl.components.options import NonNegativeNumber, PositiveNumber
from archdsl.components.registry import also_called, register
from archdsl.errors import Misfit
F = TypeVar('F', bound=Callable[..., Misfit | None])

def describes(cls: type[nn.Module]) -> Callable[[F], F]:
    """Register a class of torch's under the name of the function that describes it."""

    def described(function: F) -> F:
        register('act', function.__name__, cls, function)
        return function
    return described

@describes(nn.CELU)
def celu(*, alpha: PositiveNumber=1.0) -> None:
    """An ELU whose slope is continuous whatever its alpha (arXiv 1704.07483).

    alpha: how far below zero it falls
    """

@describes(nn.ELU)
def elu(*, alpha: float=1.0) -> None:
    """x, and alpha · (exp(x) - 1) below zero (arXiv 1511.07289).

    alpha: how far below zero it falls
    """

@describes(nn.GELU)
def gelu(*, approximate: Literal['none', 'tanh']='none') -> None:
    """x · Φ(x), with the distribution function of the normal (arXiv 1606.08415).

    approximate: tanh is the paper's approximation by a hyperbolic tangent
    """

@describes(nn.Hardshrink)
def hardshrink(*, lambd: NonNegativeNumber=0.5) -> None:
    """x, and zero between -lambd and lambd.

    lambd: half the width of what becomes zero
    """

@describes(nn.Hardsigmoid)
def hardsigmoid() -> None:
    """x / 6 + 1 / 2, clamped to between 0 and 1."""

@describes(nn.Hardswish)
def hardswish() -> None:
    """x · hardsigmoid(x) (MobileNetV3, arXiv 1905.02244)."""

@describes(nn.Hardtanh)
def hardtanh(*, min_val: float=-1.0, max_val: float=1.0) -> Misfit | None:
    """x, clamped to an interval.

    min_val: the lower end
    max_val: the upper end
    """
    return _upside_down('min_val', min_val, 'max_val', max_val) if min_val >= max_val else None

@describes(nn.Identity)
def identity() -> None:
    """x, as it is."""

@describes(nn.LeakyReLU)
def leaky_relu(*, negative_slope: float=0.01) -> None:
    """x, and negative_slope · x below zero (Maas et al., ICML 2013).

    negative_slope: the slope below zero
    """

@describes(nn.LogSigmoid)
def logsigmoid() -> None:
    """The logarithm of the sigmoid."""

@describes(nn.Mish)
def mish() -> None:
    """x · tanh(softplus(x)) (arXiv 1908.08681)."""

@describes(nn.PReLU)
def prelu(*, init: float=0.25) -> None:
    """A leaky_relu whose slope is learned, one for all channels (arXiv 1502.01852).

    init: where the slope starts
    """

@describes(nn.ReLU)
def relu() -> None:
    """x, and zero below zero."""

@describes(nn.ReLU6)
def relu6() -> None:
    """x, clamped to between 0 and 6."""

@describes(nn.RReLU)
def rrelu(*, lower: float=1 / 8, upper: float=1 / 3) -> Misfit | None:
    """A leaky_relu of random slopes, and of their mean in eval (arXiv 1505.00853).

    lower: the smallest slope below zero
    upper: the largest one
    """
    return _upside_down('lower', lower, 'upper', upper) if lower > upper else None

@describes(nn.SELU)
def selu() -> None:
    """An ELU scaled so that a deep network normalises itself (arXiv 1706.02515)."""

@describes(nn.Sigmoid)
def sigmoid() -> None:
    """1 / (1 + exp(-x))."""

@describes(nn.SiLU)
def silu() -> None:
    """x · sigmoid(x), also called swish (arXiv 1710.05941)."""

@describes(nn.Softplus)
def softplus(*, beta: PositiveNumber=1.0, threshold: float=20.0) -> None:
    """log(1 + exp(beta · x)) / beta, a smooth ReLU.

    beta: how sharp the bend is
    threshold: where beta · x is above it, x itself
    """

@describes(nn.Softshrink)
def softshrink(*, lambd: NonNegativeNumber=0.5) -> None:
    """x moved by lambd towards zero, and zero where that would pass it.

    lambd: how far
    """

@describes(nn.Softsign)
def softsign() -> None:
    """x / (1 + |x|)."""

@describes(nn.Tanh)
def tanh() -> None:
    """The hyperbolic tangent."""

@describes(nn.Tanhshrink)
def tanhshrink() -> None:
    """x - tanh(x)."""

@describes(nn.Threshold)
def threshold(*, threshold: float, value: float) -> None:
    """x above the threshold, and one value below it.

    threshold: where it is
    value: what stands for everything below it
    """
also_called('act', 'gelu_tanh', 'gelu', approximate='tanh')
also_called('act', 'swish', 'silu')

def _upside_down(low: str, lowest: float, high: str, highest: float) -> Misfit:
    return Misfit(f'has {low} {lowest:g} and {high} {highest:g}', cure=f'choose a {low} below {high}')
