"""A third additive kind of cost and a second maximal one, for tests to register."""

from __future__ import annotations

from math import prod

from archdsl.amounts import Kind, MeasuredLayer, register


def _traffic(layer: MeasuredLayer) -> int:
    return 4 * (layer.activations + 2 * layer.params)


def _widest(layer: MeasuredLayer) -> int:
    return max(prod(layer.in_shape), prod(layer.out_shape))


TRAFFIC = Kind("traffic", "sum", "bytes", _traffic)
"""Bytes that move: the maps once, the weights twice as dear."""

WIDEST = Kind("widest", "max", "elements", _widest)
"""The larger of the maps on both sides of a layer."""


def register_further_kinds() -> None:
    """Both, until the test is over."""
    register(TRAFFIC)
    register(WIDEST)
