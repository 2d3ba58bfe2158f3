"""One form for each operator of the table: the operator alone, and what it costs by hand.

And one for each operator that adds up: a product that it sums is a contraction in disguise. Each
operator is called by its own name, whatever the tracer makes of it, on a map x of (1, 8, 6, 6).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, zeros

SHAPE = (1, 8, 6, 6)

aten = torch.ops.aten


class HandCount(NamedTuple):
    """macs: by hand; run: calls the operator"""

    macs: int
    run: Callable[[Tensor], Any]


def _transform(name: str, macs: int) -> HandCount:
    return HandCount(macs, lambda x: getattr(aten, name)(x))


def _back(name: str, macs: int) -> HandCount:
    """From a half spectrum of 5 along the last axis, which is that of 8 positions."""
    return HandCount(macs, lambda x: getattr(aten, name)(_spectrum(x)))


def _spectrum(x: Tensor) -> Tensor:
    return torch.complex(x, x)[:, :, :4, :5]


def _recurrent(name: str, gates: int, states: int = 1) -> HandCount:
    """One layer from 8 to 5 channels, over 36 positions."""

    def run(x: Tensor) -> Any:
        state = [zeros(1, 1, 5)] * states
        return getattr(aten, name)(
            x.flatten(2).transpose(1, 2),
            state if states > 1 else state[0],
            [zeros(gates * 5, 8), zeros(gates * 5, 5)],
            *(False, 1, 0.0, False, False, True),  # no biases, one layer, one way, batch first
        )

    return HandCount(36 * gates * 5 * (8 + 5), run)


def _cell(name: str, gates: int, states: int = 1) -> HandCount:
    """One step from 8 to 5 channels."""

    def run(x: Tensor) -> Any:
        state = [zeros(1, 5)] * states
        return getattr(aten, name)(
            x[:, :, 0, 0],
            state if states > 1 else state[0],
            zeros(gates * 5, 8),
            zeros(gates * 5, 5),
        )

    return HandCount(gates * 5 * (8 + 5), run)


def _attention(name: str) -> HandCount:
    """Two heads, 36 queries, 9 keys, of 4 channels each."""

    def run(x: Tensor) -> Any:
        q = x.reshape(1, 2, 36, 4)
        return getattr(aten, name)(q, q[:, :, :9], q[:, :, :9])

    return HandCount(2 * 36 * 9 * (4 + 4), run)


_ONE, _NONE = [1, 1], [0, 0]

_CONTRACTIONS: dict[str, HandCount] = {
    "aten::_convolution": HandCount(
        4 * 4 * 12 * 8 * 9,
        lambda x: aten._convolution(
            x, zeros(12, 8, 3, 3), None, _ONE, _NONE, _ONE, False, _NONE, 1, *[False] * 4
        ),
    ),
    "aten::convolution": HandCount(
        6 * 6 * 8 * 5 * 4,  # transposed: every input meets 5 × 2 × 2 weights
        lambda x: aten.convolution(x, zeros(8, 5, 2, 2), None, [2, 2], _NONE, _ONE, True, _NONE, 1),
    ),
    "aten::_convolution_mode": HandCount(
        6 * 6 * 12 * 8 * 9,
        lambda x: aten._convolution_mode(x, zeros(12, 8, 3, 3), None, _ONE, "same", _ONE, 1),
    ),
    "aten::conv1d": HandCount(32 * 4 * 8 * 5, lambda x: aten.conv1d(x.flatten(2), zeros(4, 8, 5))),
    "aten::conv2d": HandCount(
        2 * 2 * 16 * 2 * 9,  # four groups, every second position
        lambda x: aten.conv2d(x, zeros(16, 2, 3, 3), None, [2, 2], _NONE, _ONE, 4),
    ),
    "aten::conv3d": HandCount(
        4 * 4 * 4 * 8 * 9, lambda x: aten.conv3d(x[:, :, None], zeros(4, 8, 1, 3, 3))
    ),
    "aten::conv_transpose1d": HandCount(
        36 * 8 * 5 * 3, lambda x: aten.conv_transpose1d(x.flatten(2), zeros(8, 5, 3))
    ),
    "aten::conv_transpose2d": HandCount(
        36 * 8 * 3 * 9,  # four groups of 2 channels in, 3 out
        lambda x: aten.conv_transpose2d(x, zeros(8, 3, 3, 3), None, [2, 2], _ONE, _ONE, 4),
    ),
    "aten::conv_transpose3d": HandCount(
        36 * 8 * 5 * 4, lambda x: aten.conv_transpose3d(x[:, :, None], zeros(8, 5, 1, 2, 2))
    ),
    "aten::linear": HandCount(8 * 6 * 6 * 5, lambda x: aten.linear(x, zeros(5, 6), zeros(5))),
    "aten::matmul": HandCount(8 * 6 * 6 * 7, lambda x: aten.matmul(x, zeros(8, 6, 7))),
    "aten::linalg_matmul": HandCount(8 * 6 * 6 * 7, lambda x: aten.linalg_matmul(x, zeros(6, 7))),
    "aten::mm": HandCount(6 * 6 * 7, lambda x: aten.mm(x[0, 0], zeros(6, 7))),
    "aten::bmm": HandCount(8 * 6 * 6 * 7, lambda x: aten.bmm(x[0], zeros(8, 6, 7))),
    "aten::mv": HandCount(6 * 6, lambda x: aten.mv(x[0, 0], zeros(6))),
    "aten::dot": HandCount(6, lambda x: aten.dot(x[0, 0, 0], zeros(6))),
    "aten::vdot": HandCount(6, lambda x: aten.vdot(x[0, 0, 0], zeros(6))),
    "aten::addmm": HandCount(6 * 6 * 7, lambda x: aten.addmm(zeros(7), x[0, 0], zeros(6, 7))),
    "aten::addmv": HandCount(6 * 6, lambda x: aten.addmv(zeros(6), x[0, 0], zeros(6))),
    "aten::addbmm": HandCount(
        8 * 6 * 6 * 7, lambda x: aten.addbmm(zeros(6, 7), x[0], zeros(8, 6, 7))
    ),
    "aten::baddbmm": HandCount(
        8 * 6 * 6 * 7, lambda x: aten.baddbmm(zeros(6, 7), x[0], zeros(8, 6, 7))
    ),
    "aten::_addmm_activation": HandCount(
        6 * 6 * 7, lambda x: aten._addmm_activation(zeros(7), x[0, 0], zeros(6, 7))
    ),
    "aten::scaled_dot_product_attention": _attention("scaled_dot_product_attention"),
    "aten::_scaled_dot_product_attention_math": _attention("_scaled_dot_product_attention_math"),
    "aten::_scaled_dot_product_flash_attention_for_cpu": _attention(
        "_scaled_dot_product_flash_attention_for_cpu"
    ),
    "aten::tensordot": HandCount(
        6 * 5 * 8 * 6, lambda x: aten.tensordot(x, zeros(8, 6, 5), [1, 2], [0, 1])
    ),
    "aten::einsum": HandCount(36 * 8 * 5, lambda x: aten.einsum("bchw,dc->bdhw", [x, zeros(5, 8)])),
}

_READY: dict[str, HandCount] = {
    "aten::cumsum": HandCount(0, lambda x: aten.cumsum(x, 1)),
    # 5 N log2 N operations, two a MAC, each transform rounded up
    "aten::fft_fft": _transform("fft_fft", 48 * 39),
    "aten::fft_ifft": _transform("fft_ifft", 48 * 39),
    "aten::fft_fft2": _transform("fft_fft2", 8 * 466),
    "aten::fft_ifft2": _transform("fft_ifft2", 8 * 466),
    "aten::fft_fftn": _transform("fft_fftn", 5883),
    "aten::fft_ifftn": _transform("fft_ifftn", 5883),
    # half as many
    "aten::fft_rfft": _transform("fft_rfft", 48 * 20),
    "aten::fft_ihfft": _transform("fft_ihfft", 48 * 20),
    "aten::fft_rfft2": _transform("fft_rfft2", 8 * 233),
    "aten::fft_rfftn": _transform("fft_rfftn", 2942),
    "aten::fft_irfft": _back("fft_irfft", 8 * 4 * 30),
    "aten::fft_hfft": _back("fft_hfft", 8 * 4 * 30),
    "aten::fft_irfft2": _back("fft_irfft2", 8 * 200),
    "aten::fft_irfftn": _back("fft_irfftn", 2560),
    "aten::gru": _recurrent("gru", 3),
    "aten::lstm": _recurrent("lstm", 4, states=2),
    "aten::rnn_tanh": _recurrent("rnn_tanh", 1),
    "aten::rnn_relu": _recurrent("rnn_relu", 1),
    "aten::gru_cell": _cell("gru_cell", 3),
    "aten::lstm_cell": _cell("lstm_cell", 4, states=2),
    "aten::rnn_tanh_cell": _cell("rnn_tanh_cell", 1),
    "aten::rnn_relu_cell": _cell("rnn_relu_cell", 1),
}

FORMS: dict[str, HandCount] = {**_CONTRACTIONS, **_READY}
"""Operator -> its form."""


def _product(x: Tensor) -> Tensor:
    return x * x.flip(1, 3)


def _fifth(x: Tensor) -> Any:
    """The fifth product of a chain."""
    made = [x.roll(step, 1) * x.roll(step + 1, 1) for step in range(5)]
    return aten.add(made[0] + made[1] + made[2] + made[3], made[4])


DISGUISED: dict[str, Callable[[Tensor], Any]] = {
    "aten::sum": lambda x: aten.sum(_product(x), [1]),
    "aten::nansum": lambda x: aten.nansum(_product(x), [1]),
    "aten::mean": lambda x: aten.mean(_product(x), [1]),
    "aten::logsumexp": lambda x: aten.logsumexp(x.log() + x.flip(1, 3).log(), [1]),
    "aten::cumsum": lambda x: aten.cumsum(_product(x), 1),
    "aten::std": lambda x: aten.std(_product(x), [1]),
    "aten::std_mean": lambda x: aten.std_mean(_product(x), [1]),
    "aten::var": lambda x: aten.var(_product(x), [1]),
    "aten::var_mean": lambda x: aten.var_mean(_product(x), [1]),
    "aten::norm": lambda x: aten.norm(_product(x), 2, [1]),
    "aten::linalg_vector_norm": lambda x: aten.linalg_vector_norm(_product(x), 2, [1]),
    "aten::avg_pool1d": lambda x: aten.avg_pool1d(_product(x)[0], [3]),
    "aten::avg_pool2d": lambda x: aten.avg_pool2d(_product(x), [3, 3]),
    "aten::avg_pool3d": lambda x: aten.avg_pool3d(_product(x)[None], [1, 3, 3]),
    "aten::adaptive_avg_pool1d": lambda x: aten.adaptive_avg_pool1d(_product(x)[0], [1]),
    "aten::adaptive_avg_pool2d": lambda x: aten.adaptive_avg_pool2d(_product(x), [1, 1]),
    "aten::adaptive_avg_pool3d": lambda x: aten.adaptive_avg_pool3d(_product(x), [8, 1, 1]),
    "aten::add": _fifth,
}
"""Operator -> a contraction that it completes without a name, and that no count may pass over."""
