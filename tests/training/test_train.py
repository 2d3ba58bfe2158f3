from __future__ import annotations

import dataclasses
import os
import random
import signal
import subprocess
import threading

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.errors import SearchError
from archdsl.training import Diverged, Recipe
from archdsl.training.checkpoint import Sealed
from archdsl.training.train import initial, train, train_model
from tests import started


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_a_network_learns_and_its_metrics_are_kept_by_epoch(network, recipe, digits):
    seen = []
    done = train_model(
        network(), recipe, digits, seed=0, on_epoch=lambda epoch, m: seen.append((epoch, m))
    )
    assert [epoch for epoch, _ in seen] == [0, 1]
    assert [metrics for _, metrics in seen] == done.history
    assert done.metrics == done.history[-1]
    assert done.epochs == 2
    assert set(done.metrics) == {"accuracy", "macro_accuracy", "loss", "train_loss"}
    assert done.metrics["accuracy"] > 0.8
    assert done.history[1]["train_loss"] < done.history[0]["train_loss"]


def test_metrics_are_what_a_loop_by_hand_computes(network, recipe, digits):
    model = network()
    done = train_model(model, recipe, digits, seed=0)
    model.load_state_dict(done.state_dict)
    labels = torch.from_numpy(digits.data.val.labels)
    with torch.no_grad():
        logits = model.eval()(torch.from_numpy(digits.data.val.images))
    hits = logits.argmax(1) == labels
    by_class = [hits[labels == c].float().mean() for c in range(10)]
    assert done.metrics["accuracy"] == pytest.approx(hits.float().mean().item())
    assert done.metrics["macro_accuracy"] == pytest.approx(torch.stack(by_class).mean().item())
    loss = nn.functional.cross_entropy(logits, labels).item()
    assert done.metrics["loss"] == pytest.approx(loss, abs=1e-5)


def test_the_same_seed_gives_the_same_weights_and_another_does_not(network, recipe, digits):
    one, same = (train_model(network(), recipe, digits, seed=3) for _ in range(2))
    assert one.history == same.history
    assert equal(one.state_dict, same.state_dict)
    assert not equal(one.state_dict, train_model(network(), recipe, digits, seed=4).state_dict)


def test_a_training_leaves_the_process_as_it_was(network, recipe, digits):
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    wanted = torch.rand(3), random.random(), np.random.rand()
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    train_model(network(), recipe, digits, seed=0)
    assert torch.equal(torch.rand(3), wanted[0])
    assert (random.random(), np.random.rand()) == wanted[1:]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    assert torch.is_grad_enabled()


