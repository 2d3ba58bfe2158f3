"""The canonical writer: what it writes reads back as the same tree, and looks as specs look."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

import archdsl
from archdsl.errors import SpecError
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence, plain
from archdsl.language.write import WIDTH, inline, write
from archdsl.language.yaml import read

WORDS = ["none", "true", "1e-6", "1", "010", "0x1", "", " a", "a: b", "a #b", "no", "null", "~"]
WORDS += ["- a", "a,b", "[a]", "{a}", "a?b", "*a", "&a", "!a", "%a", "@a", "`a", "'a'", '"a"', "|"]
WORDS += [">", "<<", "=", "---", "...", "$w * 2", "a\nb", "a\tb", "\\", "é", "\xa0", "\x85", "\x7f"]
WORDS += [".inf", ".nan", "None", "a:", ":a", "a:b", "?", "?a", "-", "-a", "#", "\u2028", "\ufeff"]

texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=12))
keys = texts.filter(lambda key: key != "" and "\n" not in key)
numbers = st.one_of(
    st.integers(min_value=-(10**18), max_value=10**18),
    st.floats(allow_nan=False, allow_infinity=False),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=25,
)
trees = st.dictionaries(keys, values, min_size=1, max_size=5)


def exact(value: Any) -> Any:
    """A value with the types of everything in it: 1, 1.0 and true differ, and so does -0.0."""
    if isinstance(value, dict):
        return [(key, exact(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    return (type(value).__name__, repr(value))


@given(trees)
@example({"a": 1, "b": 1.0, "c": True, "d": "1", "e": "1.0", "f": "true", "g": None, "h": "none"})
@example({"a": -0.0, "b": 5e-324, "c": 1e16, "d": 1e22, "e": 1.7976931348623157e308})
@example({"a": [[], {}, [{}], [[]]], "b": {}})
def test_what_is_written_reads_back_with_every_type(tree: dict[str, Any]) -> None:
    assert exact(plain(read(write(tree), "f"))) == exact(tree)


@given(trees)
def test_writing_again_changes_nothing(tree: dict[str, Any]) -> None:
    once = write(tree)
    assert write(read(once, "f")) == once


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without its C parser")
@given(trees)
def test_the_python_parser_reads_the_same(tree: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "__with_libyaml__", False)
        assert exact(plain(read(write(tree), "f"))) == exact(tree)


@given(values)
def test_a_value_on_one_line_reads_back(value: Any) -> None:
    line = inline(value)
    assert "\n" not in line
    assert exact(plain(read(f"a: [{line}]", "f"))) == exact({"a": [value]})


SPACE = """\
archdsl: 1
name: hybrid_search

params:
  width: {choice: [32, 64, 96]}
  ratio: {choice: [3, 4]}

input: [3, 224, 224]
classes: 1000
drop_path: 0.1

stem:
  - {type: conv, dim: 64, kernel: 3, stride: 2, norm: batch_norm, act: gelu}
  - {type: conv, kernel: 3, stride: 2, norm: batch_norm}
downsample: {type: conv, kernel: 3, stride: 2, padding: 1}
out_norm: $ln

block:
  norm: {choice: [layer_norm, batch_norm]}
  token_mixer:
    choice:
      - pooling
      - {type: sep_conv, kernel: {choice: [3, 5, 7]}}
    per: stage
  channel_mixer: {type: mlp, ratio: $ratio, act: gelu}
  layer_scale: 1e-5

stages:
  - {dim: $width, depth: {range: [1, 3]}}
  - {dim: 192, depth: 15, token_mixer.pool: 2, channel_mixer.ratio: 4}
  - dim: $width * 5
    runs:
      - {depth: 2, token_mixer: {type: sep_conv, kernel: 7}}
      - {depth: 3, token_mixer: {type: attention, head_dim: 32}}
  - dim: 384
    depth: 2
    token_mixer: {type: cosine_attention, head_dim: 24, bias: true, qkv_bias: false, eps: 1e-12}
    channel_mixer.ratio: 4

head: {type: linear, norm: none, pool: mean}

search:
  maximize: accuracy
  budget: {macs: 2G, params: 20M}
  proxy: {data: {type: image_folder, path: ./flowers}, epochs: 20, batch: 128}
