"""Layers of stems and downsamples."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import fuse_conv_bn_eval

from archdsl.components.component import Component
from archdsl.components.options import Act, Layer, NonNegative, Norm, Odd, Positive
from archdsl.components.registry import layer
from archdsl.components.statics import size_after
from archdsl.errors import Misfit
from archdsl.nn.checks import act_misfit, inner_misfit, norm_misfit
from archdsl.nn.folding import foldable, folded_before, with_tensors
from archdsl.nn.init import small_normal, start


@layer("conv")
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

    def __init__(
        self,
        dim_in: int,
        dim_out: int,
        *,
        kernel: Positive,
        stride: Positive = 1,
        padding: NonNegative | None = None,
        norm: Norm | None = None,
        pre_norm: Norm | None = None,
        act: Act | None = None,
        bias: bool | None = None,
        groups: Positive = 1,
        init: Literal["torch", "normal", "lecun", "he"] | None = None,
    ) -> None:
        super().__init__()
        self.pre_norm = None if pre_norm is None else pre_norm(dim_in)
        after = None if norm is None else norm(dim_out)
        shifted = isinstance(self.pre_norm, nn.BatchNorm2d) or isinstance(after, nn.BatchNorm2d)
        bias = not shifted if bias is None else bias
        padding = kernel // 2 if padding is None else padding
        self.conv = nn.Conv2d(
            dim_in, dim_out, kernel, stride=stride, padding=padding, groups=groups, bias=bias
        )
        self.norm = after
        self.act = None if act is None else act()
        if init is None:
            init = "torch" if norm is None and pre_norm is None else "normal"
        start(init, self.conv)

    @staticmethod
    def check(
        dim_in: int,
        dim_out: int,
        groups: int,
        norm: Component | None,
        pre_norm: Component | None,
        act: Component | None,
    ) -> Misfit | None:
        """The groups divide both widths; the norms and the activation fit."""
        if dim_in % groups or dim_out % groups:
            return Misfit(
                f"cannot split {dim_in} channels in and {dim_out} out into {groups} groups",
                cure="choose groups that divide both",
            )
        return norm_misfit(pre_norm, dim_in) or norm_misfit(norm, dim_out) or act_misfit(act)

    @staticmethod
    def out_size(
        size: tuple[int, int], kernel: int, stride: int, padding: int | None
    ) -> tuple[int, int]:
        """Height and width after the window has gone over the map."""
        around = 2 * (kernel // 2 if padding is None else padding)
        height, width = ((side + around - kernel) // stride + 1 for side in size)
        return height, width

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim_in, H, W) to (B, dim_out, *out_size)."""
        if self.pre_norm is not None:
            x = self.pre_norm(x)
        x = self.conv(x)
        if self.norm is not None:
            x = self.norm(x)
        return x if self.act is None else self.act(x)

    def fused(self) -> nn.Module:
        """The same map in eval with its batch norms folded into the convolution."""
        alone = self.conv.padding == (0, 0) and self.conv.groups == 1
        before = self.pre_norm if alone and foldable(self.pre_norm) else None
        after = self.norm if foldable(self.norm) else None
        if before is None and after is None:
            return self
        conv = self.conv if after is None else fuse_conv_bn_eval(self.conv, after)
        made: nn.Module = conv if before is None else folded_before(before, conv)
        if self.norm is not None and after is None:
            made = nn.Sequential(made, self.norm)
        if self.pre_norm is not None and before is None:
            made = nn.Sequential(self.pre_norm, made)
        return made if self.act is None else nn.Sequential(made, self.act)


