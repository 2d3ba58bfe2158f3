"""A trial beside a bare loop of the same work, in turn in one process.

    OMP_NUM_THREADS=1 .venv/bin/python -m tests.bench.trial [--rounds N] [NAME ...]

A trial is the whole job that a search hands to an engine: the network built and trained by
Lightning, a checkpoint and a report after each epoch, the weights saved. The bare loop has the same
first weights, batches, changes at random, optimiser, schedule, clipping, look at each loss and
validation, saves its weights once, and has neither Lightning nor checkpoints; its weights are
compared with the trial's, bit for bit. CPU time of the process, because the machine is shared.
"""

from __future__ import annotations

import argparse
import gc
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

import archdsl
from archdsl import threads
from archdsl.data.source import Searchable
from archdsl.nn.memory import channels_last_convolutions
from archdsl.spaces import Space
from archdsl.study.candidate import WEIGHTS
from archdsl.study.engines.job import Job
from archdsl.study.engines.proxy_training import ProxyTraining
from archdsl.study.engines.work import Work
from archdsl.study.record.events import Training
from archdsl.training.optimisation.schedules import rate
from archdsl.training.recipe import Recipe
from archdsl.training.seeds import seed_everything, seed_of
from tests.bench.timing import Pair, alternate

LARGER = {
    "archdsl": 1,
    "name": "larger",
    "extends": "poolformer_search",
    "input": [1, 64, 64],
    "classes": 10,
    "search.proxy": {
        "data": {"type": "digits", "canvas": 64},
        "epochs": 2, "batch": 32, "steps_per_epoch": 8, "validation_steps": 2,
    },
}  # fmt: skip
"""PoolFormer-S12 on large canvases: 170 million MACs an image."""

Answers = dict[str, Any]


def cases() -> dict[str, Callable[[], tuple[Space, Answers]]]:
    """What is measured, by name: a space and a member of it."""

    def default(name: Any) -> tuple[Space, Answers]:
        space = archdsl.space(name)
        return space, dict(space.default().decisions)

    def drawn(name: str, seed: int) -> tuple[Space, Answers]:
        space = archdsl.space(name)
        (member,) = space.sample(1, budget={"macs": "600k"}, seed=seed)
        return space, dict(member.decisions)

    return {
        "digits, its default": lambda: default("digits"),
        "digits, a member at random": lambda: drawn("digits", 1),
        "poolformer_search on 64 x 64": lambda: default(LARGER),
    }


class Trial:
    """The job of judging one member. folder: where it leaves its files"""

    def __init__(self, space: Space, answers: Answers, folder: Path) -> None:
        training = ProxyTraining(space, space.spec.settings().proxy)
        self.recipe = training.recipe
        prepared = training.prepare().data
        assert prepared is not None, "the cases name no datamodule"
        self.data = prepared
        self.spec = space.of(answers)
        self.macs = space.cost(self.spec).macs
        self.folder = folder
        self.checkpoint = folder / "state.ckpt"
        self._work = Work(space=space, training=training)
        self._job = Job(
            task="judge", training=Training(0, "search", 0, 0), space=space.spec.dump(), base=".",
            decisions=answers, schedule=training.recipe.record(), metric="accuracy",
            folder=str(folder), checkpoint=str(self.checkpoint),
        )  # fmt: skip

    def __call__(self) -> None:
        """Do it, from its beginning."""
        self.checkpoint.unlink(missing_ok=True)
        outcome = self._work(
            self._job,
            begun=lambda at: None,
            report=lambda step, metrics: None,
            should_stop=lambda: False,
        )
        assert outcome.state == "complete", outcome.cause


