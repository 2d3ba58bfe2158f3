"""A module with a method `macs` answers for itself, at the top of a layer and inside one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from archdsl.cost.measure import measure
from archdsl.errors import CountError

WHERE = "stages.0.blocks.1.token_mixer"
SHAPE = (8, 6, 6)


class Shifted(nn.Module):
    """A 1x3 depthwise convolution written with shifted views: no counter sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 8, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return sum(torch.roll(x, step - 1, 3) * self.weight[step] for step in range(3))

    def macs(self, x):
        batch, dim, height, width = x
        return batch * dim * height * width * 3


class Kernel(nn.Module):
    """Work that no tracer can follow."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy(x.numpy().copy()) if float(x.sum()) >= 0 else x.cumsum(1)

    def macs(self, x):
        return x[0] * 1000


class Around(nn.Module):
    def __init__(self, leaf: nn.Module, fold: int = 1) -> None:
        super().__init__()
        self.leaf = leaf
        self.fold = fold
        self.after = nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        windows = x.unflatten(2, (self.fold, -1)).transpose(1, 2).flatten(0, 1)
        windows = self.leaf(windows)
        x = windows.unflatten(0, (-1, self.fold)).transpose(1, 2).flatten(2, 3)
        return self.after(x)


AFTER = 36 * 8 * 4


def test_a_module_that_answers_for_itself():
    found = measure(Shifted, SHAPE, WHERE)
    assert found.macs == 36 * 8 * 3
    assert found.params == 24


def test_it_answers_as_a_plain_formulation_is_counted():
    conv = measure(lambda: nn.Conv2d(8, 8, (1, 3), padding=(0, 1), groups=8), SHAPE, WHERE)
    assert measure(Shifted, SHAPE, WHERE).macs == conv.macs


def test_inside_a_layer_the_rest_is_traced():
    assert measure(lambda: Around(Shifted()), SHAPE, WHERE).macs == 36 * 8 * 3 + AFTER
    assert measure(lambda: Around(Kernel()), SHAPE, WHERE).macs == 1000 + AFTER


def test_it_is_asked_with_the_shapes_that_it_gets():
    # three windows of 2x6 in the batch axis
    assert measure(lambda: Around(Shifted(), fold=3), SHAPE, WHERE).macs == 36 * 8 * 3 + AFTER
    assert measure(lambda: Around(Kernel(), fold=3), SHAPE, WHERE).macs == 3000 + AFTER


def test_two_calls_are_counted_twice():
    leaf = Shifted()
    assert measure(lambda: nn.Sequential(leaf, leaf, nn.ReLU()), SHAPE, WHERE).macs == 2 * 864


def test_only_the_outermost_is_asked():
    class Outermost(Around):
        def macs(self, x):
            return 5

    assert measure(lambda: Outermost(Shifted()), SHAPE, WHERE).macs == 5


def test_it_gets_other_arguments_as_they_are():
    class Pair(nn.Module):
        def forward(self, x, others, *, scale, by=None):
            return x + others[0] * scale

        def macs(self, x, others, *, scale, by=None):
            assert x == (1, 8, 6, 6)
            assert others == [(1, 8, 6, 6), None]
            assert by == (8, 8)
            return scale

    class Calls(nn.Module):
        def __init__(self):
            super().__init__()
            self.pair = Pair()

        def forward(self, x):
            return self.pair(x, [x, None], scale=3, by=torch.eye(8))

    assert measure(Calls, SHAPE, WHERE).macs == 3


def test_what_it_says_must_be_an_int():
    class Vague(Shifted):
        def macs(self, x):
            return 1e6

    with pytest.raises(CountError) as caught:
        measure(lambda: Around(Vague()), SHAPE, WHERE)
    assert str(caught.value) == (
        f"{WHERE}.leaf: its method `macs` gave 1000000.0, and a count is an int that is not "
        "negative"
    )


def test_what_it_takes_must_be_what_forward_takes():
    class Wrong(Shifted):
        def macs(self, x, mask):
            return 1

    with pytest.raises(CountError, match=r"leaf: its method `macs` fails: TypeError: .*'mask'"):
        measure(lambda: Around(Wrong()), SHAPE, WHERE)


def test_calls_that_come_and_go_are_refused():
    class Unsteady(nn.Module):
        def __init__(self):
            super().__init__()
            self.leaf = Shifted()
            self.passes = 0

        def forward(self, x):
            self.passes += 1
            for _ in range(self.passes):
                x = self.leaf(x)
            return x

    with pytest.raises(CountError, match=r"token_mixer\.leaf: it is not called equally often"):
        measure(Unsteady, SHAPE, WHERE)

    class Waning(Unsteady):
        def forward(self, x):
            self.passes += 1
            return self.leaf(x) if self.passes < 3 else x

    with pytest.raises(CountError, match=r"token_mixer\.leaf: it is not called equally often"):
        measure(Waning, SHAPE, WHERE)


def test_the_module_is_as_it_was_afterwards():
    made = Around(Kernel())
    measure(lambda: made, SHAPE, WHERE)
    assert "forward" not in vars(made.leaf)
    assert made(torch.zeros(2, 8, 6, 6)).shape == (2, 4, 6, 6)
