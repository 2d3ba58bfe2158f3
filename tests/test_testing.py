"""The conformance suite passes a sound mixer, and names the property that another breaks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from archdsl import Act, Odd, channel_mixer, token_mixer
from archdsl.components.registry import register
from archdsl.errors import ArchError, SpecError
from archdsl.testing import check_mixer

SIZES = ((4, 4), (5, 3))
HALF = float(np.float32(0.5))


class Sound(nn.Module):
    """Convolve each channel, then activate.

    kernel: side of the window
    """

    def __init__(self, dim: int, *, kernel: Odd = 3, act: Act = nn.GELU) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, kernel, padding=kernel // 2, groups=dim)
        self.norm = nn.BatchNorm2d(dim)
        self.act = act()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.norm(self.conv(x)))


class Tokens(nn.Module):
    """A linear layer on a sequence."""

    tokens = True
    sequence = True

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class Narrow(nn.Module):
    """Half the channels."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, ::2]


class EvenOnly(nn.Module):
    """Halve and double the map."""

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.avg_pool2d(x, 2)
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


class Crashing(nn.Module):
    """Needs square maps and does not say so."""

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2] != x.shape[3]:
            raise ValueError("only squares")
        return x


class Unused(Sound):
    """A parameter beside the path."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.gate = nn.Parameter(torch.ones(dim))


class Silenced(Unused):
    """A parameter on the path that does nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 0 * self.gate[:, None, None]


class Uncounted(nn.Module):
    """Distances between positions, for which there is no rule."""

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(2)
        return x + torch.cdist(rows, rows).mean()


class Hidden(nn.Module):
    """A random tensor that no state dict knows."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gate = torch.rand(dim, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate


class Noisy(nn.Module):
    """Random in eval."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rand(1)


class Imported(nn.Module):
    """A constant that numpy made."""

    def forward(self, x: Tensor) -> Tensor:
        return x * HALF


@pytest.mark.parametrize("cls", [Sound, Tokens])
@pytest.mark.parametrize("kind", ["token_mixer", "channel_mixer"])
def test_a_sound_mixer_passes(kind: str, cls: type) -> None:
    register(kind, "toy", cls)
    check_mixer("toy", dim=8, sizes=SIZES)


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (Narrow, r"shape: turns \[2, 8, 4, 4\] into \[2, 4, 4, 4\]"),
        (EvenOnly, r"8x5x3: shape: turns \[2, 8, 5, 3\] into \[2, 8, 4, 2\]"),
        (Crashing, r"8x5x3: shape: fails with ValueError: only squares"),
        (Unused, r"gradients: none reaches stages\.0\.blocks\.0\.token_mixer\.gate\."),
        (Silenced, r"gradients: none reaches stages\.0\.blocks\.0\.token_mixer\.(gate|conv)"),
        (Uncounted, r"counted: .*cdist"),
        (Hidden, r"state dict: another instance with the same state dict gives other outputs"),
        (Noisy, r"state dict: two passes in eval on the same images differ"),
        (Imported, r"export: .*test_testing\.py:\d+: uses numpy"),
    ],
)
def test_a_broken_mixer_is_told_what_it_breaks(cls: type, words: str) -> None:
    register("token_mixer", "toy", cls)
    with pytest.raises(AssertionError, match=r"token mixer 'toy' on a map of 8x\dx\d: ") as caught:
        check_mixer("toy", dim=8, sizes=SIZES)
    assert caught.match(words)


def test_options_are_the_specs_own() -> None:
    token_mixer("toy")(Sound)
    check_mixer("toy", dim=8, sizes=SIZES, kernel=5, act="star_relu")
    with pytest.raises(SpecError, match="kernel"):
        check_mixer("toy", dim=8, sizes=SIZES, kernel=4)
    with pytest.raises(SpecError, match="has no option 'kernal'"):
        check_mixer("toy", dim=8, sizes=SIZES, kernal=5)


def test_both_kinds_of_a_name_are_checked_unless_one_is_named() -> None:
    token_mixer("toy")(Sound)
    channel_mixer("toy")(Narrow)
    check_mixer("toy", "token_mixer", dim=8, sizes=SIZES)
    with pytest.raises(AssertionError, match="channel mixer 'toy'"):
        check_mixer("toy", dim=8, sizes=SIZES)


def test_a_name_that_nobody_registered_is_refused() -> None:
    with pytest.raises(ArchError, match=r"no token mixer is called 'sepconv'.*'sep_conv'"):
        check_mixer("sepconv")
    with pytest.raises(ArchError, match="no channel mixer is called 'sep_conv'"):
        check_mixer("sep_conv", "channel_mixer")


@pytest.mark.parametrize("name", ["pooling", "attention", "sep_conv", "mlp", "conv_glu"])
def test_the_vocabulary_conforms(name: str) -> None:
    check_mixer(name, dim=32, sizes=SIZES)
