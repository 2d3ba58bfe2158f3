"""Two specs beside each other: nothing where they are equal, the mirror the other way round."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import pytest
from hypothesis import strategies as st

import archdsl
from archdsl.amounts import bounded
from archdsl.changes import Changes
from archdsl.changes.structure import Change
from archdsl.errors import SpecError
from tests.drawing.conftest import outside, overlapping, texts
from tests.soon import SMALLEST, law, soon

SMALL: dict[str, Any] = {
    "archdsl": 1, "name": "small", "input": [1, 8, 8], "classes": 2, "head": "linear",
    "stem": {"type": "conv", "kernel": 3},
    "block": {
        "norm": {"choice": ["layer_norm", None]},
        "token_mixer": {
            "choice": ["pooling", None, {"type": "depthwise", "kernel": {"choice": [3, 5]}}],
            "per": "block",
        },
        "channel_mixer": {"type": "mlp", "ratio": {"range": [1, 3]}},
        "layer_scale": {"choice": [None, 1e-5]},
    },
    "stages": [
        {"dim": {"choice": [4, 8]}, "depth": {"range": [1, 5]}},
        {"dim": 8, "depth": {"range": [1, 3]}, "downsample": {"type": "conv", "kernel": 3}},
    ],
}  # fmt: skip


@functools.cache
def members() -> list[archdsl.Spec]:
    return archdsl.space(SMALL).sample(60, seed=1)


def mirrored(one: Change) -> Change:
    return Change(
        one.address, one.after, one.before, one.times,
        tuple((name, new, old) for name, old, new in one.options),
    )  # fmt: skip


def unfolded(changes: Changes) -> set[str]:
    """The addresses of what differs, a block each."""
    found = set()
    for one in changes.structure:
        head, blocks, tail = one.address.partition(".blocks.")
        number, _, rest = tail.partition(".")
        first, _, last = number.partition("–")
        numbers = range(int(first), int(last or first) + 1) if blocks else [0]
        assert len(numbers) == one.times
        found |= {f"{head}{blocks}{n}.{rest}" if blocks else one.address for n in numbers}
    return found


@pytest.mark.parametrize("name", soon(archdsl.shipped.names(), SMALLEST))
def test_a_spec_is_equal_to_itself(name: str) -> None:
    found = archdsl.diff(name, archdsl.load(name, set={"name": "another"}))
    assert found.equal and found.structure == () and found.decisions == ()
    assert all(one.before == one.after for one in found.costs)


@law(st.integers(0, 59), st.integers(0, 59), few=25, many=600)
def test_the_other_way_round_it_is_the_mirror(i: int, j: int) -> None:
    a, b = members()[i], members()[j]
    there, back = archdsl.diff(a, b), archdsl.diff(b, a)
    assert [mirrored(one) for one in there.structure] == list(back.structure)
    assert [one.place for one in there.costs] == [one.place for one in back.costs]
    assert [one.before for one in there.costs] == [one.after for one in back.costs]


@law(st.integers(0, 59), st.integers(0, 59), few=25, many=600)
def test_its_costs_are_those_of_count_and_its_places_add_up(i: int, j: int) -> None:
    a, b = members()[i], members()[j]
    found = archdsl.diff(a, b)
    *places, total = found.costs
    for name in bounded():
        assert total.before[name] == archdsl.count(a)[name]
        assert total.after[name] == archdsl.count(b)[name]
    for name in ("macs", "params"):
        assert total.before[name] == sum(one.before[name] for one in places)
        assert total.after[name] == sum(one.after[name] for one in places)


@law(st.integers(0, 59), st.integers(0, 59), few=25, many=600)
def test_every_layer_that_differs_is_named_and_no_other(i: int, j: int) -> None:
    a, b = members()[i], members()[j]
    layers = [
        {layer.address: layer.component for layer in spec.network().layers()} for spec in (a, b)
    ]
    blocks = [{block.address for block in spec.network().blocks()} for spec in (a, b)]
    alone = blocks[0] ^ blocks[1]
    expected = {
        address
        for address in {*layers[0], *layers[1]}
        if layers[0].get(address) != layers[1].get(address)
        and not any(address.startswith(f"{block}.") for block in alone)
    } | {f"{block}." for block in alone}
    found = {
        address
        for address in unfolded(archdsl.diff(a, b))
        if not address.endswith((".dim", ".depth", "layer_scale1", "layer_scale2", "drop_path"))
    }
    assert found == expected


def test_options_of_one_type_are_told_one_by_one() -> None:
    found = archdsl.diff(
        "convformer_s18", archdsl.load("convformer_s18", set={"stages.2.token_mixer.kernel": 5})
    )
    assert [(one.address, one.words, one.sort) for one in found.structure] == [
        ("stages.2.blocks.0–8.token_mixer", "kernel 7 → 5", "changed")
    ]
    record = found.record()
    assert record["structure"][0]["blocks"] == 9
    assert record["structure"][0]["options"] == {"kernel": ["7", "5"]}
    assert not record["equal"]


def test_a_mixer_that_became_another_and_blocks_that_came() -> None:
    deeper = archdsl.load(
        "poolformer_s12", set={"stages.3.depth": 4, "stages.0.token_mixer": "identity"}
    )
    found = archdsl.diff("poolformer_s12", deeper)
    assert [(one.address, one.sort, one.words) for one in found.structure] == [
        ("stages.0.blocks.0–1.token_mixer", "changed", "pooling → identity"),
        ("stages.3.depth", "changed", "2 → 4"),
        (
            "stages.3.blocks.2–3",
            "added",
            "token: group_norm → pooling  layer_scale 1e-5; "
            "channel: group_norm → mlp  layer_scale 1e-5",
        ),
    ]


def test_of_spaces_the_decisions_are_compared() -> None:
    fixed = archdsl.load("hybrid_search", set={"params.width": 32, "stages.0.depth": 2})
    found = archdsl.diff("hybrid_search", fixed)
    said = {one.address: (one.sort, one.words) for one in found.decisions}
    assert said == {
        "params.width": ("removed", "32 | 64 | 96, default 32"),
        "stages.0.depth": ("removed", "1 | 2 | 3, default 1"),
    }
    assert not found.equal
    default = archdsl.space("hybrid_search").default()
    assert archdsl.diff("hybrid_search", default).structure == ()
    assert len(archdsl.diff("hybrid_search", default).decisions) == len(
        archdsl.space("hybrid_search").decisions
    )


@pytest.mark.parametrize(("a", "b"), list(itertools.pairwise(["swin_tiny", "ffnet_1", "digits"])))
def test_both_are_drawn_side_by_side_on_one_scale(a: str, b: str) -> None:
    found = archdsl.diff(a, b)
    sketch = found.draw().sketch
    assert not list(overlapping(sketch)) and not outside(sketch)
    said = texts(found.draw().svg())
    assert {a, b} <= set(said)
    assert repr(found.draw()) == f"<Drawing of {a} and {b}>"


def test_what_it_is_in_a_word() -> None:
    assert repr(archdsl.diff("swin_tiny", "swin_tiny")) == (
        "<Changes: swin_tiny and swin_tiny are equal>"
    )
    html = archdsl.diff("poolformer_s12", "poolformer_s24")._repr_html_()
    assert "stages.2.blocks.6–11" in html and "1.81G → 3.39G" in html


def test_what_is_no_spec_is_refused() -> None:
    with pytest.raises(SpecError, match="no shipped spec is called 'nothing'"):
        archdsl.diff("swin_tiny", "nothing")