class Bare:
    """The same work in a plain loop."""

    def __init__(self, trial: Trial, file: Path) -> None:
        self.trial = trial
        self.file = file

    def __call__(self) -> None:
        """Do it."""
        recipe = self.trial.recipe
        seed_everything(seed_of(0, "weights"))
        model = archdsl.build(self.trial.spec)
        with (
            threads.for_work(self.trial.macs * recipe.batch),
            channels_last_convolutions(model),
        ):
            self._train(model, recipe, self.trial.data)
        save_file(model.state_dict(), self.file)

    def _train(self, model: nn.Module, recipe: Recipe, data: Searchable) -> None:
        steps = recipe.steps_per_epoch or len(data.train) // recipe.batch
        trained = list(model.parameters())
        optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in trained if p.ndim > 1]},
                {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
            ],
            lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True,
        )  # fmt: skip
        total = recipe.epochs * steps
        warm = round(recipe.warmup * steps)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: rate(n, warm, total))
        clip = recipe.clip_norm
        assert clip is not None, "the usual recipe clips"
        for epoch in range(recipe.epochs):
            seed_everything(seed_of(0, "model", epoch))
            model.train()
            losses = 0.0
            for images, labels in batches(data, recipe, steps, epoch):
                logits = model(images)
                loss = F.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(trained, clip)
                optimizer.step()
                schedule.step()
                losses += loss.item()
                assert math.isfinite(losses)
            self.metrics = judged(model, recipe, data)


def batches(
    data: Searchable, recipe: Recipe, steps: int, epoch: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """The training batches of an epoch."""
    seed = seed_of(0, "data", epoch)
    generator = torch.Generator().manual_seed(seed)
    shuffle = torch.Generator().manual_seed(seed_of(seed, "order"))
    order = torch.randperm(len(data.train), generator=shuffle).numpy()
    for number in range(steps):
        where = order[number * recipe.batch : (number + 1) * recipe.batch]
        images = torch.from_numpy(data.train.images[where])
        yield data.views.train(images, generator), torch.from_numpy(data.train.labels[where])


@torch.no_grad()
def judged(model: nn.Module, recipe: Recipe, data: Searchable) -> dict[str, float]:
    """Accuracy, its mean over classes, and cross entropy on the validation split."""
    model.eval()
    size, most = recipe.validation_batch * recipe.batch, recipe.validation_steps
    images, labels = data.val.images, data.val.labels
    if most is not None:
        images, labels = images[: most * size], labels[: most * size]
    hits, of_class, loss = torch.zeros(10), torch.zeros(10), 0.0
    for start in range(0, len(labels), size):
        wanted = torch.from_numpy(labels[start : start + size])
        logits = model(data.views.plain(torch.from_numpy(images[start : start + size])))
        hits += torch.bincount(wanted[logits.argmax(1) == wanted], minlength=10)
        of_class += torch.bincount(wanted, minlength=10)
        loss += float(F.cross_entropy(logits, wanted, reduction="sum"))
    return {
        "accuracy": float(hits.sum() / of_class.sum()),
        "macro_accuracy": float((hits / of_class.clamp(min=1)).mean()),
        "loss": loss / float(of_class.sum()),
    }


def refuse_other_work(trial: Trial, bare: Bare) -> None:
    """Raise AssertionError where the two come to other weights."""
    one, other = load_file(trial.folder / WEIGHTS), load_file(bare.file)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def measured(space: Space, answers: Answers, rounds: int) -> Pair:
    """CPU seconds of a bare loop and of a trial."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(space, answers, Path(folder))
        bare = Bare(trial, Path(folder) / "bare.safetensors")
        trial()
        bare()
        refuse_other_work(trial, bare)
        gc.collect()
        # ratios are the other's time over the one's
        return alternate(bare, trial, rounds=rounds, clock=time.process_time, sample=0.0)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *cases()])
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    print("| trial | bare, CPU s | trial, CPU s | trial over bare |\n|---|---|---|---|")
    for name in given.names or cases():
        pair = measured(*cases()[name](), given.rounds)
        bare, trial = pair.medians
        print(f"| {name} | {bare:.2f} | {trial:.2f} | {pair.words()} |", flush=True)


if __name__ == "__main__":
    main()
