"""Components that do not give what their kind owes, each beside its nearest good neighbour."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl


def _conv(dim: int, **options: Any) -> nn.Conv2d:
    return nn.Conv2d(dim, dim, 1, **options)


class _Layer(nn.Module):
    """A convolution of a stem or a downsample."""

    window: tuple[int | tuple[int, int], int | tuple[int, int], int] = (2, 2, 0)

    def __init__(self, dim_in: int, dim_out: int) -> None:
        super().__init__()
        kernel, stride, padding = self.window
        self.conv = nn.Conv2d(dim_in, dim_out, kernel, stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


@archdsl.layer("halved")
class Halved(_Layer):
    """Says nothing of its size."""


@archdsl.layer("halved_said")
class HalvedSaid(_Layer):
    """Says it."""

    @staticmethod
    def out_size(size: tuple[int, int]) -> tuple[int, int]:
        return size[0] // 2, size[1] // 2


@archdsl.layer("rounded_up")
class RoundedUp(_Layer):
    """Rounds odd sides up and says that it rounds them down."""

    window = (3, 2, 1)

    @staticmethod
    def out_size(size: tuple[int, int]) -> tuple[int, int]:
        return size[0] // 2, size[1] // 2


@archdsl.layer("rounded_up_said")
class RoundedUpSaid(_Layer):
    """Rounds them up and says so."""

    window = (3, 2, 1)

    @staticmethod
    def out_size(size: tuple[int, int]) -> tuple[int, int]:
        return -(-size[0] // 2), -(-size[1] // 2)


@archdsl.layer("rows_alone")
class RowsAlone(_Layer):
    """Halves rows, and says that it halves both."""

    window = ((2, 1), (2, 1), 0)

    @staticmethod
    def out_size(size: tuple[int, int]) -> tuple[int, int]:
        return size[0] // 2, size[1] // 2


@archdsl.layer("rows_said")
class RowsSaid(_Layer):
    """Halves rows, and says so."""

    window = ((2, 1), (2, 1), 0)

    @staticmethod
    def out_size(size: tuple[int, int]) -> tuple[int, int]:
        return size[0] // 2, size[1]


@archdsl.layer("narrow")
class Narrow(nn.Module):
    """Has a width of its own."""

    def __init__(self, dim_in: int, dim_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim_in, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


@archdsl.token_mixer("reduces")
class Reduces(nn.Module):
    """Pools its map away."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = _conv(dim)

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(self.conv(x), 2)


@archdsl.token_mixer("turned_tokens")
class TurnedTokens(nn.Module):
    """Gives (B, dim, N) for (B, N, dim)."""

    tokens = True

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x).transpose(1, 2)


@archdsl.token_mixer("tokens_kept")
class TokensKept(nn.Module):
    """Gives (B, N, dim)."""

    tokens = True

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.linear(x)
        return y


class _Mixer(nn.Module):
    """A pointwise convolution."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = _conv(dim)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


@archdsl.token_mixer("fine")
class Fine(_Mixer):
    """Keeps all that a mixer owes."""


@archdsl.token_mixer("pair")
class Pair(_Mixer):
    """Gives its weights of attention, too."""

    def forward(self, x: Tensor) -> Any:
        return self.conv(x), x


@archdsl.token_mixer("doubles")
class Doubles(_Mixer):
    """Computes in double precision and stays there."""

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).double()


@archdsl.token_mixer("in_place")
class InPlace(_Mixer):
    """Writes into its input."""

    def forward(self, x: Tensor) -> Tensor:
        x += 1
        y: Tensor = self.conv(x)
        return y


@archdsl.token_mixer("squeezed")
class Squeezed(_Mixer):
    """Loses the axis of one image."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x).squeeze()
        return y


@archdsl.token_mixer("two_images")
class TwoImages(_Mixer):
    """Knows how many images there are."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x).reshape(2, *x.shape[1:])
        return y


@archdsl.token_mixer("views")
class Views(_Mixer):
    """Takes contiguous memory for granted."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x.view(x.shape[0], -1).view(x.shape))
        return y


@archdsl.token_mixer("reshapes")
class Reshapes(_Mixer):
    """Takes any memory."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x.reshape(x.shape[0], -1).reshape(x.shape))
        return y


@archdsl.token_mixer("views_weights")
class ViewsWeights(nn.Module):
    """Takes contiguous weights for granted."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.conv.weight
        scale = weight.view(len(weight), -1).norm(dim=1)
        return self.conv(x) / scale[:, None, None]


