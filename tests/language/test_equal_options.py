"""Options of a choice that are one architecture are refused, and no others are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.errors import SpecError

TEXT = """\
archdsl: 1
name: equal
params:
  two: 2
  four: $two + 2
  w: {choice: [12, 24]}
  k: {choice: [3, 5]}
  pool: {type: pooling, kernel: 3}
input: [1, 8, 8]
classes: 10
stem: {type: conv, kernel: 3, stride: 2}
block:
  norm: layer_norm
  token_mixer: TOKEN
  channel_mixer: CHANNEL
stages:
  - {dim: $w, depth: 1}
  - {dim: $w, depth: 1, token_mixer: [$pool, {type: sep_conv, kernel: $k}]}
  - {dim: $w, depth: 1, channel_mixer: {type: mlp, ratio: $four}}
"""


def space(token: str = "pooling", channel: str = "mlp") -> Any:
    return archdsl.space(archdsl.loads(TEXT.replace("TOKEN", token).replace("CHANNEL", channel)))


EQUAL = [
    ("pooling", "{type: pooling, kernel: 3}"),
    ("{type: pooling, kernel: 3}", "$pool"),
    ("pooling", "$pool"),
    ("{type: sep_conv, act: star_relu}", "{type: sep_conv, act: {type: star_relu}, label: x}"),
    ("sep_conv", "{type: sep_conv, act: star_relu}"),
    ("[pooling, sep_conv]", "[$pool, {type: sep_conv, kernel: 7}]"),
    (
        "{type: sep_conv, kernel: {choice: [3, 5]}, label: a}",
        "{type: sep_conv, kernel: {range: [3, 5], step: 2}, label: b}",
    ),
    ("{type: sep_conv, kernel: {choice: [5]}, label: a}", "{type: sep_conv, kernel: 5, label: b}"),
]
DIFFERENT = [
    ("pooling", "{type: pooling, kernel: 5}"),
    ("pooling", "[pooling, pooling]"),
    ("none", "pooling"),
    ("sep_conv", "{type: sep_conv, act: relu}"),
    # one of these is the other under one answer, but not under every one
    (
        "{type: sep_conv, kernel: {choice: [3, 5]}, label: a}",
        "{type: sep_conv, kernel: 3, label: b}",
    ),
    ("{type: sep_conv, kernel: $k, label: a}", "{type: sep_conv, kernel: 3, label: b}"),
    (
        "{type: sep_conv, kernel: $k, label: a}",
        "{type: sep_conv, kernel: {choice: [3, 5]}, label: b}",
    ),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_options_that_are_equal_under_every_answer_are_refused(one: str, other: str) -> None:
    for first, second in ((one, other), (other, one)):
        with pytest.raises(SpecError, match="gives the same as"):
            space(f"{{choice: [{first}, {second}]}}")
        space(f"{{choice: [{first}]}}")


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_options_that_differ_under_some_answer_are_not(one: str, other: str) -> None:
    assert space(f"{{choice: [{one}, {other}]}}").size > space(f"{{choice: [{one}]}}").size


def test_the_refusal_names_both_places() -> None:
    with pytest.raises(SpecError) as caught:
        space("{choice: [pooling, identity, {type: pooling, kernel: 3}]}")
    assert str(caught.value) == (
        "<text>:14:45: block.token_mixer: the option pooling(kernel=3) gives the same as pooling\n"
        "   14 |   token_mixer: {choice: [pooling, identity, {type: pooling, kernel: 3}]}\n"
        "      |                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  the other stands at <text>:14:26; keep one of them"
    )


def test_a_number_that_is_there_twice_is_refused_with_both_places() -> None:
    with pytest.raises(SpecError) as caught:
        space(channel="{type: mlp, ratio: {choice: [1, 1.0]}}")
    assert str(caught.value) == (
        "<text>:15:50: block.channel_mixer.ratio: the option 1.0 is there twice\n"
        "   15 |   channel_mixer: {type: mlp, ratio: {choice: [1, 1.0]}}\n"
        "      |                                                  ^^^\n"
        "  the other stands at <text>:15:47; keep one of them"
    )


@pytest.mark.parametrize("twice", ["{choice: [4, $two * 2]}", "{choice: [$four, 3, $two * 2]}"])
def test_a_param_for_arithmetic_alone_is_looked_at_too(twice: str) -> None:
    text = TEXT.replace("TOKEN", "pooling").replace("CHANNEL", "{type: mlp, ratio: $n * 2}")
    archdsl.loads(text.replace("\ninput:", "\n  n: {choice: [4, $two]}\ninput:"))
    with pytest.raises(SpecError, match=r"the option \$two \* 2 gives the same as"):
        archdsl.loads(text.replace("\ninput:", f"\n  n: {twice}\ninput:"))


RATIOS = ("", "ratio: 4", "ratio: 4.0", "ratio: 2", "ratio: $four", "ratio: $two * 2",
          "ratio: $w / 6", "ratio: $w / 12 * 2", "ratio: $w - w + 4")  # fmt: skip
ACTS = ("", "act: gelu", "act: {type: gelu}", "act: relu")
mlps = st.tuples(st.sampled_from(RATIOS), st.sampled_from(ACTS)).map(
    lambda options: "{" + ", ".join(["type: mlp", *filter(None, options)]) + "}"
)


@settings(max_examples=60, deadline=None)
@given(mlps, mlps)
def test_two_options_are_refused_exactly_where_no_answer_tells_them_apart(
    one: str, other: str
) -> None:
    alone = [space(channel=mixer) for mixer in (one, other)]
    same = all(
        len({alone_.completed({"params.w": width}).network() for alone_ in alone}) == 1
        for width in (12, 24)
    )
    both = f"{{choice: [{one[:-1]}, label: a}}, {other[:-1]}, label: b}}]}}"
    if same:
        with pytest.raises(SpecError, match="the option b gives the same as a"):
            space(channel=both)
    else:
        assert space(channel=both).size == 2 * alone[0].size
