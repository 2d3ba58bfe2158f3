"""A default in a signature is one thing: built, counted and exported, said or left unsaid."""

from __future__ import annotations

import itertools
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import archdsl
from archdsl.language.write import inline

FILE = '''
import zlib
from functools import partial
from typing import Literal

from torch import nn

from archdsl import (
    Act, Fraction, Layer, NonNegative, Norm, Odd, Positive, PositiveNumber, token_mixer
)
from archdsl.nn.acts import SquaredReLU, StarReLU
from archdsl.nn.layers import Conv
from archdsl.nn.norms import Affine, BatchNorm, GroupNorm, LayerNorm, RMSNorm


@token_mixer("{name}")
class Toy(nn.Module):
    """Every option leaves its mark on the output."""

    def __init__(self, dim, *, {signature}):
        super().__init__()
        self.mark = 0
        self.parts = nn.ModuleList()
        for made in ({options}):
            self.add(dim, made)

    def add(self, dim, made):
        if isinstance(made, (list, tuple)):
            self.mark += len(made)
            for inner in made:
                self.add(dim, inner)
        elif not callable(made):
            self.mark += zlib.crc32(repr(made).encode()) % 1000
        else:
            for context in ((), (dim,), (dim, dim)):
                try:
                    self.parts.append(made(*context))
                except TypeError:
                    continue
                break

    def forward(self, x):
        for part in self.parts:
            x = x + part(x)
        return x * (1 + self.mark / 1000)
'''


@dataclass(frozen=True)
class Default:
    """A default in Python and in the words of a spec."""

    type: str
    python: str
    spec: Any


def plain(type_: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Default]:
    return values.map(lambda value: Default(type_, repr(value), value))


small = st.floats(-3, 3, allow_nan=False).map(lambda x: round(x, 3))
positive = st.floats(1e-6, 2).map(lambda x: float(f"{x:.3g}"))

