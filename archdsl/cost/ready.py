"""Rules whose count is a convention, or nothing: transforms, running sums, recurrent layers.

A rule registered for one of these operators stands in for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log2, prod
from typing import Any

from archdsl.cost.contractions import NoExactCount, Rule, Shape, elements


def nothing(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """A running sum adds and does not multiply."""
    return 0


def complex_transform(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(x, n, axes, norm) of a Fourier transform of complex numbers.

    N positions take 5 N log2 N real operations, whatever N is and over however many axes: the
    convention by which FFTW reports speed (Frigo and Johnson, doi:10.1109/JPROC.2004.840301).
    Two operations are one MAC; each transform is rounded up.
    """
    out: Shape = outputs[0]
    return _transforms(out, _axes(inputs, len(out)), 5)


def real_transform(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(x, n, axes, norm) of real numbers to their half spectrum: half as much."""
    x: Shape = inputs[0]
    out: Shape = outputs[0]
    axes = _axes(inputs, len(x))
    lengths = inputs[1] if isinstance(inputs[1], list) else [inputs[1]]
    last = lengths[-1] if lengths[-1] is not None else x[axes[-1]]
    if out[axes[-1]] != last // 2 + 1:
        raise NoExactCount("its length is computed; write it as a constant")
    real = [last if axis == axes[-1] else side for axis, side in enumerate(out)]
    return _transforms(tuple(real), axes, 2.5)


def transform_to_real(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(x, n, axes, norm) of a half spectrum to real numbers: half as much."""
    out: Shape = outputs[0]
    return _transforms(out, _axes(inputs, len(out)), 2.5)


def _transforms(shape: Shape, axes: list[int], operations: float) -> int:
    positions = prod(shape[axis] for axis in axes)
    if positions == 0:
        return 0
    return elements(shape) // positions * ceil(operations * positions * log2(positions) / 2)


def _axes(inputs: Sequence[Any], rank: int) -> list[int]:
    """The axes of a transform; those that are not named are the last ones that have a length."""
    lengths, axes = inputs[1:3]
    if isinstance(axes, int):
        axes = [axes]
    if axes is None:
        axes = list(range(-len(lengths) if lengths else -rank, 0))
    if None in axes:
        raise NoExactCount("its axes are computed; write them as constants")
    return [axis % rank for axis in axes]


def recurrent(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(x, ..., weights, ...) of a recurrent layer: every position meets every matrix once.

    That holds for all layers and directions, projections included; biases and gates are free.
    """
    weights: list[Shape] = [value for value in inputs if isinstance(value, list)][-1]
    return _positions(inputs[0]) * sum(elements(w) for w in weights if len(w) == 2)


def recurrent_cell(inputs: Sequence[Any], outputs: Sequence[Any]) -> int:
    """(x, state, weight_ih, weight_hh, ...): one step."""
    return _positions(inputs[0]) * (elements(inputs[2]) + elements(inputs[3]))


def _positions(x: Shape) -> int:
    return elements(x[:-1])


READY: dict[str, Rule] = {
    "aten::cumsum": nothing,
    **dict.fromkeys(
        ("aten::fft_fft", "aten::fft_fft2", "aten::fft_fftn",
         "aten::fft_ifft", "aten::fft_ifft2", "aten::fft_ifftn"),
        complex_transform,
    ),
    **dict.fromkeys(
        ("aten::fft_rfft", "aten::fft_rfft2", "aten::fft_rfftn", "aten::fft_ihfft"),
        real_transform,
    ),
    **dict.fromkeys(
        ("aten::fft_irfft", "aten::fft_irfft2", "aten::fft_irfftn", "aten::fft_hfft"),
        transform_to_real,
    ),
    **dict.fromkeys(
        ("aten::gru", "aten::lstm", "aten::rnn_tanh", "aten::rnn_relu"), recurrent
    ),
    **dict.fromkeys(
        ("aten::gru_cell", "aten::lstm_cell", "aten::rnn_tanh_cell", "aten::rnn_relu_cell"),
        recurrent_cell,
    ),
}  # fmt: skip
"""Operator -> rule."""