def test_nothing_is_printed_and_nothing_is_written(
    network, recipe, digits, capfd, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    train_model(network(), recipe, digits, seed=0)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_it_stops_after_the_epoch_in_which_it_is_told_to(network, recipe, digits):
    seen = []
    done = train_model(
        network(),
        dataclasses.replace(recipe, epochs=5),
        digits,
        seed=0,
        on_epoch=lambda epoch, _: seen.append(epoch),
        should_stop=lambda: len(seen) == 2,
    )
    assert seen == [0, 1]
    assert done.epochs == 2


def test_going_on_from_a_checkpoint_is_as_if_it_had_never_stopped(
    network, recipe, digits, tmp_path
):
    longer = dataclasses.replace(recipe, epochs=4)
    whole = train_model(network(), longer, digits, seed=0)
    state = tmp_path / "state.ckpt"
    seen = []

    def go_on(until: int):
        return train_model(
            network(),
            longer,
            digits,
            seed=0,
            on_epoch=lambda epoch, _: seen.append(epoch),
            should_stop=lambda: seen[-1] + 1 == until,
            checkpoint=state,
        )

    assert go_on(1).epochs == 1
    assert go_on(3).history == whole.history[:3]
    resumed = go_on(4)
    assert seen == [0, 1, 2, 3]
    assert resumed.history == whole.history
    assert equal(resumed.state_dict, whole.state_dict)
    assert [path.name for path in tmp_path.iterdir()] == ["state.ckpt"]


def test_a_checkpoint_of_a_finished_training_gives_what_it_gave(network, recipe, digits, tmp_path):
    state = tmp_path / "state.ckpt"
    done = train_model(network(), recipe, digits, seed=0, checkpoint=state)
    again = train_model(network(), recipe, digits, seed=0, checkpoint=state)
    assert again.history == done.history
    assert equal(again.state_dict, done.state_dict)


@pytest.mark.parametrize(
    ("every", "epochs", "judged"),
    [(1, 3, [0, 1, 2]), (2, 5, [1, 3, 4]), (3, 3, [2]), (4, 4, [3]), (2, 4, [1, 3])],
)
def test_a_validation_less_often_changes_no_figure_that_there_is(
    network, recipe, digits, tmp_path, every, epochs, judged
):
    usual = dataclasses.replace(recipe, epochs=epochs, steps_per_epoch=2)
    seldom = dataclasses.replace(usual, validate_every=every)
    data = dataclasses.replace(digits, recipe=usual, steps=2)
    whole = train_model(network(), usual, data, 0)
    seen = []
    done = train_model(network(), seldom, data, 0, on_epoch=lambda epoch, m: seen.append(m))
    assert equal(done.state_dict, whole.state_dict)
    assert seen == done.history
    for epoch, (one, other) in enumerate(zip(done.history, whole.history, strict=True)):
        assert one == (other if epoch in judged else {"train_loss": other["train_loss"]})
    state = tmp_path / "state.ckpt"
    train_model(network(), seldom, data, 0, checkpoint=state, should_stop=lambda: True)
    again = train_model(network(), seldom, data, 0, checkpoint=state)
    assert again.history == done.history
    assert equal(again.state_dict, done.state_dict)


def test_a_recipe_validates_once_at_least():
    assert [Recipe(epochs=3, validate_every=4).validates(epoch) for epoch in range(3)] == [
        False, False, True,
    ]  # fmt: skip


class Poisoned(nn.Module):
    """A linear classifier whose weights turn to NaN in its third training step."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 10)
        self.where = where
        self.steps = 0

    def forward(self, x: Tensor) -> Tensor:
        self.steps += self.training
        logits = self.linear(x.flatten(1))
        poison = self.training and self.where == "train" and self.steps == 3
        poison = poison or (not self.training and self.where == "val")
        return logits * float("nan") if poison else logits


def test_a_loss_that_is_no_number_ends_the_training_at_once(recipe, digits):
    model = Poisoned("train")
    with pytest.raises(Diverged, match=r"no longer finite in epoch 1 of 2, after 3 steps"):
        train_model(model, recipe, digits, seed=0)
    assert model.steps == 3


def test_a_validation_that_is_no_number_is_divergence_too(recipe, digits):
    with pytest.raises(Diverged, match="the validation loss is nan in epoch 1"):
        train_model(Poisoned("val"), recipe, digits, seed=0)


def test_a_learning_rate_far_too_high_diverges_or_ends(network, recipe, digits):
    train_model(network(), recipe, digits, seed=0)
    with pytest.raises(Diverged):
        train_model(network(), dataclasses.replace(recipe, lr=1e30), digits, seed=0)


class Failing(nn.Module):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 10)
        self.error = error

    def forward(self, x: Tensor) -> Tensor:
        raise self.error


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("shapes"), KeyboardInterrupt()])
def test_errors_leave_a_training_as_they_are(network, recipe, digits, error):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(type(error)):
        train_model(Failing(error), recipe, digits, seed=0)
    assert signal.getsignal(signal.SIGINT) is handler
    train_model(network(), dataclasses.replace(recipe, epochs=1), digits, seed=0)


class Interrupting(nn.Module):
    """Sends the process a signal in its second step."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 10)
        self.number = number
        self.steps = 0

    def forward(self, x: Tensor) -> Tensor:
        self.steps += 1
        if self.steps == 2:
            os.kill(os.getpid(), self.number)
        return self.linear(x.flatten(1))


def test_ctrl_c_is_a_keyboard_interrupt_and_the_next_one_too(recipe, digits):
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train_model(Interrupting(signal.SIGINT), recipe, digits, seed=0)


TERMINATED = """
import os, signal, torch
from torch import nn
from archdsl.training import DataSource, Recipe, prepare
from archdsl.training.train import initial, train, train_model

recipe = Recipe(epochs=3)
network = nn.Sequential(nn.Flatten(), nn.Linear(144, 10))
train_model(
    network, recipe, prepare(recipe, DataSource(), (1, 12, 12), 10), seed=0,
    on_epoch=lambda *_: os.kill(os.getpid(), signal.SIGTERM),
)
"""


@pytest.mark.slow
def test_sigterm_ends_the_process_as_if_lightning_were_not_there():
    done = subprocess.run([*started.python(), "-c", TERMINATED], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (-signal.SIGTERM, "")


def test_an_error_in_a_listener_ends_the_training(network, recipe, digits):
    def listen(epoch: int, metrics: dict[str, float]) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        train_model(network(), recipe, digits, seed=0, on_epoch=listen)


def test_a_training_may_run_outside_the_main_thread(network, recipe, digits):
    done = []
    thread = threading.Thread(
        target=lambda: done.append(train_model(network(), recipe, digits, seed=0))
    )
    thread.start()
    thread.join()
    assert done[0].epochs == 2


def test_frozen_weights_stay(network, recipe, digits):
    model = network()
    model[0].requires_grad_(False)
    before = model[0].weight.clone()
    done = train_model(model, recipe, digits, seed=0)
    assert torch.equal(done.state_dict["0.weight"], before)


def test_bf16_is_used_where_it_is_asked_for(network, recipe, digits):
    seen = []
    model = network()
    model[0].register_forward_hook(lambda *args: seen.append(args[2].dtype))
    train_model(model, dataclasses.replace(recipe, precision="bf16", epochs=1), digits, seed=0)
    assert set(seen) == {torch.bfloat16}


@pytest.mark.gpu
def test_a_gpu_is_used(network, recipe, digits):
    seen = []
    model = network()
    model[0].register_forward_hook(lambda *args: seen.append(args[2]))
    done = train_model(model, recipe, digits, seed=0)
    assert {output.device.type for output in seen} == {"cuda"}
    assert done.metrics["accuracy"] > 0.8
    assert {value.device.type for value in done.state_dict.values()} == {"cpu"}


def test_weights_lie_channels_last_while_they_are_trained_and_are_saved_contiguous(
    network, recipe, digits, tmp_path
):
    state, model, inside = tmp_path / "state.ckpt", network(), []
    done = train_model(
        model, recipe, digits, seed=0, checkpoint=state,
        on_epoch=lambda epoch, metrics: inside.append(channels_last(model[0].weight)),
    )  # fmt: skip
    assert inside == [True, True]
    saved = torch.load(state, weights_only=True)
    every = (done.state_dict, model.state_dict(), saved["state_dict"])
    assert all(tensor.is_contiguous() for tensors in every for tensor in tensors.values())


def channels_last(x: Tensor) -> bool:
    return x.stride() == x.to(memory_format=torch.channels_last).stride()


def test_the_state_of_an_optimiser_is_laid_as_the_weights_are_when_it_goes_on(
    network, recipe, digits, tmp_path
):
    def wide() -> nn.Module:  # of more than one channel, where the formats differ
        return nn.Sequential(Repeated(), network(channels=3))

    whole = train_model(wide(), recipe, digits, seed=0)
    state = tmp_path / "state.ckpt"
    train_model(wide(), recipe, digits, seed=0, checkpoint=state, should_stop=lambda: True)
    saved = Sealed().load_checkpoint(state, weights_only=True)
    for of in saved["optimizer_states"][0]["state"].values():
        of.update({name: value.contiguous() for name, value in of.items()})
    Sealed().save_checkpoint(saved, state)
    again = train_model(wide(), recipe, digits, seed=0, checkpoint=state)
    assert equal(again.state_dict, whole.state_dict)


class Repeated(nn.Module):
    """One channel three times."""

    def forward(self, x: Tensor) -> Tensor:
        return x.expand(-1, 3, -1, -1)


SPEC = {
    "archdsl": 1,
    "name": "small",
    "input": [1, 8, 8],
    "classes": 10,
    "stem": {"type": "conv", "kernel": 3, "stride": 2, "norm": "batch_norm"},
    "block": {"norm": "layer_norm", "token_mixer": "pooling", "channel_mixer": "mlp"},
    "stages": [{"dim": 8, "depth": 1}],
}


def test_a_recipe_a_network_data_and_a_seed_are_all_that_a_training_takes(recipe, digits):
    small = archdsl.load(SPEC).network()
    torch.manual_seed(0)
    before = torch.get_rng_state()
    seen = []
    done = train(small, recipe, digits, 3, on_epoch=lambda epoch, _: seen.append(epoch))
    assert torch.equal(torch.get_rng_state(), before)
    assert seen == [0, 1]
    assert done.epochs == 2
    with torch.random.fork_rng():
        model = initial(small, 3)
    again = train_model(model, recipe, digits, 3)
    assert again.history == done.history
    assert equal(again.state_dict, done.state_dict)
    assert not equal(train(small, recipe, digits, 4).state_dict, done.state_dict)


def test_a_network_that_the_data_were_not_prepared_for_is_refused(recipe, digits):
    small = archdsl.load(SPEC, set={"input": [1, 12, 12]}).network()
    with pytest.raises(SearchError) as caught:
        train(small, recipe, digits, 0)
    assert str(caught.value) == (
        "the data (digits) were prepared with input: [1, 8, 8], and now it is [1, 12, 12].  "
        "prepare them for this training"
    )
    train(archdsl.load(SPEC).network(), recipe, digits, 0, should_stop=lambda: True)