"""


def test_a_spec_is_laid_out_as_an_author_would() -> None:
    assert write(read(SPACE, "f")) == SPACE


def test_patches_stand_apart_from_what_they_patch() -> None:
    text = (
        "archdsl: 1\nname: s24\nextends: s12\n\n"
        "stages.0.depth: 4\nstages.2.depth: {range: [4, 9]}\n\n"
        "search:\n  maximize: accuracy\n"
    )
    assert write(read(text, "f")) == text


SPECS = Path(__file__).parents[2] / "specs"
SHIPPED = sorted((*SPECS.glob("baselines/*.yaml"), *SPECS.glob("spaces/*.yaml")))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_specs_survive(path: Path) -> None:
    tree = read(path.read_text(encoding="utf-8"), path.name)
    written = write(tree)
    assert exact(plain(read(written, "f"))) == exact(plain(tree))
    assert max(map(len, written.splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-5, "1e-5"),
        (1e-06, "1e-6"),
        (1e16, "1e16"),
        (2.5e-10, "2.5e-10"),
        (0.1, "0.1"),
        (1.0, "1.0"),
        (100000.0, "100000.0"),
        (-3, "-3"),
        (True, "true"),
        (None, "none"),
        ("none", '"none"'),
        ("1e-6", '"1e-6"'),
        ("no", "no"),
        ("2G", "2G"),
        ("a: b", '"a: b"'),
        ("$(w + 16) // 2", "$(w + 16) // 2"),
        ("pkg.module:Class", "pkg.module:Class"),
        ("./file.py", "./file.py"),
        ("é", "é"),
        ("a\nb", '"a\\nb"'),
        ("\U0001f600\x00", '"😀\\0"'),
        ([1, "a", None], "[1, a, none]"),
        ((3, 5), "[3, 5]"),
        ({"type": "conv", "kernel": [3]}, "{type: conv, kernel: [3]}"),
        ([], "[]"),
        ({}, "{}"),
    ],
)
def test_a_value_is_written_in_its_plainest_form(value: Any, text: str) -> None:
    assert inline(value) == text
    assert write({"a": value}) == f"a: {text}\n"


def test_quotes_are_put_only_where_the_surroundings_ask_for_them() -> None:
    assert write({"a": "x, y"}) == "a: x, y\n"
    assert write({"a": ["x, y"]}) == 'a: ["x, y"]\n'
    assert write({"a": "why?"}) == "a: why?\n"
    assert write({"a": {"b": "why?"}}) == 'a: {b: "why?"}\n'


def test_a_number_keeps_the_form_in_which_it_was_written() -> None:
    text = "a: 1e-05\nb: 0x10\nc: 010\nd: 1.50\ne: +3\n"
    assert write(read(text, "f")) == text


def test_a_node_whose_text_is_stale_is_written_by_its_value() -> None:
    assert write(Mapping({"a": Scalar(2, "1"), "b": Scalar("1", "1"), "c": Scalar(1, "1.0")})) == (
        'a: 2\nb: "1"\nc: 1\n'
    )


def test_nodes_and_plain_values_mix() -> None:
    node: Node = Sequence((Scalar(1, "1"),))
    assert write({"archdsl": Scalar(1, "1"), "found": {"list": node, "plain": [1.5]}}) == (
        "archdsl: 1\n\nfound:\n  list: [1]\n  plain: [1.5]\n"
    )


def test_quotes_of_the_author_are_dropped_where_nothing_needs_them() -> None:
    assert write(read("a: 'gelu'\nb: \"none\"\n", "f")) == 'a: gelu\nb: "none"\n'


def test_a_list_that_is_too_long_for_a_line_stands_one_to_a_line() -> None:
    names = [f"component_{index}" for index in range(12)]
    assert write({"a": names}) == "a:\n" + "".join(f"  - {name}\n" for name in names)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 10**200, object(), {1, 2}, b"x"])
def test_what_no_spec_can_hold_is_refused(value: Any) -> None:
    with pytest.raises(SpecError, match="a spec cannot hold"):
        write({"a": value})
    write({"a": 1e308})


@pytest.mark.parametrize("key", [1, None, True, "", "a\nb"])
def test_a_key_that_is_no_word_is_refused(key: Any) -> None:
    with pytest.raises(SpecError, match="a key of a spec is a word"):
        write({"a": {key: 1}})
    write({"a": {"1": 1}})


def test_an_inherited_param_that_nothing_uses_any_more_is_not_written() -> None:
    child = """
archdsl: 1
name: child
extends: randformer_s12
block: {norm: layer_norm, token_mixer: pooling, channel_mixer: {type: mlp, ratio: 2}}
downsample: {type: conv, kernel: 3, stride: 2}
stages: [{dim: 32, depth: 1}]
stem: {type: conv, kernel: 3, stride: 2}
head: linear
"""
    spec = archdsl.loads(child)
    assert "params" not in spec.tree
    assert archdsl.loads(spec.dump()) == spec
