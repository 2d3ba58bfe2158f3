"""What leads into a stage, and the words where it does not fit."""

from __future__ import annotations

from typing import Any

import pytest

import archdsl
from archdsl.errors import SpecError


def spec(**entries: Any) -> dict[str, Any]:
    norm = {"type": "group_norm", "groups": {"choice": [1, 3]}}
    layer = {"type": "conv", "kernel": 3, "stride": {"choice": [2, 1]}}
    plain = {"type": "conv", "kernel": 3, "stride": 2}
    return {
        "archdsl": 1,
        "name": "groups",
        "input": [3, 32, 32],
        "classes": 10,
        "stem": {**layer, "norm": norm} if "stem" in entries else plain,
        "downsample": {**layer, "norm": norm} if "downsample" in entries else plain,
        "block": {"token_mixer": "pooling"},
        "stages": [{"dim": 12, "depth": 1}, {"dim": entries.get("dim", 12), "depth": 1}],
    }


@pytest.mark.parametrize("key", ["stem", "downsample"])
def test_a_layer_that_fits_with_every_answer_is_right(key: str) -> None:
    assert archdsl.space(spec(**{key: True})).size == 4


def test_the_answers_of_a_downsample_that_does_not_fit_are_named() -> None:
    with pytest.raises(SpecError) as caught:
        archdsl.load(spec(downsample=True, dim=16))
    assert (caught.value.address, caught.value.problem) == (
        "stages.1.downsample",
        "conv has group_norm on 16 channels, which it cannot split into 3 groups",
    )
    assert caught.value.cure == (
        "with downsample.stride = 2, downsample.norm.groups = 3.  "
        "choose groups that divide 16, or widths that are multiples of 3"
    )
