"""Each parameter is in one group, with the decay that is meant for it and the rate of its depth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import archdsl
from archdsl.errors import SearchError
from archdsl.recipes import recipe
from archdsl.training import Recipe
from archdsl.training.optimisation.groups import groups
from archdsl.training.optimisation.layers import last_layer, layers_of

FAMILIES = (
    "poolformer_s12", "identityformer_s12", "randformer_s12", "convformer_s18", "caformer_s18",
    "metaformer_ppaa_s12", "transnext_micro", "ffnet_1", "swin_tiny", "convnext_tiny",
    "deit_tiny", "mixer_s16", "resmlp_s12",
)  # fmt: skip


def made(name: str) -> nn.Module:
    with torch.device("meta"):
        return archdsl.build(name)


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> nn.Module:
    return made(request.param)


def in_order(model: nn.Module) -> Iterator[tuple[nn.Module, bool]]:
    """Its parts in the order of the forward pass, and whether a layer begins with each."""
    yield model.stem, True
    if model.class_token is not None:
        yield model.class_token, False
    for number, stage in enumerate(model.stages):
        before = [part for part in (stage.downsample, stage.pos_embed) if part is not None]
        for part in before if number else [stage.pos_embed] * (stage.pos_embed is not None):
            yield part, number > 0 and part is before[0]
        for index, block in enumerate(stage.blocks):
            yield block, number == 0 or index > 0
        if stage.out_norm is not None:
            yield stage.out_norm, False
    yield model.head, True


def test_rates_fall_from_the_head_to_the_stem_layer_by_layer(family: nn.Module) -> None:
    found = groups(family, Recipe(layer_decay=0.5))
    share = {id(p): group.share for group in found for p in group.parameters.values()}
    last = last_layer(family)
    assert last == sum(len(stage.blocks) for stage in family.stages) + 1
    layer = -1
    for part, begins in in_order(family):
        layer += begins
        for parameter in part.parameters():
            if parameter.requires_grad:
                assert share[id(parameter)] == 0.5 ** (last - layer)
    assert layer == last
    assert [group.share for group in found] == sorted(group.share for group in found)


def test_each_trained_parameter_is_in_one_group(family: nn.Module) -> None:
    trained = {name for name, p in family.named_parameters() if p.requires_grad}
    for layer_decay in (None, 0.75, 1.0):
        found = groups(family, Recipe(layer_decay=layer_decay))
        names = [name for group in found for name in group.parameters]
        assert len(names) == len(set(names)) and set(names) == trained
    assert {group.share for group in groups(family, Recipe(layer_decay=1.0))} == {1.0}


def test_without_layers_there_are_the_matrices_and_the_vectors(family: nn.Module) -> None:
    matrices, vectors = groups(family, Recipe(weight_decay=0.5, vector_decay=0.25))
    assert (matrices.decay, vectors.decay) == (0.5, 0.25)
    assert all(p.ndim > 1 for p in matrices.parameters.values())
    assert all(p.ndim <= 1 for p in vectors.parameters.values())


SMALL = made("transnext_micro")
NAMES = [name for name, _ in SMALL.named_parameters()]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from(NAMES) | st.sampled_from(["*.weight", "stages.?.*", "*", "x"])),
    st.none() | st.floats(0.1, 1),
)
def test_what_a_pattern_names_has_the_decay_of_vectors(patterns, layer_decay) -> None:
    said = Recipe(no_decay=tuple(patterns), layer_decay=layer_decay, vector_decay=0.25)
    found = groups(SMALL, said)
    assert sorted(n for group in found for n in group.parameters) == sorted(NAMES)
    for group in found:
        for name, parameter in group.parameters.items():
            named = any(fnmatchcase(name, pattern) for pattern in patterns)
            assert group.decay == (0.25 if named or parameter.ndim <= 1 else said.weight_decay)


def test_transnexts_recipe_leaves_out_what_its_paper_does() -> None:
    _, others = groups(SMALL, recipe("transnext_300"))
    left_out = {name for name, p in others.parameters.items() if p.ndim > 1}
    wanted = (
        r".*\.token_mixer\.(query_embedding|temperature|window_bias|position_bias\.fc\d\.weight)"
    )
    assert left_out == {name for name in NAMES if re.fullmatch(wanted, name)}
    assert len(left_out) == 21 * 4 + 19  # the last stage has no window


def test_layers_are_told_of_what_archdsl_builds_alone() -> None:
    with pytest.raises(SearchError) as caught:
        groups(nn.Sequential(nn.Linear(2, 2)), Recipe(layer_decay=0.5))
    assert str(caught.value) == (
        "recipe: layer_decay: there is no telling which layer 0.weight belongs to.  write  "
        "train.layer_decay: none"
    )
    assert len(groups(nn.Sequential(nn.Linear(2, 2)), Recipe())) == 2


def test_what_leads_into_a_stage_goes_with_its_first_block() -> None:
    numbers = layers_of(made("deit_tiny"))
    assert numbers["stages.0.pos_embed.map"] == numbers["class_token.token"] == 0
    numbers = layers_of(SMALL)
    assert numbers["stages.1.downsample.0.conv.weight"] == 3
    assert numbers["stages.0.out_norm.weight"] == 2
    assert numbers["head.classifier.weight"] == 22
