"""A number where any number belongs is a float, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.components.options import Mismatch, Number
from archdsl.study.propose.fingerprints import fingerprint

TEXT = """\
archdsl: 1
name: numbers
params:
  whole: {whole}
  half: 2.5
input: [1, 8, 8]
classes: 10
drop_path: 0
stem: {{type: conv, kernel: 3, stride: 2}}
block:
  norm: layer_norm
  channel_mixer: {{type: mlp, ratio: {ratio}, act: {{type: elu, alpha: {whole}}}}}
  layer_scale: {scale}
stages:
  - {{dim: 8, depth: 1}}
head: {{type: mlp, ratio: $whole + half}}
"""

OWN = """\
import torch
from torch import nn

from archdsl import PositiveNumber, token_mixer


@token_mixer("filled")
class Filled(nn.Module):
    def __new__(cls, *given, **options):
        return super().__new__(cls)

    def __init__(self, dim: int, *, start: PositiveNumber = 1.0, more: list[float] = (1, 2)):
        super().__init__()
        self.gain = nn.Parameter(torch.full((dim, 1, 1), start))
        self.more = nn.Parameter(torch.tensor([0.5, *more]))

    def forward(self, x):
        return x * self.gain * self.more.sum()
"""


def made(number: float | int | str) -> str:
    spec = archdsl.loads(TEXT.format(whole=number, ratio=number, scale=number))
    return fingerprint(spec.network())


@given(st.integers(1, 8))
def test_a_whole_number_is_one_network_with_and_without_its_point(number: int) -> None:
    assert made(number) == made(float(number)) == made(f"{number}e0") == made(f"{number * 10}e-1")
    assert made(number) != made(number + 1)


def test_a_number_that_is_computed_is_the_same() -> None:
    written = TEXT.format(whole=2, ratio="2.0", scale=1)
    computed = TEXT.format(whole=2, ratio="$whole * 1", scale="$half - 1.5")
    assert fingerprint(archdsl.loads(written).network()) == fingerprint(
        archdsl.loads(computed).network()
    )


def test_a_number_that_no_float_holds_is_refused() -> None:
    assert Number(integer=False).convert(10**300) == 1e300
    with pytest.raises(Mismatch, match=r"^a number$"):
        Number(integer=False).convert(10**400)


@pytest.mark.parametrize("number", ["2", "2.0", "{range: [0.5, 2], step: 0.5}", "{choice: [1, 2]}"])
def test_a_class_is_given_floats(tmp_path: Path, number: str) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    text = TEXT.format(whole=2, ratio=2, scale=1).replace(
        "  norm:", f"  token_mixer: {{type: filled, start: {number}, more: [1, 3]}}\n  norm:"
    )
    spec = tmp_path / "filled.yaml"
    spec.write_text(text.replace("name: numbers", "name: filled\nimports: [./own.py]"))
    space = archdsl.space(archdsl.load(spec))
    for member in space.enumerate():
        gain = archdsl.build(member).get_parameter("stages.0.blocks.0.token_mixer.gain")
        assert gain.is_floating_point()
