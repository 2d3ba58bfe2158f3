"""What each contraction costs, from shapes alone: one multiply-accumulate is one MAC.

A rule takes `(inputs, outputs)` of an operator as the tracer saw them and returns an int. A
tensor stands as its shape, a tuple; a list as a list; a constant as itself; a number that the
program computed, and an absent argument, as None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeAlias

Rule: TypeAlias = Callable[[Sequence[Any], Sequence[Any]], int]
Shape: TypeAlias = tuple[int, ...]


class NoExactCount(Exception):
    """A rule's refusal; the text says why there is no exact count, and what to write instead."""


def elements(shape: Shape) -> int:
    """The number of elements of a tensor."""
    return prod(shape)


def convolution(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(x, weight, ...): every output element is a product over Cin / groups × kernel."""
    weight: Shape = inputs[1]  # (Cout, Cin / groups, *kernel)
    return elements(outputs[0]) * elements(weight[1:])


def transposed_convolution(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(x, weight, ...): every input element meets Cout / groups × kernel weights."""
    weight: Shape = inputs[1]  # (Cin, Cout / groups, *kernel)
    return elements(inputs[0]) * elements(weight[1:])


def any_convolution(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(x, weight, bias, stride, padding, dilation, transposed, ...)."""
    if not isinstance(inputs[6], bool):
        raise NoExactCount("it is not known whether the convolution is transposed")
    return (transposed_convolution if inputs[6] else convolution)(inputs, outputs)


def product(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(a, b) of a matrix product or a linear layer: outputs × the length of a's last axis."""
    a: Shape = inputs[0]
    return elements(outputs[0]) * a[-1]


def added_product(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(c, a, b) of c + a·b; `addbmm` sums over the batch too, so outputs alone do not tell."""
    b: Shape = inputs[2]
    return elements(inputs[1]) * (b[-1] if len(b) > 1 else 1)


def attention(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(q, k, v, ...): q·k over E and coefficients·v over S, for every query of every head.

    q (..., L, E), k (..., S, E), v (..., S, Ev) -> (..., L, Ev). Masked positions are counted:
    kernels may or may not skip them.
    """
    q: Shape = inputs[0]
    k: Shape = inputs[1]
    out: Shape = outputs[0]
    return elements(out[:-1]) * k[-2] * (q[-1] + out[-1])


def tensordot(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(a, b, dims_a, dims_b); an axis of one broadcast against more is summed before."""
    a: Shape = inputs[0]
    b: Shape = inputs[1]
    dims_a, dims_b = inputs[2:4]
    if None in dims_a or None in dims_b:
        raise NoExactCount("its axes are computed; write them as constants")
    summed: list[int] = [min(a[i], b[j]) for i, j in zip(dims_a, dims_b, strict=True)]
    return elements(outputs[0]) * prod(summed)


def einsum(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(equation, operands, path): one operand is a sum or a view, two are a matrix product.

    An axis that only one operand has and the output has not is summed before the product; a
    product that sums over nothing is elementwise.
    """
    equation, operands = inputs[0], inputs[1]
    if len(operands) < 2:
        return 0
    if len(operands) > 2:
        raise NoExactCount(
            f"'{equation}' has {len(operands)} operands, and its cost depends on their order; "
            "write it as products of two"
        )
    sizes, output = labelled(equation, operands)
    labels = sizes[0].keys() | sizes[1].keys()
    if labels <= output:
        return 0
    count = 1
    for label in labels:
        both = [size[label] for size in sizes if label in size]
        if label in output:
            count *= max(both)  # an axis of one is broadcast
        elif len(both) == 2:
            count *= min(both)  # against an axis of one, the other is summed before
    return count


def labelled(equation: str, operands: Sequence[Shape]) -> tuple[list[dict[str, int]], set[str]]:
    """Label -> size for each operand, and the labels of the output.

    The axes that an ellipsis stands for are called -1, -2, ... from the right.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    sizes: list[dict[str, int]] = []
    for term, shape in zip(left.split(","), operands, strict=True):
        head, dots, tail = term.partition("...")
        hidden = len(shape) - len(head) - len(tail)
        names = [*head, *(str(-i) for i in range(hidden, 0, -1) if dots), *tail]
        sizes.append(dict(zip(names, shape, strict=True)))
    hidden_axes = {label for size in sizes for label in size if label.startswith("-")}
    if arrow:
        output = set(right.replace("...", ""))
        return sizes, output | hidden_axes if "..." in right else output
    return sizes, {label for label in set(left) if label.isalpha() and left.count(label) == 1} | (
        hidden_axes
    )


CONTRACTIONS: dict[str, Rule] = {
    **dict.fromkeys(("aten::_convolution", "aten::convolution"), any_convolution),
    **dict.fromkeys(
        ("aten::conv1d", "aten::conv2d", "aten::conv3d", "aten::_convolution_mode"), convolution
    ),
    **dict.fromkeys(
        ("aten::conv_transpose1d", "aten::conv_transpose2d", "aten::conv_transpose3d"),
        transposed_convolution,
    ),
    **dict.fromkeys(
        ("aten::linear", "aten::matmul", "aten::linalg_matmul", "aten::mm", "aten::bmm",
         "aten::mv", "aten::dot", "aten::vdot"),
        product,
    ),
    **dict.fromkeys(
        ("aten::addmm", "aten::addmv", "aten::addbmm", "aten::baddbmm", "aten::_addmm_activation"),
        added_product,
    ),
    **dict.fromkeys(
        ("aten::scaled_dot_product_attention",
         "aten::_scaled_dot_product_attention_math",
         "aten::_scaled_dot_product_flash_attention",
         "aten::_scaled_dot_product_flash_attention_for_cpu",
         "aten::_scaled_dot_product_efficient_attention",
         "aten::_scaled_dot_product_cudnn_attention",
         "aten::_scaled_dot_product_fused_attention_overrideable"),
        attention,
    ),
    "aten::tensordot": tensordot,
    "aten::einsum": einsum,
}  # fmt: skip
"""Every operator that multiplies and accumulates and has an exact count."""
