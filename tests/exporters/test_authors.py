"""Authors write classes in many ways; what leaves still runs, and means the same."""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable
from types import ModuleType
from typing import Annotated, Any

import pytest

from archdsl.components.options import Act, Odd
from archdsl.errors import ExportError
from archdsl.exporters.annotations import holds_option_type, plain

Load = Callable[..., ModuleType]
Carry = Callable[..., str]
Tidy = Callable[[str], None]

MIXER = """
class Mixer(nn.Module):
    def forward(self, x):
        return {}
"""


def run(text: str) -> dict[str, Any]:
    module = ModuleType("exported")
    sys.modules["exported"] = module  # dataclasses look their module up
    try:
        exec(compile(text, "exported.py", "exec"), vars(module))
    finally:
        del sys.modules["exported"]
    return vars(module)


# What stands above a mixer, what its forward returns, and what that is.
WAYS = [
    ("import torch.utils.checkpoint", "torch.utils.checkpoint.checkpoint.__name__", "checkpoint"),
    ("from math import *", "floor(pi)", 3),
    ("import os.path as p, math", "p.join('a', 'b'), math.floor(2.5)", ("a/b", 2)),
    ("LOW, (MID, *HIGH) = 1, (2, 3)", "LOW, MID, HIGH", (1, 2, [3])),
    ("A = 1; B = A + 1; UNUSED = 5", "B", 2),
    ("if x := 3:\n    def f(): return x\nelse:\n    f = None", "f()", 3),
    ("for i in range(3):\n    last = i", "last", 2),
    ("def f(n=2, *, m: 'int' = 3): return n + m", "f()", 5),
    ("async def f(): pass", "f.__name__", "f"),
    ("f = lambda x, *y, z=1, **w: (x, y, z, w)\nz = 9", "f(1, 2)", (1, (2,), 1, {})),
    ("N = 2\nT = [N for N in range(2)]\nS = {k: N for k in T if k for N in T}", "S", {1: 1}),
    ("T = []\nT.append(1)\nT += [2]\ndel T[0]", "T", [2]),
    (
        "T = {}\ndef put(k):\n    def f(g):\n        T[k] = g\n        return g\n    return f\n"
        "@put('a')\ndef g(): return 7",
        "g()",
        7,
    ),
    (
        "class E(RuntimeError): pass\ndef f():\n    try:\n        raise E\n    except E as e:\n"
        "        return type(e).__name__",
        "f()",
        "E",
    ),
    (
        "def f(x):\n    match x:\n        case {'a': a, **rest}: return a, rest\n"
        "        case [a, *b] | (a, *b): return b\n        case nn.Module() as m: return m",
        "f([1, 2])",
        [2],
    ),
    (
        "W = 'é'; V = 'ü'\ndef f(a): return f'é{a}{W!r:>{len(V) + 4}}' 'x' f\"\"\"\n{V}\"\"\"",
        "f(V)",
        "éü  'é'x\nü",
    ),
    (
        "from functools import cache\n@cache\ndef f():\n    import math as m\n    return m.e",
        "f() > 2",
        1,
    ),
    ("import math\ndef f():\n    math = 4\n    return math", "f()", 4),
    ("from dataclasses import dataclass\n@dataclass\nclass C:\n    a: int = 3", "C().a", 3),
    ("import enum\nclass K(enum.Enum):\n    A = 1\n    B = A + 1", "K.B.value", 2),
]


@pytest.mark.parametrize(("above", "result", "expected"), WAYS)
def test_plain_python_leaves_as_it_is(
    module: Load, carry: Carry, above: str, result: str, expected: object
) -> None:
    toy = module(f"import torch\nfrom torch import nn\n{above}\n{MIXER.format(result)}")
    text = carry(toy.Mixer)
    assert "UNUSED" not in text or "A = 1; B" in text
    assert run(text)["Mixer"]()(0) == expected


def test_a_class_may_do_without_archdsl(module: Load, carry: Carry) -> None:
    toy = module(
        """
        from torch import nn

        try:
            from archdsl import token_mixer
        except ImportError:

            def token_mixer(name):
                return lambda cls: cls


        @token_mixer("toy_shift")
        class Mixer(nn.Module):
            def forward(self, x):
                return x
        """
    )
    text = carry(toy.Mixer)
    assert "token_mixer" not in text and "archdsl" not in text


