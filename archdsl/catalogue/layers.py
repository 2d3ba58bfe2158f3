# Made from archdsl/nn by  make catalogue.  Change it there.
"""Layers of stems and downsamples."""
from __future__ import annotations
from typing import Literal
from archdsl.catalogue.torch_names import nn
from archdsl.components.component import Component
from archdsl.components.options import Act, Layer, NonNegative, Norm, Odd, Positive
from archdsl.components.registry import layer
from archdsl.components.statics import size_after
from archdsl.errors import Misfit
from archdsl.catalogue.checks import act_misfit, inner_misfit, norm_misfit

@layer('conv')
class Conv(nn.Module):
    """A convolution, with a norm before or after it and an activation if asked for.

    kernel: side of the window
    stride: step of the window
    padding: zeros at each border; kernel // 2 where not given
    norm: after the convolution
    pre_norm: before the convolution
    act: after everything
    bias: where not given, there is one unless a batch norm stands right before or after
    groups: groups of channels that do not mix
    init: how it starts; where not given, normal (of std 0.02) beside a norm of its own, as in
        ConvNeXt and FFNet, and otherwise as torch's own does, as in PoolFormer's stem; TransNeXt's
        start from he
    """

    def __init__(self, dim_in: int, dim_out: int, *, kernel: Positive, stride: Positive=1, padding: NonNegative | None=None, norm: Norm | None=None, pre_norm: Norm | None=None, act: Act | None=None, bias: bool | None=None, groups: Positive=1, init: Literal['torch', 'normal', 'lecun', 'he'] | None=None) -> None:
        ...

    @staticmethod
    def check(dim_in: int, dim_out: int, groups: int, norm: Component | None, pre_norm: Component | None, act: Component | None) -> Misfit | None:
        """The groups divide both widths; the norms and the activation fit."""
        if dim_in % groups or dim_out % groups:
            return Misfit(f'cannot split {dim_in} channels in and {dim_out} out into {groups} groups', cure='choose groups that divide both')
        return norm_misfit(pre_norm, dim_in) or norm_misfit(norm, dim_out) or act_misfit(act)

    @staticmethod
    def out_size(size: tuple[int, int], kernel: int, stride: int, padding: int | None) -> tuple[int, int]:
        """Height and width after the window has gone over the map."""
        around = 2 * (kernel // 2 if padding is None else padding)
        height, width = ((side + around - kernel) // stride + 1 for side in size)
        return (height, width)

@layer('rep_depthwise')
class RepDepthwise(nn.Module):
    """A large and a small depthwise convolution with batch norms, summed (FFNet).

    One depthwise convolution in the deployed form. A width that grows takes each channel in
    several times (arXiv 2406.02021; the two branches are RepLKNet's, arXiv 2203.06717).

    kernel: side of the large window
    small_kernel: side of the small window
    stride: step of both windows
    """

    def __init__(self, dim_in: int, dim_out: int, *, kernel: Odd=7, small_kernel: Odd=3, stride: Positive=1) -> None:
        ...

    @staticmethod
    def check(dim_in: int, dim_out: int, kernel: int, small_kernel: int) -> Misfit | None:
        """The width out is a multiple of the width in, and the small window is smaller."""
        if dim_out % dim_in:
            return Misfit(f'cannot make {dim_out} channels from {dim_in}, each taken equally often', cure=f'choose a multiple of {dim_in}')
        if small_kernel >= kernel:
            return Misfit(f'has a small_kernel of {small_kernel} beside a kernel of {kernel}', cure='choose a smaller small_kernel, or a plain depthwise convolution')
        return None

    @staticmethod
    def out_size(size: tuple[int, int], stride: int) -> tuple[int, int]:
        """Height and width, divided by the stride and rounded up."""
        return (-(-size[0] // stride), -(-size[1] // stride))

@layer('residual')
class Residual(nn.Module):
    """A layer added to its own input.

    of: the layer, which keeps width and size
    """

    def __init__(self, dim_in: int, dim_out: int, *, of: Layer) -> None:
        ...

    @staticmethod
    def check(dim_in: int, dim_out: int, size: tuple[int, int], of: Component) -> Misfit | None:
        """What is added keeps the width and the size of the map."""
        if dim_in != dim_out:
            return Misfit(f'adds a layer to its input, and its input has {dim_in} channels, not {dim_out}', cure='let the layer before it change the width')
        after = size_after(of, size)
        if after != size:
            return Misfit(f'adds a layer to its input, and {of.type} turns {size[0]}x{size[1]} into {after[0]}x{after[1]}', cure='choose stride 1 and a padding that keeps the size')
        return inner_misfit(of, dim_in=dim_in, dim_out=dim_out, size=size)