@layer("rep_depthwise")
class RepDepthwise(nn.Module):
    """A large and a small depthwise convolution with batch norms, summed (FFNet).

    One depthwise convolution in the deployed form. A width that grows takes each channel in
    several times (arXiv 2406.02021; the two branches are RepLKNet's, arXiv 2203.06717).

    kernel: side of the large window
    small_kernel: side of the small window
    stride: step of both windows
    """

    def __init__(
        self,
        dim_in: int,
        dim_out: int,
        *,
        kernel: Odd = 7,
        small_kernel: Odd = 3,
        stride: Positive = 1,
    ) -> None:
        super().__init__()
        self.large = nn.Conv2d(
            dim_in, dim_out, kernel, stride, kernel // 2, groups=dim_in, bias=False
        )
        self.large_norm = nn.BatchNorm2d(dim_out)
        self.small = nn.Conv2d(
            dim_in, dim_out, small_kernel, stride, small_kernel // 2, groups=dim_in, bias=False
        )
        self.small_norm = nn.BatchNorm2d(dim_out)
        small_normal(self.large, self.small)

    @staticmethod
    def check(dim_in: int, dim_out: int, kernel: int, small_kernel: int) -> Misfit | None:
        """The width out is a multiple of the width in, and the small window is smaller."""
        if dim_out % dim_in:
            return Misfit(
                f"cannot make {dim_out} channels from {dim_in}, each taken equally often",
                cure=f"choose a multiple of {dim_in}",
            )
        if small_kernel >= kernel:
            return Misfit(
                f"has a small_kernel of {small_kernel} beside a kernel of {kernel}",
                cure="choose a smaller small_kernel, or a plain depthwise convolution",
            )
        return None

    @staticmethod
    def out_size(size: tuple[int, int], stride: int) -> tuple[int, int]:
        """Height and width, divided by the stride and rounded up."""
        return -(-size[0] // stride), -(-size[1] // stride)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim_in, H, W) to (B, dim_out, *out_size)."""
        large: Tensor = self.large_norm(self.large(x))
        small: Tensor = self.small_norm(self.small(x))
        return large + small

    @torch.no_grad()
    def fused(self) -> nn.Module:
        """One depthwise convolution with a bias, equal in eval."""
        large = fuse_conv_bn_eval(self.large, self.large_norm)
        small = fuse_conv_bn_eval(self.small, self.small_norm)
        border = (self.large.kernel_size[0] - self.small.kernel_size[0]) // 2
        large.weight += F.pad(small.weight, (border,) * 4)
        large.bias += small.bias  # type: ignore[operator]
        return large


@layer("residual")
class Residual(nn.Module):
    """A layer added to its own input.

    of: the layer, which keeps width and size
    """

    def __init__(self, dim_in: int, dim_out: int, *, of: Layer) -> None:
        super().__init__()
        self.of = of(dim_in, dim_out)

    @staticmethod
    def check(dim_in: int, dim_out: int, size: tuple[int, int], of: Component) -> Misfit | None:
        """What is added keeps the width and the size of the map."""
        if dim_in != dim_out:
            return Misfit(
                f"adds a layer to its input, and its input has {dim_in} channels, not {dim_out}",
                cure="let the layer before it change the width",
            )
        after = size_after(of, size)
        if after != size:
            return Misfit(
                f"adds a layer to its input, and {of.type} turns {size[0]}x{size[1]} into "
                f"{after[0]}x{after[1]}",
                cure="choose stride 1 and a padding that keeps the size",
            )
        return inner_misfit(of, dim_in=dim_in, dim_out=dim_out, size=size)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        y: Tensor = self.of(x)
        return x + y

    @torch.no_grad()
    def fused(self) -> nn.Module:
        """One convolution where a bare 1x1 convolution is added to its input."""
        of = self.of.conv if type(self.of) is Conv and _bare(self.of) else self.of
        if type(of) is not nn.Conv2d or of.kernel_size != (1, 1) or of.groups != 1:
            return self
        weight = of.weight + nn.init.dirac_(torch.empty_like(of.weight))
        bias = of.weight.new_zeros(of.out_channels) if of.bias is None else of.bias
        return with_tensors(of, weight, bias)


def _bare(conv: Conv) -> bool:
    return conv.pre_norm is None and conv.norm is None and conv.act is None
