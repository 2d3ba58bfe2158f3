"""The tables of published names: what they may say, and that the shipped ones lead both ways."""

from __future__ import annotations

import pytest

import archdsl
from archdsl import shipped
from archdsl.checkpoints.axes import Axes, Ones
from archdsl.checkpoints.fit import known_namings
from archdsl.checkpoints.naming import OWN
from archdsl.checkpoints.tables import NamingTable, namings, read_tables, shipped_tables
from archdsl.compiler.builder import shapes
from archdsl.errors import SpecError

TABLE = """\
for: [little_*, tiny]
note: {timm: "it is not the same"}
official:
  - {theirs: "net.{2*i}.{leaf}", ours: "stages.{i}.{leaf}"}
  - {theirs: "head.{leaf}", ours: "head.classifier.{leaf}", axes: "*,1,1"}
timm:
  - {theirs: "pos", ours: "pos.map", axes: tokens}
  - {theirs: "{rest}", ours: "{rest}", our_axes: "1,*"}
ignore: ["net.{i}.mask"]
"""


@pytest.fixture
def tables(tmp_path):
    def read(text):
        path = tmp_path / "family.yaml"
        path.write_text(text)
        return read_tables(path)

    return read


def test_a_table_is_for_the_specs_that_it_names(tables):
    (table,) = tables(TABLE)
    assert [table.is_for(name) for name in ("little_1", "tiny", "tiny_2", "Little_1")] == [
        True, True, False, False,
    ]  # fmt: skip


def test_rules_lead_both_ways(tables):
    official, timm = tables(TABLE)[0].namings
    assert (official.label, official.family, official.note) == ("official", "family", "")
    assert official.theirs("stages.3.weight") == ("net.6.weight", Axes())
    assert official.ours("net.6.weight") == "stages.3.weight"
    assert official.theirs("head.classifier.bias") == ("head.bias", Axes(theirs=Ones(after=2)))
    assert official.theirs("elsewhere") is None
    assert official.ours("net.3.weight") is None
    assert official.ignores("net.3.mask")
    assert not official.ignores("net.3.weight")
    assert timm.note == "it is not the same"
    assert timm.theirs("pos.map") == ("pos", Axes(tokens=True))
    assert timm.theirs("a.b") == ("a.b", Axes(ours=Ones(before=1)))


def test_a_file_may_hold_several_tables(tables):
    first, second = tables("tables:\n  - {for: [a], official: []}\n  - {for: [b]}\n")
    assert (first.models, second.models) == (("a",), ("b",))
    assert [naming.label for naming in first.namings] == ["official"]
    assert second.namings == ()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("for:", "four:", "a table of names has no key 'four'"),
        ("for: [little_*, tiny]", "for: little", "for is a list"),
        ("official:", "tables: []\nofficial:", "a table of names has no key 'for'"),
        ("{timm:", "{tim:", "a table of names has no key 'tim'"),
        ("theirs: \"net", "their: \"net", "a table of names has no key 'their'"),
        ('{theirs: "pos", ', "{", "a rule has  theirs"),
        ('ours: "stages.{i}.{leaf}"', 'ours: "stages.{i}.x"', "the same places on both sides"),
        ('ours: "stages.{i}.{leaf}"', 'ours: "stages.{n}.{leaf}"', "has a place {n}"),
        ('ours: "stages.{i}.{leaf}"', "ours: 3", "a text belongs here"),
        ('axes: "*,1,1"', 'axes: "*,2"', "axes are written"),
        ("axes: tokens", 'axes: tokens, our_axes: "*,1"', "our_axes has no meaning beside"),
        ('["net.{i}.mask"]', '["net.{i.mask"]', "has a brace without its partner"),
        ('- {theirs: "pos", ours: "pos.map", axes: tokens}', "- pos", "a mapping belongs here"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_table_is_told_with_its_place(tables, before, after, said):
    assert tables(TABLE)
    assert TABLE.count(before) >= 1
    with pytest.raises(SpecError) as caught:
        tables(TABLE.replace(before, after, 1))
    assert said in str(caught.value)
    assert "family.yaml:" in str(caught.value)


BASELINES = shipped.names(shipped.BASELINES)


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_has_its_published_names_and_they_lead_back(name):
    network = archdsl.load(name).network()
    model = shapes(network)
    asked = namings(name)
    known = [(naming, where) for naming, where in known_namings(name, model) if naming is not OWN]
    # every naming of its table names every tensor of the model, each by a name of its own
    assert [naming.label for naming in asked] == [naming.label for naming, _ in known]
    assert known
    for naming, where in known:
        assert where.keys() == model.keys()
        for ours, entry in where.items():
            assert naming.ours(entry.name) == ours
            assert not naming.ignores(entry.name)


def test_every_table_is_for_some_spec():
    for tables in shipped_tables():
        for table in tables:
            for glob in table.models:
                only = NamingTable((glob,), ())
                assert any(only.is_for(name) for name in BASELINES), f"{glob} is for no spec"


def test_a_spec_of_ones_own_may_be_of_any_family():
    every = namings("mine")
    assert {naming.family for naming in every} >= {"poolformer", "metaformer", "deit"}
    assert {naming.family for naming in namings("poolformer_mine")} == {"poolformer"}
