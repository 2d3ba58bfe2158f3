"""The names under which weights were published: a bijection onto every spec's state dict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import archdsl
from tests.nn.names import names
from tests.nn.published_states import (
    ABLATIONS,
    BASELINES,
    BASIC,
    FFNETS,
    HYBRID,
    MLP_HEADS,
    published,
)
from tests.nn.published_states import ffnet as ffnet_entries
from tests.soon import SMALLEST

GOLDEN = Path(__file__).parents[1] / "golden"

SPECS = [
    *(f"poolformer_{size}" for size in BASIC),
    *(f"metaformer_{mixers}_s12" for mixers in ABLATIONS),
    *(f"{f}_{size}" for f in BASELINES for size in (HYBRID if f in MLP_HEADS else BASIC)),
    *(f"ffnet_{size}" for size in FFNETS),
]
TIMM = [s for s in SPECS if s.startswith(("poolformer", "convformer", "caformer"))]

# tensors of each state dict, in the order of the models' sizes
TENSORS = {
    "poolformer": (132, 252, 372, 372, 492),
    "identityformer": (104, 192, 280, 280, 368),
    "randformer": (112, 208, 304, 304, 400),
    "poolformerv2": (104, 192, 280, 280, 368),
    "convformer": (242, 458, 458, 458),
    "caformer": (206, 395, 395, 395),
    "metaformer": (132, 139, 157, 134, 140),
    "ffnet": (553, 1057, 1593, 1737),
}


@pytest.mark.parametrize(
    ("spec", "naming"),
    [pytest.param(spec, naming, marks=[] if spec in SMALLEST else pytest.mark.slow)
     for naming, specs in (("official", SPECS), ("timm", TIMM)) for spec in specs],
)  # fmt: skip
def test_names_and_shapes_go_both_ways(spec: str, naming: str) -> None:
    rules = names(spec, naming)
    assert rules is not None
    with torch.device("meta"):
        state = archdsl.build(spec).state_dict()
    found = dict(rules.published(name, tuple(tensor.shape)) for name, tensor in state.items())
    assert len(found) == len(state)
    assert found == published(spec, naming)
    assert {rules.ours(name) for name in found} == set(state)
    assert all(rules.ours(rules.theirs(name)) == name for name in state)


@pytest.mark.parametrize("family", TENSORS)
def test_the_number_of_tensors_is_the_published_one(family: str) -> None:
    specs = [spec for spec in SPECS if spec.startswith(f"{family}_")]
    assert tuple(len(published(spec)) for spec in specs) == TENSORS[family]


METAFORMERS = sorted((GOLDEN / "metaformer").glob("*former*.json"))


@pytest.mark.parametrize("path", METAFORMERS, ids=lambda path: path.stem)
def test_state_dicts_are_those_of_the_published_code(path: Path) -> None:
    golden = json.loads(path.read_text())
    spec = golden["model"].removesuffix("_224")
    assert published(spec) == {name: tuple(shape) for name, shape in golden["state_dict"]}


TINY = dict(
    ffnet_entries(
        (32, 64, 128, 256),
        (1, 1, 2, 1),
        kernels=(3, 7, 3, 7),
        pairs=((3, 3), (3, 7), (7, 3), (7, 7)),
        ratios=(3, 2, 4, 3),
        scaled=True,
        stem=16,
        classes=10,
    )
)


@pytest.mark.parametrize("name", ["ffnet_1", "ffnet_2", "tiny_a"])
def test_ffnets_state_dicts_are_those_of_the_published_code(name: str) -> None:
    golden = json.loads((GOLDEN / "ffnet" / "keys" / f"{name}_train.json").read_text())
    expected = TINY if name == "tiny_a" else published(name)
    assert expected == {name: tuple(shape) for name, shape in golden}


@pytest.mark.parametrize("spec", [s for s in SPECS if s not in TIMM and "poolformerv2" not in s])
def test_timm_has_no_names_for_what_it_has_not(spec: str) -> None:
    assert names(spec, "timm") is None


def test_a_name_of_nobody_is_not_renamed() -> None:
    rules = names("poolformer_s12")
    assert rules is not None
    assert rules.ours("network.2.0.mlp.fc1.bias") == "stages.1.blocks.0.channel_mixer.fc1.bias"
    with pytest.raises(KeyError):
        rules.ours("network.1.0.mlp.fc1.bias")  # a downsample
