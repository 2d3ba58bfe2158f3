"""One side of a rename rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.checkpoints.pattern import BadPattern, Pattern


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("head.weight", "head.weight", {}),
        ("head.{leaf}", "head.bias", {"leaf": "bias"}),
        ("head.{leaf}", "head.fc.bias", None),
        ("head.{rest}", "head.fc.bias", {"rest": "fc.bias"}),
        ("head.{rest}", "head.", None),
        ("a.{i}.b", "a.12.b", {"i": 12}),
        ("a.{i}.b", "a.x.b", None),
        ("a.{i}.b", "a.012.b", None),
        ("a.{i}.b", "a.1.b.c", None),
        ("a{i+1}", "a1", {"i": 0}),
        ("a{i+1}", "a0", None),
        ("a.{2*i}", "a.6", {"i": 3}),
        ("a.{2*i}", "a.7", None),
        ("a.{2*i-1}", "a.5", {"i": 3}),
        ("a.{2*i-1}", "a.6", None),
        ("{i}.{j}.{k}", "0.1.2", {"i": 0, "j": 1, "k": 2}),
        ("{i}.{i+1}", "3.4", {"i": 3}),
        ("{i}.{i+1}", "3.5", None),
        ("a.b", "axb", None),
    ],
)
def test_a_name_matches_or_is_another(text, name, values):
    assert Pattern(text).match(name) == values


@pytest.mark.parametrize("text", ["a.{2*i-1}.{j+3}.{leaf}", "x.{k}.{rest}", "plain.name"])
@given(values=st.fixed_dictionaries(
    {"i": st.integers(1, 50), "j": st.integers(0, 50), "k": st.integers(0, 50),
     "leaf": st.sampled_from(["weight", "bias"]), "rest": st.sampled_from(["a", "a.b.c"])}
))  # fmt: skip
def test_what_is_filled_in_is_read_back(text, values):
    pattern = Pattern(text)
    name = pattern.fill(values)
    assert name is not None
    assert pattern.match(name) == {key: values[key] for key in pattern.names}


def test_an_index_is_never_below_0():
    assert Pattern("network.{2*i-1}").fill({"i": 0}) is None
    assert Pattern("network.{2*i-1}").fill({"i": 1}) == "network.1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.{n}", "has a place {n}"),
        ("a.{}", "has a place {}"),
        ("a.{i*2}", "has a place {i*2}"),
        ("a.{0*i}", "has a place {0*i}"),
        ("a.{i", "has a brace without its partner"),
        ("a.i}", "has a brace without its partner"),
    ],
)
def test_a_text_that_is_no_pattern_is_refused(text, said):
    with pytest.raises(BadPattern) as caught:
        Pattern(text)
    assert said in str(caught.value)