def test_imports_for_type_checkers_become_imports(module: Load, carry: Carry, tidy: Tidy) -> None:
    toy = module(
        """
        from __future__ import annotations

        import typing
        from typing import TYPE_CHECKING

        from torch import nn

        if TYPE_CHECKING:
            import numpy as np
            from torch import Tensor

        if typing.TYPE_CHECKING:
            from archdsl.compiler.network import Network


        class Mixer(nn.Module):
            def forward(self, x: Tensor, y: np.ndarray | None = None, z: Network = 3) -> "Tensor":
                return x
        """
    )
    text = carry(toy.Mixer)
    tidy(text)
    assert "def forward(self, x: Tensor, y: Any | None = None, z: Any = 3) -> Tensor:" in text
    assert run(text)["Mixer"]()(4) == 4


def test_tabs_and_tight_spacing_survive(module: Load, carry: Carry) -> None:
    toy = module(
        "from torch import nn\nfrom archdsl import Act,Odd,token_mixer\n"
        "@token_mixer( 'toy_tabs' )\nclass Mixer(nn.Module):\n"
        "\t'''Doc.'''\n\tsequence=True; size=2\n\ttokens = True\n"
        "\tdef __init__(self,dim:int,*,kernel:Odd=3,act:Act=nn.GELU):\n"
        "\t\tsuper().__init__()\n\t\tself.kernel=kernel\n"
        "\tdef forward(self,x): return x*self.kernel*self.size\n"
    )
    text = carry(toy.Mixer)
    assert "tokens" not in text
    assert run(text)["Mixer"](8)(2) == 12


def test_a_member_that_the_class_body_reads_stays(module: Load, carry: Carry) -> None:
    toy = module(
        """
        from torch import nn


        class Mixer(nn.Module):
            tokens = 4
            heads = 2 * tokens
            sequence = True

            @staticmethod
            def dim_out(dim):
                return 2 * dim

            twice = dim_out

            def forward(self, x, heads=heads):
                return heads, self.twice(x)


        class Small(nn.Identity): sequence = True
        """
    )
    names = run(carry(toy.Mixer, toy.Small))
    assert names["Mixer"]()(3) == (8, 6)
    assert names["Small"].sequence


def test_option_types_are_found_behind_names(module: Load, carry: Carry, tidy: Tidy) -> None:
    toy = module(
        """
        from __future__ import annotations

        from typing import Annotated, Literal, Optional

        from torch import nn

        from archdsl.components.options import Act, Bound, Odd

        Size = tuple[int, int]
        Kernels = list[Odd] | None
        Acts = Optional[Act]


        class Mixer(nn.Module):
            kernel: Odd = 3

            def __init__(
                self,
                size: Size,
                *,
                kernels: Kernels = None,
                act: Acts = None,
                rows: Annotated[int, Bound("some", bool)] | None = 1,
                unsaid: "Annotated[int, Bound('some', bool)]" = 1,
                mode: Annotated[Literal["a", "b"], "note"] = "a",
            ) -> None:
                super().__init__()
        """
    )
    text = carry(toy.Mixer)
    tidy(text.replace("'some'", '"some"'))  # a text within a text was quoted so
    assert "Size = tuple[int, int]" in text
    for line in (
        "    kernel: int = 3",
        "kernels: list[int] | None = None,",
        "act: Callable[..., nn.Module] | None = None,",
        "rows: int | None = 1,",
        "unsaid: Annotated[int, Any('some', bool)] = 1,",
        'mode: Literal["a", "b"] = "a",',
    ):
        assert line in text
    run(text)


def test_option_types_are_spelled_out() -> None:
    def text(annotation: object) -> str:
        return "".join(
            p if isinstance(p, str) else p.module.split(".")[-1] for p in plain(annotation)
        )

    assert text(tuple[Odd, ...]) == "tuple[int, ...]"
    assert text(typing.Literal[1, "a"] | None) == "typing[1, 'a'] | None"
    assert holds_option_type(list[Act | None])
    assert not holds_option_type(list[int])
    assert text(Annotated[typing.Any, 1]) == "typing"


def test_a_name_in_an_f_string_is_renamed_or_refused(module: Load, carry: Carry) -> None:
    text = "from torch import nn\nV = {}\n" + MIXER.format("f'é{{x}}{{V}}'")
    one, two = module(text.format(1, x=0), "one"), module(text.format(2, x=0), "two")
    try:
        exported = carry(one.Mixer, two.Mixer)
    except ExportError as error:  # where Python does not say where the name stands
        assert "'V' in an f-string has another meaning" in str(error)
    else:
        assert run(exported)["Mixer_2"]()(5) == "é52"
