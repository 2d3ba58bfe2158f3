"""A number where any number belongs is a float, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.components.options import Mismatch, Number
from archdsl.errors import SpecError
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


@pytest.mark.parametrize(
    ("key", "written", "said"),
    [
        ("classes", "10.0", "10.0 is not an int from 0\n{shown}\n  write 10"),
        ("classes", "1e3", "1000.0 is not an int from 0\n{shown}\n  write 1000"),
        ("classes", "1_000", "'1_000' is not an int from 0\n{shown}\n  write 1000"),
        ("classes", "1_0", "'1_0' is not an int from 0\n{shown}\n  write 10"),
        ("classes", "1,000,000", "'1,000,000' is not an int from 0\n{shown}\n  write 1000000"),
        ("classes", '"1 000"', "'1 000' is not an int from 0\n{shown}\n  write 1000"),
        ("classes", "10.5", "10.5 is not an int from 0\n{shown}"),
        ("classes", "1,0", "'1,0' is not an int from 0\n{shown}"),
        ("classes", "-5.0", "-5.0 is not an int from 0\n{shown}"),
        ("classes", "1e30", "1e+30 is not an int from 0\n{shown}"),
        ("drop_path", "0_1", "'0_1' is not a number from 0 to below 1\n{shown}"),
        ("stages.0.dim", "16.0", "16.0 is not an int from 1 to 100000\n{shown}\n  write 16"),
        (
            "stages.0.token_mixer.kernel",
            "5.0",
            "5.0 is not an odd int\n{shown}\n  write 5",
        ),
        ("search.trials", "5_0", "'5_0' is not a positive int\n{shown}\n  write 50"),
    ],
)
def test_a_number_that_is_nearly_one_says_what_to_write(key: str, written: str, said: str) -> None:
    text = (
        "archdsl: 1\nstem: {type: conv, kernel: 3}\n"
        "stages:\n  - {dim: 8, depth: 1, token_mixer: pooling}\n"
    )
    line = f"{key}: {written}"
    with pytest.raises(SpecError) as caught:
        archdsl.loads(f"{text}{line}\n")
    at, width = len(key) + 3, len(written)
    shown = f"    5 | {line}\n      | {' ' * (at - 1)}{'^' * width}"
    assert str(caught.value) == f"<text>:5:{at}: {key}: {said.format(shown=shown)}"
    _, _, cure = str(caught.value).partition("write ")
    if cure:
        assert archdsl.loads(f"{text}{key}: {cure}\n")
