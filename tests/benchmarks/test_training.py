"""The benchmark's training: all seeds at once is each seed alone, and is the modules' own."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch.nn import functional as F

import archdsl
from archdsl.data.digits import Digits
from archdsl.specification import Spec
from benchmarks.make_table import SPACE
from benchmarks.stacked import Stacked
from benchmarks.training import Schedule, Task, models_of, train, validate

TOY = Schedule(epochs=2, steps=3, batch=8)


def member(*mixers: str) -> Spec:
    decisions = {f"stages.{at}.token_mixer": mixer for at, mixer in enumerate(mixers)}
    widths = {"params.width": 6, "params.ratio": 3, "stages.1.depth": 1, "stages.2.depth": 2}
    return archdsl.space(SPACE).member(decisions | widths)


def task(*seeds: int) -> Task:
    return Task(TOY, seeds, Digits())


@pytest.mark.parametrize(
    "mixers",
    [("sep_conv", "attention", "pooling"), ("attention", "identity", "sep_conv")],
    ids=" ".join,
)
def test_a_stack_gives_the_logits_and_the_gradients_of_its_modules(mixers: tuple[str, ...]) -> None:
    models = models_of(member(*mixers), (0, 1, 2))
    stack = Stacked(models)
    images = torch.rand(3, 8, 12, 12, 1, generator=torch.Generator().manual_seed(0))
    stacked = stack(images)
    alone = [model(seen.permute(0, 3, 1, 2)) for model, seen in zip(models, images, strict=True)]
    torch.testing.assert_close(stacked, torch.stack(alone), atol=1e-5, rtol=1e-5)
    stacked.square().sum().backward()
    for row, model, logits in zip(range(3), models, alone, strict=True):
        logits.square().sum().backward()
        grad = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
        assert stack.flat.grad is not None
        torch.testing.assert_close(stack.flat.grad[row], grad, atol=1e-5, rtol=1e-3)


def test_a_training_is_the_same_twice_and_does_not_touch_torchs_own_generator() -> None:
    before = torch.get_rng_state()
    first, second = (train(member("pooling", "sep_conv", "attention"), task(0, 1)) for _ in "ab")
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert torch.equal(torch.get_rng_state(), before)


def test_a_seed_trains_in_a_stack_as_it_does_alone() -> None:
    one = member("sep_conv", "attention", "pooling")
    _, together = train(one, task(0, 1, 2))
    alone = torch.cat([train(one, task(seed))[1] for seed in (0, 1, 2)])
    torch.testing.assert_close(together, alone, atol=1e-3, rtol=1e-3)
    assert len({round(value, 3) for value in alone[:, -1].tolist()}) == 3  # seeds differ


def test_a_training_is_that_of_the_modules_with_torchs_own_adamw() -> None:
    one, toy = member("sep_conv", "attention", "pooling"), task(4)
    _, loss = train(one, toy)
    (model,) = models_of(one, (4,))
    groups = [[p for p in model.parameters() if (p.ndim > 1) is matrix] for matrix in (True, False)]
    optimizer = torch.optim.AdamW(
        [
            {"params": groups[0], "weight_decay": TOY.weight_decay},
            {"params": groups[1], "weight_decay": 0.0},
        ],
        lr=0.0,
    )
    step = 0
    for epoch, (images, labels) in enumerate(toy.train):
        model.train()
        for seen, said in zip(images[0], labels[0], strict=True):
            for group in optimizer.param_groups:
                group["lr"] = TOY.rate(step)
            optimizer.zero_grad()
            F.cross_entropy(model(seen.permute(0, 3, 1, 2)), said).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), TOY.clip)
            optimizer.step()
            step += 1
        model.eval()
        with torch.no_grad():
            logits = model(toy.val[0].permute(0, 3, 1, 2))
        expected = F.cross_entropy(logits, toy.val[1])
        torch.testing.assert_close(loss[0, epoch], expected, atol=1e-3, rtol=1e-3)


def test_a_seed_sees_the_same_images_whoever_else_is_trained() -> None:
    both, one = task(0, 1), task(1)
    for (images, labels), (same_images, same_labels) in zip(both.train, one.train, strict=True):
        assert torch.equal(images[1:], same_images)
        assert torch.equal(labels[1:], same_labels)
        assert not torch.equal(images[0], images[1])


def test_a_validation_is_of_all_images_and_leaves_the_statistics_alone() -> None:
    toy = task(0)
    stack = Stacked(models_of(member("identity", "identity", "identity"), (0,)))
    stack(toy.train[0][0][:, 0])
    once, again = (validate(stack, *toy.val) for _ in "ab")
    assert torch.equal(once[1], again[1])
    assert once[0].item() * len(toy.val[1]) == pytest.approx(round(once[0].item() * 395), abs=1e-3)
    assert stack.training


def test_the_learning_rate_rises_and_falls_to_nothing() -> None:
    schedule = dataclasses.replace(TOY, epochs=10, steps=10, rise=0.2)
    rates = [schedule.rate(step) for step in range(100)]
    assert rates[:21] == sorted(rates[:21])
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert max(rates) == schedule.lr
    assert 0 < rates[-1] < schedule.lr / 1000
