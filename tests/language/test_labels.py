"""A label is a name, whatever it looks like."""

from __future__ import annotations

from typing import Any

import pytest

import archdsl
from archdsl.errors import SpecError

TEXT = """\
archdsl: 1
name: labelled
params:
  width: {choice: [8, 16]}
input: [1, 8, 8]
classes: 10
stem: {type: conv, kernel: 3, stride: 2}
block:
  norm: layer_norm
  token_mixer:
    choice:
      - {type: sep_conv, kernel: {choice: [3, 5]}, label: LABEL}
      - {type: sep_conv, kernel: 7, label: other}
  channel_mixer: {type: mlp, ratio: 2}
stages:
  - {dim: $width, depth: 1}
"""


def labelled(label: str) -> Any:
    return archdsl.space(archdsl.loads(TEXT.replace("LABEL", label)))


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ('"$x"', "$x"), ("$x", "$x"), ("$width", "$width"), ('"$"', "$"), ('"$(1 +"', "$(1 +"),
        ("2G", "2G"), ("3", "3"), ("0x10", "0x10"), ("true", "true"), ("none", "none"),
        ('"none"', "none"), ("a.b", "a.b"), ('"[bold]"', "[bold]"), ('"<b>"', "<b>"),
    ],
)  # fmt: skip
def test_whatever_a_label_looks_like_it_is_a_name(written: str, label: str) -> None:
    space = labelled(written)
    nested = f"block.token_mixer.{label}.kernel"
    assert list(space.decisions) == ["params.width", "block.token_mixer", nested]
    assert space.size == space.count({"macs": "1G"}) == 6
    answers = {"params.width": 16, "block.token_mixer": label, nested: 5}
    member = space.member(answers)
    assert archdsl.loads(member.dump()).network() == member.network()
    assert archdsl.loads(space.spec.dump()) == space.spec
    found = archdsl.search(space, lambda candidate: candidate.cost.macs, trials=6, sampler="grid")
    assert answers in [trial.decisions for trial in found.trials]


@pytest.mark.parametrize("written", ['""', '" "', '"a\\nb"', "[a]", "{a: 1}"])
def test_a_label_that_is_no_text_on_one_line_is_refused(written: str) -> None:
    with pytest.raises(SpecError) as caught:
        labelled(written)
    assert caught.value.problem == "a label is a text on one line"
    assert caught.value.address == "block.token_mixer"
    assert caught.value.cure == "it stands in addresses and in records; write  label: name"


def test_two_options_of_one_label_are_refused() -> None:
    with pytest.raises(SpecError, match="two options are called 'other'"):
        labelled('"other"')


def test_labels_that_give_two_decisions_one_address_are_refused() -> None:
    text = TEXT.replace("LABEL", "a").replace("kernel: 7", "kernel: {choice: [7, 9]}")
    whole = "{type: sep_conv, kernel: {choice: [3, 5]}, label: a}"
    parts = "query: {type: depthwise, kernel: {choice: [3, 5]}}, key: none, value: pooling"
    text = text.replace(whole, f"{{type: meta_mixer, {parts}, label: a}}")
    assert archdsl.space(archdsl.loads(text.replace("label: other", "label: a.b"))).size == 8
    with pytest.raises(SpecError) as caught:
        archdsl.loads(text.replace("label: other", "label: a.query"))
    assert caught.value.address == "block.token_mixer.a.query.kernel"
    assert caught.value.problem == "two decisions would have this address"
    assert caught.value.cure == (
        "a label with dots reads like a path; give the option another label"
    )


def lists(*options: str) -> Any:
    choice = f"{{choice: [{', '.join(options)}]}}"
    component = TEXT[TEXT.index("\n    choice:") : TEXT.index("\n  channel_mixer")]
    return archdsl.space(archdsl.loads(TEXT.replace(component, f" {choice}")))


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["[pooling, identity]", "[identity, pooling]"], ("pooling+identity", "identity+pooling")),
        (
            ["[pooling, {type: depthwise, kernel: 3}]", "[pooling, {type: depthwise, kernel: 5}]"],
            ("pooling+depthwise(kernel=3)", "pooling+depthwise(kernel=5)"),
        ),
        (
            ["[pooling, pooling]", "[pooling, {type: pooling, kernel: 5}]", "pooling"],
            ("pooling+pooling", "pooling+pooling(kernel=5)", "pooling"),
        ),
        (
            [
                "[pooling, {type: sep_conv, kernel: {choice: [3, 5]}, label: small}]",
                "[pooling, {type: sep_conv, kernel: {choice: [7, 9]}}]",
            ],
            ("pooling+small", "pooling+sep_conv"),
        ),
        (
            ["[{type: sep_conv, act: {type: elu, alpha: 2}, label: '2G'}]", "[sep_conv]"],
            ("2G", "sep_conv"),
        ),
    ],
)
def test_lists_are_told_apart_element_by_element(
    options: list[str], wanted: tuple[str, ...]
) -> None:
    space = lists(*options)
    assert space.decisions["block.token_mixer"].answers == wanted
    assert archdsl.loads(space.spec.dump()) == space.spec
    for member in space.enumerate():
        assert member.decisions["block.token_mixer"] in wanted
        assert archdsl.loads(member.dump()).network() == member.network()


def test_lists_of_one_label_are_refused() -> None:
    small = "{type: sep_conv, kernel: {choice: [3, 5]}}"
    large = "{type: sep_conv, kernel: {choice: [7, 9]}}"
    with pytest.raises(SpecError) as caught:
        lists(f"[pooling, {small}]", f"[pooling, {large}]")
    assert caught.value.problem == "two options are called 'pooling+sep_conv'"
    assert caught.value.cure == ("drop one, or give them labels:  [{type: ..., label: name}, ...]")


def test_a_label_in_a_list_that_is_no_option_is_refused() -> None:
    text = TEXT.replace("{type: mlp, ratio: 2}", "[mlp, {type: mlp, label: second}]")
    with pytest.raises(SpecError) as caught:
        archdsl.loads(text.replace("LABEL", "a"))
    assert caught.value.address == "block.channel_mixer.1"
    assert caught.value.problem == ("a label names an option of a choice; there is no choice here")


def test_an_expression_in_quotes_is_one_everywhere_else() -> None:
    quoted = TEXT.replace("LABEL", "a").replace("dim: $width", 'dim: "$width"')
    assert archdsl.loads(quoted) == archdsl.loads(TEXT.replace("LABEL", "a"))
