# Made from archdsl/nn by  make catalogue.  Change it there.
"""The MetaMixer: query, key, activation, value, each a component of its own."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.component import Component
from archdsl.components.options import Act, Key, Out, Query, Value
from archdsl.components.registry import channel_mixer, token_mixer
from archdsl.components.statics import width_after
from archdsl.errors import Misfit
from archdsl.catalogue.checks import inner_misfit
from archdsl.catalogue.meta_ops.keys import DynamicKey
from archdsl.catalogue.meta_ops.values import DynamicValue

@token_mixer('meta_mixer')
@channel_mixer('meta_mixer')
class MetaMixer(nn.Module):
    """Query, key, activation, value: each of them a component (MetaMixer).

    The query is projected, meets the keys, and the activated coefficients meet the values.
    MetaMixer (arXiv 2406.02021) reads self-attention, convolutional mixers and MLPs as this one
    frame. With a dynamic key, the coefficients stand between pairs of positions; with softmax as
    `act` this is self-attention, and with any other act the coefficients are divided by the
    number of positions, so that the sum stays a mean (arXiv 2309.08586). With a static key they
    are a map.

    Some combinations mean nothing and are refused: a softmax over static coefficients, which
    have no positions to sum over; a dynamic value after a static key, and a static value after a
    dynamic key, because a value must meet coefficients of its own sort; and a value that leaves
    another width than the block's with no `out` to bring it back.

    query: what meets the keys; none is the input itself
    key: the query-key interaction; none leaves the query as the coefficients
    act: the activation of the coefficients
    value: the coefficient-value interaction
    out: the output projection
    """

    def __init__(self, dim: int, *, query: Query | None=None, key: Key | None, act: Act=nn.GELU, value: Value, out: Out | None=None) -> None:
        ...

    @staticmethod
    def check(dim: int, query: Component | None, key: Component | None, act: Component, value: Component, out: Component | None) -> Misfit | None:
        """The parts mean something together, and their widths fit."""
        wide = _coefficients(key, dim)
        return inner_misfit(query, dim=dim) or inner_misfit(key, dim=dim) or _nonsense(key, act, value) or inner_misfit(value, dim_in=wide, dim=dim) or _leftover(value, wide, dim, out) or inner_misfit(out, dim_in=_width(value, wide, dim), dim=dim)

def _coefficients(key: Component | None, dim: int) -> int:
    return dim if key is None else width_after(key, {'dim': dim}, dim)

def _width(value: Component, dim_in: int, dim: int) -> int:
    return width_after(value, {'dim_in': dim_in, 'dim': dim}, dim)

def _nonsense(key: Component | None, act: Component, value: Component) -> Misfit | None:
    pairs = key is not None and issubclass(key.definition.cls, DynamicKey)
    after = f'after a {key.type} key' if key else 'without a key'
    if not pairs and (not getattr(act.definition.cls, 'elementwise', True)):
        over = f'the coefficients of a {key.type} key, which have' if key else 'a query, which has'
        return Misfit(f'has {act.type} over {over} no positions to sum over', cure=f'choose gelu or another activation of single numbers; {act.type} goes with  key: dynamic')
    if pairs == issubclass(value.definition.cls, DynamicValue):
        return None
    if pairs:
        return Misfit(f'has a {value.type} value {after}, whose coefficients stand between pairs of positions', cure='choose  value: dynamic')
    return Misfit(f'has a dynamic value {after}, whose coefficients are a map and not weights of positions', cure='choose  key: dynamic, or a static value such as depthwise or pointwise')

def _leftover(value: Component, wide: int, dim: int, out: Component | None) -> Misfit | None:
    width = _width(value, wide, dim)
    if out is not None or width == dim:
        return None
    return Misfit(f'leaves {width} channels after its {value.type} value, and the block has {dim}', cure='add  out: pointwise, or choose  value: pointwise')
