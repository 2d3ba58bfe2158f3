"""Which of many that are alike run at once, and which with `--slow` alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

SMALLEST = frozenset(
    [
        "poolformer_s12", "metaformer_pppa_s12", "metaformer_ppff_s12", "identityformer_s12",
        "randformer_s12", "poolformerv2_s12", "convformer_s18", "caformer_s18", "ffnet_1",
        "transnext_micro", "deit_tiny", "resmlp_s12", "mixer_s16", "convnext_tiny", "swin_tiny",
    ]
)  # fmt: skip
"""The smallest published model of each kind."""


def soon(
    values: Iterable[Any], few: Collection[str] = SMALLEST, name: Callable[[Any], str] = str
) -> list[Any]:
    """Parameters of a test, of which all are slow but a few. name: of a value, and its id"""
    return [
        pytest.param(value, id=name(value), marks=[] if name(value) in few else pytest.mark.slow)
        for value in values
    ]


def law(*strategies: SearchStrategy[Any], few: int, many: int) -> Callable[[Any], Any]:
    """A property that is tried with a few examples, and as a slow test with many."""

    def tried(body: Callable[..., None]) -> Callable[[int], None]:
        @pytest.mark.parametrize("examples", [few, pytest.param(many, marks=pytest.mark.slow)])
        def test(examples: int) -> None:
            checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
            settings(max_examples=examples, suppress_health_check=checks)(
                given(*strategies)(body)
            )()

        test.__name__, test.__doc__ = body.__name__, body.__doc__
        return test

    return tried
