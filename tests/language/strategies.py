"""Random specs with holes: every construct of the language, small enough to enumerate."""

from __future__ import annotations

from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

import archdsl
from archdsl.errors import SpecError

Plain = Any

KERNELS = st.sampled_from([3, 5, 7])


def _hole(options: st.SearchStrategy[Plain], most: int = 3) -> st.SearchStrategy[Plain]:
    return st.lists(options, min_size=1, max_size=most, unique_by=repr).map(
        lambda listed: {"choice": listed}
    )


def _kernel() -> st.SearchStrategy[Plain]:
    return st.one_of(KERNELS, _hole(KERNELS), st.just("$kernel"))


def _ratio() -> st.SearchStrategy[Plain]:
    return st.one_of(
        st.sampled_from([1, 2, 1.5]),
        st.just({"range": [1, 3]}),
        st.just({"range": [1, 2], "step": 0.5}),
        st.sampled_from(["$ratio", "$ratio + 1", "$(ratio * 2) / 2"]),
    )


def _token_mixers() -> st.SearchStrategy[Plain]:
    return st.one_of(
        st.sampled_from(["pooling", "identity", None, "$mixer"]),
        st.fixed_dictionaries({"type": st.just("pooling"), "kernel": _kernel()}),
        st.fixed_dictionaries(
            {"type": st.just("sep_conv"), "kernel": _kernel(), "ratio": _ratio()},
            optional={"act": st.one_of(st.just("gelu"), _hole(st.sampled_from(["gelu", "relu"])))},
        ),
    )


def _name(option: Plain) -> str:
    return str(option["type"]) if isinstance(option, dict) else str(option)


@st.composite
def _choice(draw: st.DrawFn, options: st.SearchStrategy[Plain], per: bool) -> Plain:
    listed = draw(st.lists(options, min_size=1, max_size=3, unique_by=_name))
    hole: dict[str, Plain] = {"choice": listed}
    if per:
        asked = draw(st.sampled_from([None, "stage", "block"]))
        if asked:
            hole["per"] = asked
    return hole


def _mixer() -> st.SearchStrategy[Plain]:
    return st.one_of(_token_mixers(), _choice(_token_mixers(), per=True))


def _channel() -> st.SearchStrategy[Plain]:
    return st.fixed_dictionaries({"type": st.just("mlp"), "ratio": _ratio()})


@st.composite
def _depth(draw: st.DrawFn) -> Plain:
    return draw(st.sampled_from([1, 2, {"range": [1, 2]}, {"choice": [1, 3]}, "$depth"]))


@st.composite
def _stage(draw: st.DrawFn) -> Plain:
    stage: dict[str, Plain] = {
        "dim": draw(st.sampled_from([8, {"choice": [8, 16]}, "$width", "$width * 2"]))
    }
    if draw(st.booleans()):
        stage["depth"] = draw(_depth())
    else:
        runs = draw(st.integers(1, 2))
        stage["runs"] = [
            {
                "depth": draw(st.sampled_from([1, {"range": [0, 1]} if index else 1, "$depth"])),
                **draw(st.fixed_dictionaries({}, optional={"token_mixer": _mixer()})),
            }
            for index in range(runs)
        ]
    extra = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "token_mixer": _mixer(),
                "layer_scale": st.sampled_from([None, 1e-5, {"choice": [None, 0.1]}]),
                "channel_mixer.ratio": _ratio(),
            },
        )
    )
    if "token_mixer" not in extra and draw(st.booleans()):
        extra["norm.eps"] = 1e-3
    return {**stage, **extra}


@st.composite
def spaces(draw: st.DrawFn) -> dict[str, Plain]:
    """A random spec as a plain mapping, with the params that it uses and no others."""
    spec: dict[str, Plain] = {
        "archdsl": 1,
        "name": "drawn",
        "input": [3, 16, 16],
        "classes": 4,
        "stem": {
            "type": "conv",
            "kernel": 3,
            "norm": draw(st.sampled_from([None, "batch_norm", {"choice": ["layer_norm", None]}])),
        },
        "downsample": draw(
            st.sampled_from(
                [
                    {"type": "conv", "kernel": 3, "stride": 2},
                    {"type": "conv", "kernel": {"choice": [1, 3]}, "stride": 2},
                ]
            )
        ),
        "block": {
            "norm": {"type": "layer_norm"},
            "token_mixer": draw(_mixer()),
            "channel_mixer": draw(_channel()),
        },
        "stages": draw(st.lists(_stage(), min_size=1, max_size=2)),
    }
    params = {
        "kernel": draw(st.sampled_from([3, {"choice": [3, 7]}])),
        "ratio": draw(st.sampled_from([2, {"choice": [1, 2]}])),
        "mixer": draw(
            st.sampled_from(
                [
                    "pooling",
                    {"type": "sep_conv", "kernel": {"choice": [3, 5]}},
                    {"choice": ["identity", {"type": "pooling", "kernel": {"choice": [3, 5]}}]},
                ]
            )
        ),
        "depth": draw(st.sampled_from([1, {"range": [1, 2]}])),
        "width": draw(st.sampled_from([8, {"choice": [8, 16]}])),
    }
    text = repr(spec)
    used = {
        name: value for name, value in params.items() if f"${name}" in text or f"({name}" in text
    }
    if used:
        spec["params"] = used
    assume(not _says_one_option_twice(spec))
    return spec


def _says_one_option_twice(spec: dict[str, Plain]) -> bool:
    """Whether a choice has two options that are equal, which no space may have."""
    try:
        archdsl.load(spec)
    except SpecError as error:
        if "gives the same as" in str(error):
            return True
        raise
    return False