TORCH: dict[str, tuple[str, dict[str, st.SearchStrategy[Any]]]] = {
    "celu": ("CELU", {"alpha": positive}),
    "elu": ("ELU", {"alpha": small}),
    "gelu": ("GELU", {"approximate": st.sampled_from(["none", "tanh"])}),
    "hardshrink": ("Hardshrink", {"lambd": positive}),
    "hardtanh": ("Hardtanh", {"min_val": st.just(-0.5), "max_val": positive}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": small | st.integers(0, 2)}),
    "prelu": ("PReLU", {}),
    "relu": ("ReLU", {}),
    "rrelu": ("RReLU", {"lower": st.just(0.1), "upper": st.sampled_from([0.1, 0.4])}),
    "silu": ("SiLU", {}),
    "softplus": ("Softplus", {"beta": positive, "threshold": st.integers(1, 20)}),
    "softshrink": ("Softshrink", {"lambd": positive}),
    "threshold": ("Threshold", {"threshold": small, "value": small}),
}


@st.composite
def torchs(draw: st.DrawFn) -> tuple[str, Any]:
    """An activation of torch's: as it is, or a partial, by position, by name, or both, nested."""
    name = draw(st.sampled_from(sorted(TORCH)))
    cls, options = TORCH[name]
    least = len(options) if name in ("threshold", "hardtanh", "rrelu") else 0
    count = draw(st.integers(least, len(options)))
    chosen = {key: draw(options[key]) for key in list(options)[:count]}
    by_position = draw(st.integers(0, count))
    text = f"nn.{cls}"
    for index, (key, value) in enumerate(chosen.items()):
        text = f"partial({text}, {'' if index < by_position else f'{key}='}{value!r})"
    return text, {"type": name, **chosen} if chosen else name


@st.composite
def ours(draw: st.DrawFn) -> tuple[str, Any]:
    if draw(st.booleans()):
        return "SquaredReLU", "squared_relu"
    scale = draw(small)
    return f"partial(StarReLU, scale={scale!r})", {"type": "star_relu", "scale": scale}


acts = torchs() | ours()


@st.composite
def norms(draw: st.DrawFn) -> tuple[str, Any]:
    cls, name, options = draw(
        st.sampled_from(
            [
                ("LayerNorm", "layer_norm", {"eps": positive, "bias": st.booleans()}),
                ("GroupNorm", "group_norm", {"groups": st.sampled_from([1, 2, 4])}),
                ("BatchNorm", "batch_norm", {"eps": positive}),
                ("RMSNorm", "rms_norm", {"eps": positive}),
                ("Affine", "affine", {}),
            ]
        )
    )
    chosen = {key: draw(values) for key, values in options.items() if draw(st.booleans())}
    if not chosen:
        return cls, name
    inside = ", ".join(f"{key}={value!r}" for key, value in chosen.items())
    return f"partial({cls}, {inside})", {"type": name, **chosen}


@st.composite
def layers(draw: st.DrawFn) -> tuple[str, Any]:
    kernel, (act, act_spec), (norm, norm_spec) = draw(
        st.tuples(st.sampled_from([1, 3]), acts, norms())
    )
    text = f"partial(partial(Conv, kernel={kernel}), norm={norm}, act={act})"
    return text, {"type": "conv", "kernel": kernel, "norm": norm_spec, "act": act_spec}


def part(type_: str, parts: st.SearchStrategy[tuple[str, Any]]) -> st.SearchStrategy[Default]:
    return parts.map(lambda pair: Default(type_, *pair))


def several(type_: str, items: st.SearchStrategy[Default]) -> st.SearchStrategy[Default]:
    return st.lists(items, min_size=1, max_size=3).map(
        lambda found: Default(
            type_, f"[{', '.join(d.python for d in found)}]", [d.spec for d in found]
        )
    )


words = st.sampled_from(["a", "two words", "none", "1"])
defaults = st.one_of(
    plain("Odd", st.sampled_from([1, 3, 7])),
    plain("int", st.integers(-5, 5)),
    plain("float", small | st.integers(-2, 2) | st.sampled_from([1e-6, 2e20])),
    plain("bool", st.booleans()),
    plain("str", words),
    plain('Literal["rows", "none", 3]', st.sampled_from(["rows", "none", 3])),
    plain("Fraction", st.sampled_from([0, 0.5, 1])),
    plain("int | None", st.none() | st.integers(1, 3)),
    plain("tuple[int, int]", st.tuples(st.integers(0, 3), st.integers(0, 3))),
    plain("list[float]", st.lists(small, min_size=1, max_size=3)),
    part("Act", acts),
    part("Act | None", acts | st.just(("None", None))),
    part("Norm", norms()),
    part("Layer", layers()),
    several("list[Act]", part("Act", acts)),
    several("list[Norm] | None", part("Norm", norms())),
)

_count = itertools.count()


def spec_of(file: Path, mixer: Any) -> archdsl.Spec:
    path = file.with_suffix(".yaml")
    path.write_text(
        f"archdsl: 1\nname: toy\nimports: [./{file.name}]\ninput: [3, 6, 6]\nclasses: 3\n"
        "stem: {type: conv, kernel: 3}\n"
        f"stages:\n  - {{dim: 4, depth: 2, token_mixer: {inline(mixer)}}}\n",
        encoding="utf-8",
    )
    return archdsl.load(path)


def outputs(model: nn.Module) -> list[Tensor]:
    """Fresh weights, what the model says in eval and in training, and the gradients."""
    state = [tensor.clone() for tensor in model.state_dict().values()]
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(2, 3, 6, 6, generator=generator)
    found = [*state, model.eval()(images)]
    torch.manual_seed(2)
    out = model.train()(images)
    out.square().mean().backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return [*found, out.detach(), *gradients]


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return len(one) == len(other) and all(
        torch.equal(torch.nan_to_num(a), torch.nan_to_num(b))
        for a, b in zip(one, other, strict=True)
    )


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return make()


def holds(folder: Path, signature: list[Default]) -> None:
    """The law, for one class with these options."""
    name = f"toy_{next(_count)}"
    options = [f"o{index}" for index in range(len(signature))]
    file = folder / f"{name}.py"
    file.write_text(
        FILE.format(
            name=name,
            signature=", ".join(
                f"{option}: {default.type} = {default.python}"
                for option, default in zip(options, signature, strict=True)
            ),
            options=", ".join([*options, ""]),
        ),
        encoding="utf-8",
    )
    said = {option: default.spec for option, default in zip(options, signature, strict=True)}
    bare, spelt = spec_of(file, name), spec_of(file, {"type": name, **said})
    assert bare.network() == spelt.network()

    built = outputs(seeded(lambda: archdsl.build(bare)))
    assert same(built, outputs(seeded(lambda: archdsl.build(spelt))))

    mixer = archdsl.build(bare).get_submodule("stages.0.blocks.0.token_mixer")
    by_hand = type(mixer)(4)
    by_hand.load_state_dict(mixer.state_dict())
    x = torch.randn(2, 4, 6, 6)
    torch.testing.assert_close(mixer.eval()(x), by_hand.eval()(x), equal_nan=True)

    counted = archdsl.count(bare)
    assert counted == archdsl.count(spelt)
    assert counted.params == sum(p.numel() for p in archdsl.fuse(archdsl.build(bare)).parameters())

    text = archdsl.export(bare)
    assert archdsl.export(spelt) == text
    exported = types.ModuleType("exported")
    exec(compile(text, "exported.py", "exec"), vars(exported))
    assert same(built, outputs(seeded(exported.toy)))


ALL = [
    Default("Act", "partial(nn.LeakyReLU, 0.5)", {"type": "leaky_relu", "negative_slope": 0.5}),
    Default("Act", "partial(nn.ELU, alpha=0.3)", {"type": "elu", "alpha": 0.3}),
    Default(
        "Act",
        "partial(partial(nn.Softplus, 2.0), threshold=3)",
        {"type": "softplus", "beta": 2.0, "threshold": 3},
    ),
    Default("Act", 'partial(nn.GELU, "tanh")', "gelu_tanh"),
    Default("Act", "nn.SiLU", "swish"),
    Default("Act", "nn.PReLU", {"type": "prelu", "init": 0.25}),
    Default("Norm | None", "None", None),
    Default("Norm", "partial(GroupNorm, groups=2)", {"type": "group_norm", "groups": 2}),
    Default(
        "Layer",
        "partial(Conv, kernel=3, norm=partial(BatchNorm, eps=1e-2), act=partial(nn.CELU, 0.5))",
        {
            "type": "conv",
            "kernel": 3,
            "norm": {"type": "batch_norm", "eps": 1e-2},
            "act": {"type": "celu", "alpha": 0.5},
        },
    ),
    Default("list[Act]", "(nn.ReLU, partial(nn.Hardtanh, -2, 2))", [
        "relu", {"type": "hardtanh", "min_val": -2, "max_val": 2}
    ]),
    Default("tuple[int, int]", "(3, 5)", [3, 5]),
    Default("float", "1", 1.0),
    Default('Literal["none", "some"]', '"none"', "none"),
]  # fmt: skip


def test_a_default_is_built_counted_and_exported_as_it_stands(tmp_path: Path) -> None:
    holds(tmp_path, ALL)


def test_a_slope_in_a_default_is_the_slope_of_the_network(tmp_path: Path) -> None:
    holds(tmp_path, ALL[:1])
    [file] = tmp_path.glob("*.py")
    mixer = archdsl.build(spec_of(file, file.stem)).get_submodule("stages.0.blocks.0.token_mixer")
    assert mixer.parts[0].negative_slope == 0.5


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(defaults, min_size=1, max_size=5))
def test_any_default_is_built_counted_and_exported_as_it_stands(
    tmp_path_factory: pytest.TempPathFactory, signature: list[Default]
) -> None:
    holds(tmp_path_factory.mktemp("toy"), signature)
