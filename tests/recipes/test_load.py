"""A recipe is read as strictly as a spec: each broken one beside a good neighbour."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from archdsl.errors import SpecError
from archdsl.recipes import recipe
from archdsl.recipes.load import of_recipe
from archdsl.training import Recipe
from archdsl.training.augmentation import Augmentation

TAKES = (
    "train takes: epochs, steps_per_epoch, validation_steps, validate_every, batch, "
    "validation_batch, size, interpolation, label_smoothing, schedule, cooldown, tail, lr, "
    "lr_batch, warmup, warmup_lr, final_lr, optimizer, betas, eps, weight_decay, vector_decay, "
    "no_decay, layer_decay, clip_norm, ema, accumulate, drop_path, augmentation, compile, precision"
)
CHANGES = (
    "train.augmentation takes: library, crop_scale, crop_ratio, interpolation, flip, color_jitter, "
    "rand_augment, rand_magnitude, rand_std, random_erasing, erasing_scale, mixup, cutmix, "
    "mix_probability, mix_switch, repeated, test_crop"
)


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


# what is broken; the line and column, and the first line of the error; its cure; what is right
VALUE = "write the value; a recipe has no holes and no params"

UNDER_TRAIN = [
    (
        "epoch: 3",
        "5:3: train.epoch: train has no key 'epoch'",
        f"did you mean 'epochs'?  {TAKES}",
        "epochs: 3",
    ),
    ("epochs: 0", "5:11: train.epochs: 0 is not a positive int", "", "epochs: 1"),
    ("epochs: none", "5:11: train.epochs: none is not a positive int", "", "epochs: 1"),
    (
        "epochs: '3'",
        "5:11: train.epochs: '3' is not a positive int",
        "write 3 without quotes",
        "epochs: 3",
    ),
    (
        "epochs: $n",
        "5:11: train.epochs: an expression where one value belongs (positive int)",
        VALUE,
        "epochs: 3",
    ),
    (
        "epochs: {choice: [1, 2]}",
        "5:11: train.epochs: a mapping where one value belongs (positive int)",
        VALUE,
        "epochs: 2",
    ),
    ("lr: 1e-3x", "5:7: train.lr: '1e-3x' is not a positive number", "", "lr: 1e-3"),
    (
        "lr: [1e-3]",
        "5:7: train.lr: a list where one value belongs (positive number)",
        VALUE,
        "lr: 1e-3",
    ),
    (
        "optimizer: lam",
        "5:14: train.optimizer: 'lam' is not one of adamw | lamb",
        "",
        "optimizer: lamb",
    ),
    (
        "schedule: linear",
        "5:13: train.schedule: 'linear' is not one of cosine | wsd | constant",
        "",
        "schedule: constant",
    ),
    (
        "betas: [0.9]",
        "5:10: train.betas: a list of 2 number from 0 to below 1 belongs here",
        "write  train.betas: [..., ...]",
        "betas: [0.9, 0.99]",
    ),
    (
        "betas: [0.9, 1]",
        "5:16: train.betas: 1 is not a number from 0 to below 1",
        "",
        "betas: [0.9, 0]",
    ),
    (
        "no_decay: a",
        "5:13: train.no_decay: a list of text belongs here",
        "write  train.no_decay: [...]",
        "no_decay: [a]",
    ),
    ("compile: 1", "5:12: train.compile: 1 is not true or false", "", "compile: true"),
    (
        "precision: 8",
        "5:14: train.precision: '8' is not one of auto | 32 | bf16 | 16",
        "",
        "precision: 16",
    ),
    ("ema: 1", "5:8: train.ema: 1 is not a number above 0 and below 1", "", "ema: none"),
    ("module: mine:Module", "5:3: train.module: train has no key 'module'", TAKES, "size: 96"),
    (
        "epochs: 2\n  epochs: 3",
        "6:3: train: the key 'epochs' is written twice, on lines 5 and 6",
        None,
        "epochs: 3",
    ),
    (
        "cooldown: 0.2",
        "5:3: train.cooldown: a cosine schedule has no cooldown",
        "drop it, or write  schedule: wsd",
        "schedule: wsd\n  cooldown: 0.2",
    ),
    (
        "tail: 2\n  schedule: wsd",
        "5:3: train.tail: a wsd schedule has no tail",
        "write 0, or  schedule: cosine",
        "tail: 2",
    ),
    (
        "final_lr: 0.1\n  schedule: constant",
        "5:3: train.final_lr: a constant rate ends where it is",
        "write 0, or  schedule: cosine",
        "final_lr: 0.1",
    ),
    (
        "warmup_lr: 0.1\n  warmup: none",
        "5:3: train.warmup_lr: there is no warm-up",
        "write 0, or  warmup: 5",
        "warmup_lr: 0.1",
    ),
    (
        "epochs: 2\n  warmup: 3",
        "5:3: train.epochs: there are 2 epochs, and 3 of warm-up",
        "write a shorter train.warmup, or more epochs",
        "epochs: 3\n  warmup: 3",
    ),
    (
        "tail: 10",
        "5:3: train.tail: there are 10 epochs, and 1 of warm-up and 10 of the tail",
        None,
        "tail: 9",
    ),
    (
        "batch: 2\n  accumulate: 3",
        "6:3: train.accumulate: a batch of 2 has no 3 parts",
        "write 2 at most",
        "batch: 3\n  accumulate: 3",
    ),
    (
        "augmentation: strong",
        "5:17: train.augmentation: a mapping belongs here",
        CHANGES,
        "augmentation: {mixup: 0.8}",
    ),
    (
        "augmentation: {mix: 1}",
        "5:18: train.augmentation.mix: train.augmentation has no key 'mix'",
        f"did you mean 'mixup'?  {CHANGES}",
        "augmentation: {mixup: 1}",
    ),
    (
        "augmentation: {flip: 2}",
        "5:24: train.augmentation.flip: 2 is not a number from 0 to 1",
        "",
        "augmentation: {flip: 1}",
    ),
    (
        "augmentation: {crop_scale: [1, 0.5]}",
        "5:17: train.augmentation: crop_scale is [1, 0.5]",
        "write the least first",
        "augmentation: {crop_scale: none}",
    ),
    (
        "augmentation: {library: timm, color_jitter: 0.4}",
        "5:17: train.augmentation: timm has no color_jitter of its own",
        "write  color_jitter: 0, or  library: torchvision",
        "augmentation: {library: torchvision, color_jitter: 0.4}",
    ),
]


@pytest.mark.parametrize(("broken", "said", "cure", "right"), UNDER_TRAIN)
def test_what_is_broken_under_train(broken, said, cure, right, tmp_path: Path) -> None:
    head = "recipe: 1\nsource: mine\n\ntrain:\n  "
    path = written(tmp_path, f"{head}{broken}\n")
    with pytest.raises(SpecError) as caught:
        recipe(path)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{path}:{said}"
    if cure is not None:
        assert " ".join(line.strip() for line in lines[3:]) == cure
    recipe(written(tmp_path, f"{head}{right}\n"))


WHOLE = [
    (
        "train: {epochs: 3}\n",
        "1:1: a recipe begins with  recipe: 1",
        "recipe: 1\ntrain: {epochs: 3}\n",
    ),
    ("archdsl: 1\n", "1:1: this is a spec, and no recipe", "recipe: 1\n"),
    ("recipe: 2\n", "1:9: recipe: this archdsl reads version 1 of recipes", "recipe: 1\n"),
    ("source: me\nrecipe: 1\n", "2:1: recipe: 1 comes first", "recipe: 1\nsource: me\n"),
    ("recipe: 1\nepochs: 3\n", "2:1: a recipe has no key 'epochs'", "recipe: 1\ntrain.epochs: 3\n"),
    ("recipe: 1\ntrain: 3\n", "2:8: train: a mapping belongs here", "recipe: 1\ntrain: {}\n"),
    (
        "recipe: 1\ntrain.: 3\n",
        "2:1: train.: an address has no empty part",
        "recipe: 1\ntrain.lr: 1\n",
    ),
    ("recipe: 1\nname: []\n", "2:7: name: a text belongs here", "recipe: 1\nname: mine\n"),
    ("recipe: 1\nsource: 3\n", "2:9: source: a text belongs here", "recipe: 1\nsource: '3'\n"),
    (
        "recipe: 1\nextends: [proxy]\n",
        "2:10: extends: one parent belongs here",
        "recipe: 1\nextends: proxy\n",
    ),
    (
        "recipe: 1\nextends: prox\n",
        "2:10: extends: no shipped recipe is called 'prox'",
        "recipe: 1\nextends: none\n",
    ),
    (
        "recipe: 1\nextends: ./mine.yaml\n",
        "2:10: extends: a circle of parents: mine.yaml -> mine.yaml",
        "recipe: 1\n",
    ),
]


@pytest.mark.parametrize(("broken", "said", "right"), WHOLE)
def test_what_is_broken_of_a_file(broken, said, right, tmp_path: Path) -> None:
    path = written(tmp_path, broken)
    with pytest.raises(SpecError) as caught:
        recipe(path)
    assert str(caught.value).splitlines()[0] == f"{path}:{said}"
    recipe(written(tmp_path, right))


NO_RECIPE = [
    ("", ":1:1: there is nothing in it", "begin with  recipe: 1"),
    ("# later\n", ":1:1: there is nothing in it", "begin with  recipe: 1"),
    (
        "hello\n",
        ":1:1: a recipe is a mapping, and this is a single value",
        "write  key: value  lines, and begin with  recipe: 1",
    ),
    (
        "- epochs: 3\n",
        ":1:1: a recipe is a mapping, and this is a list",
        "write  key: value  lines, and begin with  recipe: 1",
    ),
    (
        "recipe: 1\n---\nrecipe: 1\n",
        ":2:1: a recipe is one document, and a second one begins here",
        "put it into a file of its own; one can build on the other with  extends:",
    ),
    (
        "%YAML 1.2\n---\nrecipe: 1\n",
        ":1:1: YAML directives are not part of archdsl",
        "leave the line that begins with % out",
    ),
    (
        "#" * 500_001,
        ": 500,001 bytes are too many; a recipe has at most 500,000",
        "name the recipe itself; data and weights stay in files of their own",
    ),
    (
        f"recipe: 1\ntrain: {{no_decay: [{'a, ' * 20_000}a]}}\n",
        ":2:59999: a recipe has at most 20,000 values",
        "split it with  extends:",
    ),
]


@pytest.mark.parametrize(("text", "said", "cure"), NO_RECIPE)
def test_what_is_no_recipe_at_all_is_not_called_a_spec(text, said, cure, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SpecError) as caught:
        recipe(path)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{path}{said}"
    assert lines[-1].strip() == cure
    assert " spec" not in str(caught.value)


def test_a_recipe_builds_on_another_and_changes_addresses_of_it(tmp_path: Path) -> None:
    written(tmp_path, "recipe: 1\nsource: a\nextends: transnext_300\ntrain.epochs: 9\n", "a.yaml")
    path = written(
        tmp_path, "recipe: 1\nextends: ./a.yaml\ntrain.augmentation.mixup: 0\ntrain.lr: 1e-4\n"
    )
    shipped = recipe("transnext_300")
    assert recipe(path) == replace(
        shipped, epochs=9, lr=1e-4, augmentation=replace(shipped.augmentation, mixup=0)
    )
    whole = written(tmp_path, "recipe: 1\nextends: ./a.yaml\ntrain: {epochs: 2}\n")
    assert recipe(whole) == Recipe(epochs=2)  # a plain key replaces


def test_what_is_set_is_on_top_of_whatever_a_recipe_is(tmp_path: Path) -> None:
    changes = {"train.lr": 1e-3, "train.augmentation.mixup": 0.5, "train.ema": None}
    for which in ("finetune_30", recipe("finetune_30")):
        found = recipe(which, changes)
        assert (found.lr, found.ema, found.epochs) == (1e-3, None, 30)
        assert found.augmentation == replace(recipe("finetune_30").augmentation, mixup=0.5)
    assert recipe({"epochs": 3}, {"train.batch": 8}) == Recipe(epochs=3, batch=8)
    assert recipe("proxy", {"train.augmentation.mixup": 1}).augmentation == Augmentation(mixup=1)
    own = Recipe(module="mine:Module", datamodule="mine:Data", warmup=9.0, epochs=10)
    assert recipe(own, {"train.epochs": 12}) == replace(own, epochs=12)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"train.epoch": 3}, "<set>:1:1: train.epoch: train has no key 'epoch'"),
        ({"train.lr": "fast"}, "<set>:1:11: train.lr: 'fast' is not a positive number"),
        ({"epochs": 3}, "<set>:1:1: epochs: this is no address of a recipe"),
        ({"train.epochs.x": 3}, "<set>:1:1: train.epochs.x: 30 has no options to patch"),
        ({"train.cooldown": 0.5}, "<set>:1:1: train.cooldown: a constant schedule has no cooldown"),
    ],
)
def test_what_is_broken_of_what_is_set(changes, said) -> None:
    with pytest.raises(SpecError) as caught:
        recipe("finetune_30", changes)
    assert str(caught.value).splitlines()[0] == said


def test_a_name_that_is_not_shipped_and_a_file_that_is_not_there(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    known = "ffnet_300, finetune_30, metaformer_300, proxy, transnext_300"
    with pytest.raises(SpecError) as caught:
        recipe("finetune")
    assert str(caught.value) == (
        "no shipped recipe is called 'finetune'\n  did you mean 'finetune_30'?  they are: "
        f"{known}; a file of your own is a path: with a / or with .yaml"
    )
    with pytest.raises(SpecError) as caught:
        recipe("./finetune.yaml")
    assert str(caught.value) == (
        f"there is no recipe 'finetune.yaml'\n  name a file, or one of: {known}"
    )
    written(tmp_path, "recipe: 1\n", "finetune")
    with pytest.raises(SpecError, match=r"write  \./finetune  for what lies here"):
        recipe("finetune")
    assert recipe("./finetune") == Recipe()


def test_addresses_of_a_recipe_are_told_from_those_of_a_spec() -> None:
    both = {"train.epochs": 3, "input": [3, 96, 96], "stages.0.depth": 2}
    own, rest = of_recipe(both)
    assert own == {"train.epochs": 3} and rest == {"input": [3, 96, 96], "stages.0.depth": 2}
