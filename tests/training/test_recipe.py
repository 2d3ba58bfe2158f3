"""A recipe says all of a schedule, in plain values."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archdsl.data.source import Split
from archdsl.errors import SearchError
from archdsl.language.search_section import PROXY
from archdsl.language.settings import ProxySettings
from archdsl.training.augmentation import Augmentation
from archdsl.training.batches import to_judge_by
from archdsl.training.module import Classifier, rate
from archdsl.training.recipe import BESIDE, Recipe, later
from archdsl.training.train import train_model

counts = st.integers(1, 2**53)
positive = st.floats(0, 1e9, exclude_min=True)
below_one = st.floats(0, 1, exclude_max=True)
share = st.floats(0, 1, exclude_min=True, exclude_max=True)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
options = st.dictionaries(st.text(), plain, max_size=3).map(lambda known: tuple(known.items()))
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "module": st.none() | st.text(),
    "module_options": options,
    "datamodule": st.none() | st.text(),
    "datamodule_options": options,
    "epochs": counts,
    "steps_per_epoch": st.none() | counts,
    "validation_steps": st.none() | counts,
    "validate_every": counts,
    "batch": counts,
    "validation_batch": counts,
    "size": st.none() | counts,
    "interpolation": st.sampled_from(["bilinear", "bicubic"]),
    "label_smoothing": below_one,
    "schedule": st.sampled_from(["cosine", "wsd", "constant"]),
    "cooldown": share,
    "tail": st.integers(0, 2**53),
    "lr": positive | counts,
    "lr_batch": st.none() | counts,
    "warmup": st.floats(0, 1e9),
    "warmup_lr": st.floats(0, 1),
    "final_lr": st.floats(0, 1),
    "optimizer": st.sampled_from(["adamw", "lamb"]),
    "betas": st.tuples(below_one, below_one),
    "eps": positive,
    "weight_decay": st.floats(0, 1e9),
    "vector_decay": st.floats(0, 1e9),
    "no_decay": st.lists(st.text(), max_size=3).map(tuple),
    "layer_decay": st.none() | st.floats(0, 1, exclude_min=True),
    "clip_norm": st.none() | positive,
    "ema": st.none() | share,
    "accumulate": counts,
    "drop_path": st.none() | below_one,
    "augmentation": st.none()
    | st.builds(Augmentation, mixup=st.floats(0, 9), crop_scale=st.just((0.5, 1.0))),
    "compile": st.booleans(),
    "precision": st.sampled_from(["auto", "32", "bf16", "16"]),
}
recipes = st.fixed_dictionaries(FIELDS).map(lambda fields: Recipe(**fields))


@given(recipes)
def test_a_recipe_goes_through_json_and_is_what_it_was(recipe: Recipe) -> None:
    text = json.dumps(recipe.record())
    again = Recipe.from_record(json.loads(text))
    assert again == recipe
    assert json.dumps(again.record()) == text


def test_every_field_is_drawn_above() -> None:
    assert [*FIELDS] == [field.name for field in dataclasses.fields(Recipe)]


def test_what_the_proxy_section_says_of_the_schedule_is_in_the_recipe() -> None:
    assert Recipe.of(ProxySettings()) == Recipe()
    assert set(PROXY) - BESIDE <= {field.name for field in dataclasses.fields(Recipe)}
    said: dict[str, Any] = {
        "module": "mine:Module", "datamodule": "mine:Data", "epochs": 3, "steps_per_epoch": 4,
        "validation_steps": 5, "validate_every": 2, "batch": 6, "schedule": "wsd", "lr": 0.5,
        "weight_decay": 0.25, "warmup": 0.0, "label_smoothing": 0.0, "size": 7, "precision": "32",
    }  # fmt: skip
    assert set(said) == set(PROXY) - BESIDE
    assert Recipe.of(ProxySettings(**said)) == Recipe(**said)
    given = {"root": "./x", "sizes": [64, 32]}
    for name in ("module_options", "datamodule_options"):
        recipe = Recipe.of(ProxySettings(**said, **{name: given}))
        assert recipe == Recipe(**said, **{name: tuple(given.items())})


@pytest.mark.parametrize(
    ("name", "wrong", "takes", "right"),
    [
        ("epochs", 0, "a positive int", 1),
        ("epochs", True, "a positive int", 1),
        ("batch", 2.5, "a positive int", 2),
        ("lr", 0, "a positive number", 1e-30),
        ("lr", float("nan"), "a positive number", 1),
        ("lr", "fast", "a positive number", 0.1),
        ("schedule", "linear", "one of cosine | wsd | constant", "wsd"),
        ("optimizer", "sgd", "one of adamw | lamb", "lamb"),
        ("no_decay", "*.bias", "a list of text", ["*.bias"]),
        ("no_decay", [1], "a text", []),
        ("layer_decay", 0, "a number above 0 and up to 1", 1),
        ("ema", 1, "a number above 0 and below 1", 0.999),
        ("accumulate", 0, "a positive int", 2),
        ("drop_path", 1, "a number from 0 to below 1", 0),
        ("compile", 1, "true or false", True),
        ("augmentation", "strong", "an Augmentation, or none", Augmentation(mixup=0.8)),
        ("tail", -1, "an int from 0", 0),
        ("cooldown", 1, "a number above 0 and below 1", 0.5),
        ("cooldown", 0, "a number above 0 and below 1", 1e-9),
        ("label_smoothing", 1, "a number from 0 to below 1", 0.99),
        ("final_lr", 1.5, "a number from 0 to 1", 1),
        ("betas", [0.9], "a list of 2 number from 0 to below 1", [0.9, 0.99]),
        ("betas", [0.9, 1.0], "a number from 0 to below 1", (0.9, 0.0)),
        ("clip_norm", 0, "a positive number", None),
        ("warmup", None, "a number from 0", 0),
        ("precision", 16, "one of auto | 32 | bf16 | 16", "16"),
        ("interpolation", "nearest", "one of bilinear | bicubic", "bicubic"),
        ("module", 1, "a text", "mine:Module"),
        ("epochs", {}, "a positive int", 1),
    ],
)
def test_a_value_that_a_field_does_not_take(name, wrong, takes, right) -> None:
    with pytest.raises(SearchError) as caught:
        Recipe.from_record({**Recipe().record(), name: wrong})
    assert re.fullmatch(rf"recipe: {name} is .+\.  it takes {re.escape(takes)}", str(caught.value))
    assert Recipe.from_record({**Recipe().record(), name: right})


def test_a_record_with_other_names_is_no_recipe() -> None:
    record = Recipe().record()
    names = ", ".join(record)
    with pytest.raises(SearchError) as caught:
        Recipe.from_record({**record, "momentum": 0.9})
    assert str(caught.value) == (
        f"recipe: momentum is no field of a recipe.  a recipe has: {names}"
    )
    for name in later():
        assert Recipe.from_record({k: v for k, v in record.items() if k != name}) == Recipe()
    del record["eps"]
    with pytest.raises(SearchError) as caught:
        Recipe.from_record(record)
    assert str(caught.value) == f"recipe: eps is not there.  a recipe has: {names}"


class Run:
    precision = "32-true"
    estimated_stepping_batches = 20


def test_the_optimiser_has_the_recipes_numbers(network) -> None:
    recipe = Recipe(lr=0.5, betas=(0.5, 0.75), eps=1e-3, weight_decay=0.25, vector_decay=0.125)
    module = Classifier(network(), recipe, 10)
    module._trainer = Run()
    optimizer = module.configure_optimizers()["optimizer"]
    assert optimizer.defaults["betas"] == (0.5, 0.75)
    assert optimizer.defaults["eps"] == 1e-3
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.25, 0.125]


def test_a_norm_is_clipped_where_the_recipe_has_one(network) -> None:
    for clip, wanted in ((1.0, 1.0), (0.5, 0.5), (None, 100.0)):
        model = torch.nn.Linear(4, 1, bias=False)
        model.weight.grad = torch.full((1, 4), 50.0)
        Classifier(model, Recipe(clip_norm=clip), 1).configure_gradient_clipping(None)
        assert model.weight.grad.norm().item() == pytest.approx(wanted, rel=1e-4)


def test_the_rate_ends_where_the_recipe_says() -> None:
    assert rate(12, 4, 12, 0.25) == pytest.approx(0.25)
    assert rate(8, 4, 12, 0.25) == pytest.approx(0.625)
    assert rate(4, 4, 12, 0.25) == 1.0
    assert rate(0, 4, 12, 0.25) == 0.25  # the line up to the peak is what it was


def test_batches_to_judge_by_are_as_large_and_scaled_as_the_recipe_says() -> None:
    class Plain:
        def plain(self, images):
            return images

    pixels = np.random.default_rng(0).random((9, 1, 4, 4), dtype=np.float32)
    split = Split(pixels, np.arange(9))

    def seen(**fields: Any) -> list[torch.Tensor]:
        recipe = Recipe(batch=2, **fields)
        cpu = torch.device("cpu")
        return [i for i, _ in to_judge_by(split, Plain(), (6, 6), recipe, lambda: cpu)]

    assert [len(images) for images in seen()] == [4, 4, 1]
    assert [len(images) for images in seen(validation_batch=1)] == [2, 2, 2, 2, 1]
    assert not torch.equal(seen()[0], seen(interpolation="bicubic")[0])


def test_another_number_in_a_recipe_is_another_training(network, recipe, digits) -> None:
    usual = train_model(network(), recipe, digits, seed=0).state_dict
    for other in (
        {"betas": (0.8, 0.9)}, {"eps": 0.1}, {"clip_norm": None}, {"final_lr": 0.5},
        {"vector_decay": 0.5}, {"warmup": 0.0}, {"label_smoothing": 0.0},
    ):  # fmt: skip
        changed = train_model(network(), dataclasses.replace(recipe, **other), digits, seed=0)
        assert any(not torch.equal(usual[k], changed.state_dict[k]) for k in usual), other
