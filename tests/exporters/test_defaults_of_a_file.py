"""What the classes of a file take: as the uses in one network want it."""

from __future__ import annotations

from archdsl.exporters.specialise import specialised
from archdsl.exporters.specialise.defaults import with_usual_defaults
from archdsl.exporters.specialise.equal import equal
from archdsl.exporters.specialise.observed import Promised, observed

TEXT = """\
from functools import partial

from torch import Tensor, nn


class Part(nn.Module):
    def __init__(self, dim: int, *, bias: bool = True, scale: float = 2.0) -> None:
        super().__init__()
        self.layer = nn.Linear(dim, dim, bias=bias)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) * self.scale


class Whole(nn.Module):
    def __init__(self, last: type[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.Sequential(
            Part(4, bias=False, scale=1.0), Part(4, scale=3.0, bias=False), Part(4, scale=1.0)
        )
        self.last = last(4, scale=5.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.parts(x.mean(dim=(2, 3))))


def net() -> Whole:
    return Whole(partial(Part, bias=False))
"""

SAID = Promised("net")


def test_a_switch_is_as_most_have_it_and_the_others_say_so() -> None:
    made = with_usual_defaults(TEXT, observed(TEXT, SAID))
    assert "bias: bool = False, scale: float = 2.0" in made
    assert "Part(4, scale=1.0), Part(4, scale=3.0), Part(4, scale=1.0, bias=True)" in made
    assert "return Whole(Part)" in made
    assert equal(TEXT, made, SAID, (4, 3, 3))


def test_what_every_use_gives_has_no_default() -> None:
    text = TEXT.replace("partial(Part, bias=False)", "partial(Part, scale=1.0)")
    made = with_usual_defaults(text, observed(text, SAID))
    assert "bias: bool = True, scale: float)" in made
    assert equal(text, made, SAID, (4, 3, 3))


def test_a_class_that_is_named_without_its_options_keeps_its_defaults() -> None:
    text = TEXT.replace("partial(Part, bias=False)", "Part")
    assert with_usual_defaults(text, observed(text, SAID)) == text


BLOCKS = """\
import torch
from torch import Tensor, nn


class Gain(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


class Left(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layer = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


class Right(Left):
    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.flip(1))


class Block(nn.Module):
    def __init__(
        self, *, mixer: nn.Module, after: nn.Module, gain1: Gain | None = None,
        gain2: Gain | None = None,
    ) -> None:
        super().__init__()
        self.mixer = mixer
        self.gain1 = gain1
        self.after = after
        self.gain2 = gain2

    def forward(self, x: Tensor) -> Tensor:
        x = self.mixer(x)
        x = x if self.gain1 is None else self.gain1(x)
        x = self.after(x)
        return x if self.gain2 is None else self.gain2(x)


class Whole(nn.Module):
    def __init__(self, blocks: list[nn.Module]) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(x.mean(dim=(2, 3)))


def net() -> Whole:
    blocks = [
        Block(mixer=Left(4), after=Left(4), gain1=Gain(4), gain2=Gain(4)),
        Block(mixer=Right(4), after=Left(4)),
    ]
    return Whole(blocks)
"""


def test_blocks_say_which_mixer_and_whether_they_have_a_part() -> None:
    made = specialised(BLOCKS, SAID, (4, 3, 3))
    assert "self.mixer = mixer(" in made and "mixer: type[nn.Module]" in made
    assert "if gain else None" in made and "gain2:" not in made
    assert "blocks = [Block(Left, gain=True), Block(Right)]" in made


def test_a_part_that_is_not_alike_wherever_it_is_stays_as_it_was_given() -> None:
    text = BLOCKS.replace("gain2=Gain(4))", "gain2=Gain(1))")
    made = specialised(text, SAID, (4, 3, 3))
    assert "gain2=Gain(1)" in made or "Gain(1) if gain else None" in made
    assert equal(text, made, SAID, (4, 3, 3))
