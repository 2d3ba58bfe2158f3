"""What leaves with a class: everything that it runs on, and nothing that only archdsl reads."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch

from archdsl.errors import ExportError

Load = Callable[..., ModuleType]
Carry = Callable[..., str]
Tidy = Callable[[str], None]


def run(text: str) -> dict[str, Any]:
    """The names of an exported file; fails where the file mentions archdsl at all."""
    assert "archdsl" not in text
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    return names


SHIFT = '''\
from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl import Act, Odd, token_mixer
from archdsl.errors import Misfit
from archdsl.components.options import Bound

Even = Annotated[int, Bound("even int", lambda v: v % 2 == 0)]

UNUSED = 3
GROUPS = 4  # as many as directions
SCALE = math.sqrt(GROUPS) / 2
TABLE = {"cross": 1}
TABLE["diagonal"] = 2


def helper(x: Tensor, by: int) -> Tensor:
    """Roll along the width."""
    return torch.roll(x, by, dims=-1)


def never_called(x):
    return np.zeros(x)


# Half of the groups move up,
# half of them down.
@lru_cache
def offsets(groups: int) -> tuple[int, ...]:
    return tuple(1 if g % 2 else -1 for g in range(groups))


class Base(nn.Module):
    """What shifts have in common."""

    def moved(self, x: Tensor, by: int) -> Tensor:
        return helper(x, by) * SCALE


@token_mixer("shift_conv")
class ShiftConv(Base):
    """Shift channel groups, then mix them with a depthwise convolution.

    kernel: side of the depthwise window
    """

    sequence = True
    """It is not, but that is for the compiler to believe."""

    def __init__(
        self,
        dim: int,
        size: tuple[int, int],
        *,
        kernel: Odd = 3,
        pairs: Even = 2,
        rows: Annotated[int, Bound("any int", lambda v: True)] = 2,
        mode: Literal["cross", "diagonal"] = "cross",
        act: Act = nn.GELU,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.conv = nn.Conv2d(dim, dim, kernel, padding=kernel // 2, groups=dim)
        self.act = act()

    # Said by the compiler.
    @staticmethod
    def check(dim: int, kernel: int) -> Misfit | None:
        """Nothing but powers of two."""
        return None if dim % 2 == 0 else Misfit("wants even widths")

    def forward(self, x: Tensor) -> Tensor:
        x = x + sum(self.moved(x, by) for by in offsets(GROUPS)) * TABLE[self.mode]
        return F.relu(self.act(self.conv(x)))

    def macs(self, x: Tensor) -> int:
        return 0
'''


def test_carries_helpers_constants_and_bases_and_nothing_else(
    module: Load, carry: Carry, tidy: Tidy
) -> None:
    toy = module(SHIFT)
    text = carry(toy.ShiftConv)
    tidy(text)
    for word in ("UNUSED", "never_called", "Misfit", "check", "macs", "Even", "believe", "Said"):
        assert word not in text
    assert "# Half of the groups move up,\n# half of them down.\n@lru_cache" in text
    assert "GROUPS = 4  # as many as directions" in text
    exported = run(text)
    torch.manual_seed(0)
    here = toy.ShiftConv(8, (5, 5), mode="diagonal")
    torch.manual_seed(0)
    there = exported["ShiftConv"](8, (5, 5), mode="diagonal")
    x = torch.randn(2, 8, 5, 5)
    assert here.state_dict().keys() == there.state_dict().keys()
    assert torch.equal(here(x), there(x))


def test_option_types_become_plain_types(module: Load, carry: Carry, tidy: Tidy) -> None:
    toy = module(
        '''
        from __future__ import annotations

        import archdsl
        from archdsl import Norm, Odd, Positive
        from archdsl.components import registry
        from torch import nn


        @archdsl.channel_mixer("toy_scale")
        @registry.token_mixer("toy_scale")
        class Scale(nn.Module):
            """Scale."""

            def __init__(
                self, dim: int, *, by: Positive = 1, norm: Norm | None = None, of: list[Odd] = (1,)
            ) -> None:
                super().__init__()
                self.times: archdsl.Positive = by

            def forward(self, x: "torch.Tensor") -> torch.Tensor:
                return x * self.times
        '''.replace("import archdsl\n", "import archdsl\n        import torch\n"),
    )
    text = carry(toy.Scale)
    tidy(text)
    assert "norm: Callable[..., nn.Module] | None = None" in text
    assert "of: list[int] = (1,)" in text
    assert "self.times: int = by" in text
    assert "def forward(self, x: torch.Tensor)" in text
    assert "@" not in text
    run(text)


def test_members_that_run_time_code_reads_stay(module: Load, carry: Carry) -> None:
    text = """
        from torch import nn


        class Inner(nn.Module):
            tokens = True

            @staticmethod
            def dim_out(dim):
                return 2 * dim

            def forward(self, x):
                return x


        class Outer(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = Inner()

            def forward(self, x):
                return {}
        """
    without = carry(module(text.format("self.inner(x)")).Outer)
    assert "tokens" not in without and "dim_out" not in without
    read = "self.inner.dim_out(3) if getattr(self.inner, 'tokens', False) else x"
    with_both = carry(module(text.format(read)).Outer)
    assert run(with_both)["Outer"]()(1) == 6


def test_a_class_that_is_left_empty_is_still_a_class(
    module: Load, carry: Carry, tidy: Tidy
) -> None:
    toy = module(
        """
        from torch import nn


        class Same(nn.Identity):
            sequence = True
            tokens = True
        """
    )
    text = carry(toy.Same)
    tidy(text)
    assert text.endswith("class Same(nn.Identity):\n    pass\n")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("import numpy as np\nPI = np.pi", "numpy"),
        ("from numpy import pi as PI", "numpy.pi"),
        ("from archdsl.components.options import UNITS as PI", "archdsl.components.options.UNITS"),
        (
            "import archdsl.components.options\nPI = archdsl.components.options.UNITS",
            "archdsl.components.options.UNITS",
        ),
        ("PI = len(__file__)", "__file__"),
        ("try:\n    import numpy\nexcept ImportError:\n    numpy = None\nPI = numpy", "numpy"),
        ("def PI():\n    from archdsl.errors import ArchError", "archdsl.errors"),
    ],
)
def test_what_exported_code_cannot_use_is_refused_by_name(
    module: Load, carry: Carry, line: str, what: str
) -> None:
    mixer = (
        "\nfrom torch import nn\nclass Mixer(nn.Module):\n    def forward(self, x):\n        {}\n"
    )
    fine = module(line + mixer.format("return x"), "fine")
    assert what not in carry(fine.Mixer)
    broken = module(line + mixer.format("return x * PI"), "broken")
    with pytest.raises(ExportError, match=rf"broken\.py:\d+: uses {what}\b.*write that part"):
        carry(broken.Mixer)


def test_a_class_made_inside_a_function_is_refused(carry: Carry) -> None:
    class Local(torch.nn.Module):
        pass

    with pytest.raises(ExportError, match="define it at the top level of its file"):
        carry(Local)


def test_a_class_without_source_is_refused(module: Load, carry: Carry) -> None:
    toy = module("exec('import torch\\nclass Mixer(torch.nn.Module): pass')")
    with pytest.raises(ExportError, match="'Mixer' is not defined at the top of the file"):
        carry(toy.Mixer)


def test_definitions_stand_in_the_order_in_which_python_ran_them(
    module: Load, carry: Carry
) -> None:
    toy = module(
        """
        from torch import nn


        class Maker(nn.Module):
            def forward(self, depth):
                return Made(depth) if depth else self


        class Made(Maker):
            def __init__(self, depth):
                super().__init__()
                self.inner = Maker()(depth - 1)


        DEEP = Made(2)
        """
    )
    exported = run(carry(toy.Maker))
    assert type(exported["Maker"]()(1)) is exported["Made"]
    assert "DEEP" not in exported


def test_local_names_are_nobody_elses(module: Load, carry: Carry) -> None:
    toy = module(
        """
        from torch import nn

        kernel = 3
        other = numpy = 5


        class Mixer(nn.Module):
            kernel = kernel

            def __init__(self, numpy=1, *, args=()):
                super().__init__()
                other = [numpy for numpy in range(2)]
                self.found = (lambda kernel: kernel)(other)

            def forward(self, x):
                def inner():
                    nonlocal x
                    x = x + self.kernel
                    return x

                return inner()
        """
    )
    text = carry(toy.Mixer)
    assert "\nkernel = 3\n" in text
    assert "numpy = 5" not in text
    assert run(text)["Mixer"]()(1) == 4
