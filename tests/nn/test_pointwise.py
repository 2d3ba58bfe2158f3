"""The 1x1 convolution of the wide layers, done in one of two ways."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from archdsl.nn.pointwise import Pointwise

FEW, MANY = (2, 8, 2, 3), (2, 8, 5, 7)  # 12 and 70 positions beside 64 channels


def names(y: Tensor) -> set[str]:
    """The operators of a result's gradient."""
    found, left = set(), [y.grad_fn]
    while left:
        node = left.pop()
        if node is not None:
            found.add(node.name())
            left += [after for after, _ in node.next_functions]
    return found


@pytest.mark.parametrize("shape", [FEW, MANY])
@pytest.mark.parametrize("bias", [True, False])
def test_it_is_the_convolution_and_so_are_its_gradients(shape: tuple[int, ...], bias: bool) -> None:
    layer = Pointwise(8, 64, bias=bias).double()
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    wanted = [x, *layer.parameters()]
    expected = F.conv2d(x, layer.weight, layer.bias)
    toward = torch.randn_like(expected)
    torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(
        torch.autograd.grad(layer(x), wanted, toward),
        torch.autograd.grad(expected, wanted, toward),
    )


def test_few_positions_beside_many_channels_make_a_matrix_product_and_others_a_convolution() -> (
    None
):
    layer = Pointwise(8, 64)
    assert not any("Convolution" in name for name in names(layer(torch.randn(FEW))))
    assert any("Convolution" in name for name in names(layer(torch.randn(MANY))))


@pytest.mark.parametrize("shape", [FEW, MANY])
def test_maps_stay_in_channels_last_memory(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape).contiguous(memory_format=torch.channels_last)
    assert Pointwise(8, 64)(x).is_contiguous(memory_format=torch.channels_last)


def test_a_program_exported_with_few_positions_takes_many() -> None:
    layer = Pointwise(8, 64).eval()
    batch = torch.export.Dim("batch", min=1, max=64)
    program = torch.export.export(layer, (torch.randn(FEW),), dynamic_shapes=({0: batch},))
    x = torch.randn(40, *FEW[1:])
    torch.testing.assert_close(program.module()(x), layer(x))
