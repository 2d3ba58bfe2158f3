"""How a member of the benchmark is trained: the task, the schedule, the loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

import archdsl
from archdsl.compiler.builder import Built
from archdsl.data.source import ImageSource
from archdsl.specification import Spec
from archdsl.training.seeds import own_randomness, seed_of
from benchmarks.stacked import Stacked


@dataclass(frozen=True, slots=True)
class Schedule:
    """AdamW, one cycle (linear up, cosine down to nothing), gradients clipped by norm.

    steps: of one epoch; each is `batch` digits, freshly placed
    rise: the share of all steps in which the learning rate rises
    weight_decay: of weights of two dimensions and more, not of biases and norms
    """

    epochs: int = 7
    steps: int = 20
    batch: int = 50
    lr: float = 8e-3
    rise: float = 0.1
    weight_decay: float = 0.05
    clip: float = 1.0

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        total = self.epochs * self.steps
        top = self.rise * total
        if step < top:
            return self.lr * (step + 1) / (top + 1)
        return self.lr * 0.5 * (1 + math.cos(math.pi * (step - top) / (total - top)))


class Task:
    """What S seeds see of a source of images; the test split is not reached.

    What a seed sees follows from the seed and the epoch alone: it is the same for every member,
    so that it is placed once, and members differ by less chance.

    train: an epoch's images (S, steps, batch, H, W, C) and labels (S, steps, batch), by epoch
    val: images (N, H, W, C) and labels (N,), the same for every seed
    """

    def __init__(self, schedule: Schedule, seeds: Sequence[int], source: ImageSource) -> None:
        self.schedule, self.seeds = schedule, tuple(seeds)
        found = source.searchable(Path(), (12, 12))
        self._views = found.views
        self._images = torch.from_numpy(found.train.images)
        self._labels = torch.from_numpy(found.train.labels)
        self.train = [self._epoch(epoch) for epoch in range(schedule.epochs)]
        placed = torch.from_numpy(found.val.images)
        self.val = placed.permute(0, 2, 3, 1).contiguous(), torch.from_numpy(found.val.labels)

    def _epoch(self, epoch: int) -> tuple[Tensor, Tensor]:
        shape = (self.schedule.steps, self.schedule.batch)
        every_images, every_labels = [], []
        for seed in self.seeds:
            generator = torch.Generator().manual_seed(seed_of(seed, "data", epoch))
            order = torch.randperm(len(self._labels), generator=generator)
            chosen = order[: shape[0] * shape[1]]
            placed = self._views.train(self._images[chosen], generator)
            every_images.append(placed.permute(0, 2, 3, 1).unflatten(0, shape))
            every_labels.append(self._labels[chosen].view(shape))
        return torch.stack(every_images), torch.stack(every_labels)


def models_of(member: Spec, seeds: Sequence[int]) -> list[Built]:
    """The member once per seed, with the weights that the seed starts from."""
    models = []
    with own_randomness():
        for seed in seeds:
            torch.manual_seed(seed_of(seed, "init"))
            models.append(archdsl.build(member))
    return models


def train(member: Spec, task: Task) -> tuple[Tensor, Tensor]:
    """Validation accuracy and loss of a member after every epoch: (S, epochs) each."""
    schedule = task.schedule
    net = Stacked(models_of(member, task.seeds))
    decay = net.decayed() * schedule.weight_decay
    optimizer = torch.optim.Adam([net.flat], lr=0.0, fused=True)
    history = []
    step = 0
    for images, labels in task.train:
        for at in range(schedule.steps):
            rate = schedule.rate(step)
            optimizer.param_groups[0]["lr"] = rate
            logits = net(images[:, at])
            # a sum over seeds: no seed's gradient sees another's
            total = F.cross_entropy(logits.flatten(0, 1), labels[:, at].flatten(), reduction="sum")
            optimizer.zero_grad()
            (total / schedule.batch).backward()
            grad = net.flat.grad
            assert grad is not None
            with torch.no_grad():
                norm = grad.norm(dim=1, keepdim=True)
                grad.mul_((schedule.clip / (norm + 1e-6)).clamp(max=1))
                net.flat.mul_(1 - rate * decay)
            optimizer.step()
            step += 1
        history.append(validate(net, *task.val))
    accuracy, loss = zip(*history, strict=True)
    return torch.stack(accuracy, 1), torch.stack(loss, 1)


@torch.no_grad()
def validate(net: Stacked, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Accuracy and mean cross entropy of each seed (S,), with running statistics.

    images: (N, H, W, C), which all seeds see; labels: (N,)
    """
    net.training = False
    seeds = len(net.flat)
    right, loss = torch.zeros(seeds), torch.zeros(seeds)
    for x, y in zip(images.split(198), labels.split(198), strict=True):
        logits = net(x.expand(seeds, *x.shape))
        y = y.expand(seeds, -1)
        right += (logits.argmax(2) == y).sum(1)
        each = F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none")
        loss += each.view(seeds, -1).sum(1)
    net.training = True
    return right / len(labels), loss / len(labels)
