"""A training that is broken within an epoch goes on there, and is bit for bit the unbroken one."""

from __future__ import annotations

import functools
import os
import random
import signal
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies
from torch import Tensor, nn

from archdsl.components.component import component
from archdsl.training import DataSource, Prepared, Recipe, prepare
from archdsl.training.checkpoint import Sealed
from archdsl.training.train import Trained, train_model
from tests import started
from tests.soon import law

RECIPE = Recipe(epochs=3, steps_per_epoch=4, validation_steps=1, validate_every=2, lr=1e-2)
STEPS = 12


class Break(Exception):
    pass


class Drawing(nn.Module):
    """Draws from every generator that is seeded for a model."""

    def forward(self, images: Tensor) -> Tensor:
        if not self.training:
            return images
        return images * (1 + 0.1 * (random.random() + np.random.rand() + torch.rand(()).item()))


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            Drawing(), nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.2),
            nn.AdaptiveMaxPool2d(4), nn.Flatten(), nn.Linear(128, 10),
        )  # fmt: skip


@functools.cache
def digits() -> Prepared:
    """Digits that are moved and covered with noise at random."""
    source = DataSource(component("data", "digits", canvas=12, noise=0.1, clutter=1))
    return prepare(RECIPE, source, (1, 12, 12), 10)


RECIPES = {
    "adamw": RECIPE,
    "average": replace(RECIPE, ema=0.8, optimizer="lamb", lr_batch=64),
    "parts": replace(RECIPE, accumulate=2),
}


def trained(
    data: Prepared, path: Path | None, stop: int | None = None, recipe: Recipe = RECIPE
) -> tuple[Trained, float]:
    """A training that is broken in its step `stop`, from 1 in this call, and how many it began."""
    model, begun = network(), 0.0

    def count(module: nn.Module, given: Any) -> None:
        nonlocal begun
        if module.training:
            begun += 1 / recipe.accumulate
            if begun == stop:
                raise Break

    model.register_forward_pre_hook(count)
    done = train_model(model, recipe, data, 5, checkpoint=path, save_every=0.0)
    return done, begun


def same(one: Trained, other: Trained) -> bool:
    return one.history == other.history and all(
        torch.equal(value, other.state_dict[name]) for name, value in one.state_dict.items()
    )


def states(path: Path) -> Any:
    """What a checkpoint keeps, but for what a run counts for itself."""
    return Sealed().load_checkpoint(path, weights_only=True)


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


@functools.cache
def whole(name: str) -> Trained:
    return trained(digits(), None, recipe=RECIPES[name])[0]


@pytest.fixture
def data() -> Prepared:
    return digits()


STOPS = strategies.lists(strategies.integers(2, STEPS + 1), min_size=1, max_size=4)


@law(strategies.sampled_from(sorted(RECIPES)), STOPS, few=5, many=90)
def test_breaks_in_any_steps_change_nothing(name: str, stops: list[int]) -> None:
    data, recipe = digits(), RECIPES[name]
    with tempfile.TemporaryDirectory() as folder:
        path, left = Path(folder) / "state.ckpt", STEPS
        for stop in stops:
            if stop > left:
                break
            with pytest.raises(Break):
                trained(data, path, stop, recipe)
            left -= stop - 1  # the step that was broken is made again, and none before it
        done, begun = trained(data, path, recipe=recipe)
        assert begun == left
        assert same(done, whole(name))


def test_the_state_after_each_step_is_that_of_the_unbroken_training(
    data: Prepared, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole.ckpt", tmp_path / "broken.ckpt"
    for step in range(2, STEPS + 1):
        with pytest.raises(Break):
            trained(data, whole.with_name(f"{step}.ckpt"), step)
        with pytest.raises(Break):
            trained(data, broken, 2)
        assert alike(states(whole.with_name(f"{step}.ckpt")), states(broken)), step


def test_no_state_is_left_within_an_epoch_unless_asked_for(data: Prepared, tmp_path: Path) -> None:
    path, model, seen = tmp_path / "state.ckpt", network(), []

    def look(module: nn.Module, given: Any) -> None:
        if module.training:
            seen.append(path.exists())

    model.register_forward_pre_hook(look)
    train_model(model, RECIPE, data, 5, checkpoint=path, save_every=1e6)
    assert seen == [False] * 4 + [True] * 8


def test_a_batch_in_parts_is_broken_between_steps_alone(data: Prepared, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=2)
    parts = prepare(recipe, data.source, (1, 12, 12), 10)
    model, begun = network(), 0

    def run(model: nn.Module, path: Path | None) -> Trained:
        return train_model(model, recipe, parts, 5, checkpoint=path, save_every=0.0, accumulate=2)

    def count(module: nn.Module, given: Any) -> None:
        nonlocal begun
        begun += module.training
        if begun == 4:  # the second part of the second step
            raise Break

    whole = run(network(), None)
    model.register_forward_pre_hook(count)
    with pytest.raises(Break):
        run(model, tmp_path / "state.ckpt")
    assert same(run(network(), tmp_path / "state.ckpt"), whole)


KILLED = """
import os, signal, sys, threading
from pathlib import Path
import torch
from archdsl.components.component import component
from archdsl.training import DataSource, Recipe, prepare
from archdsl.training.train import train_model
from tests.training.test_amid import network

recipe = Recipe(epochs=6, steps_per_epoch=12, validation_steps=1)
source = DataSource(component("data", "digits", canvas=12, noise=0.1, clutter=1))
data = prepare(recipe, source, (1, 12, 12), 10)
model, steps = network(), 0

def kill(module, given):
    global steps
    steps += module.training
    if steps == 3:
        delay = float(sys.argv[2])
        threading.Timer(delay, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()

model.register_forward_pre_hook(kill)
done = train_model(model, recipe, data, 0, checkpoint=Path(sys.argv[1]), save_every=0.0)
torch.save((done.history, done.state_dict), sys.argv[1] + ".done")
os._exit(0)
"""


@pytest.mark.slow
def test_a_process_that_is_killed_within_epochs_goes_on(tmp_path: Path) -> None:
    draw = random.Random(0)

    def killed(path: Path, delay: float) -> bool:
        command = [*started.python(), "-c", KILLED, str(path), str(delay)]
        done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"})
        assert done.returncode in (0, -signal.SIGKILL)
        return done.returncode != 0

    def result(path: Path) -> tuple[Any, dict[str, Tensor]]:
        found: tuple[Any, dict[str, Tensor]] = torch.load(
            path.with_name(path.name + ".done"), weights_only=True
        )
        return found

    assert not killed(tmp_path / "whole", 1000.0)
    history, state = result(tmp_path / "whole")
    kills = 0
    for number in range(3):
        path = tmp_path / f"killed-{number}"
        while killed(path, draw.uniform(0.0, 0.15)):
            kills += 1
            assert kills < 300, "it comes no further"
        again, weights = result(path)
        assert again == history
        assert all(torch.equal(state[name], weights[name]) for name in state)
    assert kills > 6
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".tmp"]


def test_generators_go_on_where_they_were() -> None:
    from archdsl.training.seeds import draw_on, drawn_so_far, own_randomness, seed_everything

    def draws() -> list[float]:
        normal = [random.gauss(0, 1), float(np.random.standard_normal())]  # each keeps one more
        return [*normal, random.random(), float(np.random.rand()), torch.rand(()).item()]

    with own_randomness():
        seed_everything(3)
        draws()
        state = drawn_so_far()
        expected = draws()
        seed_everything(4)
        draw_on(state)
        assert draws() == expected
