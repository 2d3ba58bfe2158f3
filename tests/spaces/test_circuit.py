"""What a circuit is made of, and how large it becomes where answers may not be asked."""

from __future__ import annotations

from typing import Any

import pytest

import archdsl
from archdsl.spaces.circuit.alternatives import Both, EdgeChoice
from archdsl.spaces.circuit.building import cases
from archdsl.spaces.circuit.circuit import children
from archdsl.spaces.circuit.split import split
from tests.soon import soon
from tests.spaces.test_frequencies import SPACES


def optional(params: int, depth: int) -> dict[str, Any]:
    """A space in which each block may ask for one of some params, or for none."""
    mixers = [{"type": "pooling", "kernel": f"$p{n}"} for n in range(params)]
    named = {f"mixer{n}": mixer for n, mixer in enumerate(mixers)}
    return {
        "archdsl": 1, "name": "optional", "input": [1, 8, 8], "classes": 2,
        "params": {
            **{f"p{n}": {"choice": [3, 5]} for n in range(params)},
            **named,
        },
        "stem": {"type": "conv", "kernel": 3, "stride": 2},
        "block": {
            "norm": None, "channel_mixer": None,
            "token_mixer": {"choice": ["identity", *(f"${m}" for m in named)], "per": "block"},
        },
        "stages": [{"dim": 4, "depth": depth}],
        "head": "linear",
    }  # fmt: skip


def alternatives(space: archdsl.Space) -> int:
    """How many nodes a space has before it is split."""
    seen: set[int] = set()
    left: list[Any] = [case.node for case in cases(space.tabulate())]
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case EdgeChoice():
                left += [edge.then for edge in node.edges if edge.then is not None]
            case Both():
                left += [node.one, node.other]
            case _:
                left.append(node.node)
    return len(seen)


@pytest.mark.parametrize("name", SPACES)
def test_a_circuit_is_less_than_ten_times_as_large_for_being_split(name: str) -> None:
    path, patches = SPACES[name]
    space = archdsl.space(archdsl.load(path, set=patches))
    assert len(space.counting.circuit.nodes) < 10 * alternatives(space)


@pytest.mark.parametrize("params", [1, 2, 3])
def test_members_that_ask_for_few_of_several_params_are_counted(params: int) -> None:
    space = archdsl.space(optional(params, 3))
    assert space.counting.size == space.size == len(list(space.enumerate()))
    assert len(space.counting.circuit.nodes) < 10 * alternatives(space)


@pytest.mark.parametrize("name", soon(["digits", "metaformer_224"], ["digits"]))
def test_a_node_comes_after_what_it_is_made_of_and_the_last_is_the_root(name: str) -> None:
    circuit = split(cases(archdsl.space(name).tabulate()))
    for at, node in enumerate(circuit.nodes):
        assert node is not None
        assert all(child < at for child in children(node))
    used = {child for node in circuit.nodes for child in children(node)}
    assert used | {-1} >= set(range(len(circuit.nodes) - 1))