@archdsl.token_mixer("strides")
class Strides(_Mixer):
    """Reads memory as if it were contiguous."""

    def forward(self, x: Tensor) -> Tensor:
        size, (_, dim, height, width) = x.shape, x.shape
        y = torch.as_strided(x, size, (dim * height * width, height * width, width, 1))
        z: Tensor = self.conv(y)
        return z


@archdsl.token_mixer("over_images")
class OverImages(_Mixer):
    """Takes a mean over the images of a batch."""

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x) - x.mean(dim=0, keepdim=True)


@archdsl.token_mixer("detached")
class Detached(_Mixer):
    """Cuts the gradient off."""

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x.detach())
        return y


@archdsl.token_mixer("unused")
class Unused(_Mixer):
    """Has a weight that it does not use."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.spare = nn.Linear(dim, dim)


@archdsl.token_mixer("unused_frozen")
class UnusedFrozen(_Mixer):
    """Says that nothing trains it."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.spare = nn.Linear(dim, dim).requires_grad_(False)


@archdsl.token_mixer("raises")
class Raises(_Mixer):
    """Fails."""

    def forward(self, x: Tensor) -> Tensor:
        raise ValueError("no maps today")


@archdsl.token_mixer("not_made")
class NotMade(nn.Module):
    """Cannot be made."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.table = torch.zeros(dim)[dim + 1]


@archdsl.token_mixer("numbers")
class Numbers(nn.Module):
    """Computes with numbers where it is made and where it runs, which is in order."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = _conv(dim)
        self.scale = float(torch.linspace(0, 1, dim).sum())

    def forward(self, x: Tensor) -> Tensor:
        if x.abs().max().item() > 1e6:
            return x
        y: Tensor = self.conv(x) * self.scale
        return y


@archdsl.token_mixer("starts_at_zero")
class StartsAtZero(_Mixer):
    """Gives nothing at first, which is in order."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.gain = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x) * self.gain[:, None, None]


@archdsl.token_mixer("drops")
class Drops(_Mixer):
    """Draws random numbers, in eval too, which is in order."""

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(self.conv(x), 0.5)


@archdsl.token_mixer("by_place")
class ByPlace(nn.Module):
    """Is right in every block but the third."""

    def __init__(self, dim: int, depth_index: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 1, stride=1 + depth_index // 2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


@archdsl.norm("pools")
class Pools(nn.Module):
    """A norm that loses positions."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3), keepdim=True) * self.weight[:, None, None]


@archdsl.act("split")
class Split(nn.Module):
    """An activation that gives two."""

    def forward(self, x: Tensor) -> Any:
        return x.relu(), x


@archdsl.act("gated")
class Gated(nn.Module):
    """An activation that halves the channels."""

    def forward(self, x: Tensor) -> Tensor:
        return F.glu(x, dim=1)


archdsl.act("glu_of_torch")(nn.GLU)


@archdsl.act("doubled")
class Doubled(nn.Module):
    """An activation that is one."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x.relu()


@archdsl.query("wide_query")
class WideQuery(nn.Module):
    """Changes the width."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, 2 * dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


@archdsl.value("wrong_value")
class WrongValue(nn.Module):
    """Gives dim_in channels and does not say so."""

    def __init__(self, dim_in: int, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim_in, dim_in, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


@archdsl.pos_embed("one_row")
class OneRow(nn.Module):
    """Positions of another size."""

    def __init__(self, dim: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.map = nn.Parameter(torch.zeros(1, dim, size[0] + 1, size[1]))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.map


@archdsl.pos_embed("grown")
class Grown(nn.Module):
    """Positions that make the map larger."""

    def __init__(self, dim: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.map = nn.Parameter(torch.zeros(1, dim, 1, size[1]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.map.expand(len(x), -1, -1, -1)], dim=2)


@archdsl.head("thousand")
class Thousand(nn.Module):
    """Always of a thousand classes."""

    def __init__(self, dim: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, 1000)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.linear(x.mean(dim=(2, 3)))
        return y


@archdsl.head("as_asked")
class AsAsked(nn.Module):
    """Of as many classes as there are."""

    def __init__(self, dim: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, classes)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.linear(x.mean(dim=(2, 3)))
        return y


@archdsl.head("as_a_map")
class AsAMap(nn.Module):
    """Logits with axes of length one behind them."""

    def __init__(self, dim: int, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x.mean(dim=(2, 3), keepdim=True))
        return y


@archdsl.token_mixer("no_module")
class NoModule:
    """A function with a name."""

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def __call__(self, x: Tensor) -> Tensor:
        return x


@archdsl.token_mixer("lazy")
class Lazy(nn.Module):
    """Leaves its width open."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.LazyConv2d(dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y
