"""The model over the images, timed."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.benchmarking.device import seconds_of
from archdsl.data.decode import quiet
from archdsl.errors import SearchError
from archdsl.evaluation.figures import Answers
from archdsl.evaluation.images import ImageStream
from archdsl.nn.memory import channels_last_convolutions
from archdsl.progress import Progress

TOP = 5


@dataclass(frozen=True, slots=True)
class Speed:
    """Images per second: of the model alone, and with what reads and prepares the images.

    The first batch, in which caches are cold, counts for the model only where it is the only one.
    batch: images at once
    """

    model: float
    all: float
    batch: int


def answered(
    model: nn.Module,
    images: ImageStream,
    logits: tuple[int, ...],
    device: torch.device,
    batch: int,
    progress: Progress,
) -> tuple[Answers, Speed]:
    """What a model says of images, in eval and float32, and how fast. The model stays as it was.

    logits: class of the data -> logit
    Raises SearchError for what the model says that is no number.
    """
    training, total, done = model.training, len(images.labels), 0
    logit_of = torch.tensor(logits)
    parts, times, many = [], [], []
    begun = perf_counter()
    try:
        model.eval().to(device)
        with torch.no_grad(), quiet(), channels_last_convolutions(model):
            for pixels, of_data in images.batches(batch):
                here, labels = pixels.to(device), logit_of[torch.from_numpy(of_data)]
                out: list[Tensor] = []
                times.append(seconds_of(lambda here=here, out=out: out.append(model(here)), device))  # type: ignore[misc]
                many.append(len(here))
                parts.append((labels, *_of_batch(out[0].float().cpu(), labels)))
                done += len(here)
                progress(done, total)
    finally:
        model.train(training)
    columns = (torch.cat(column) for column in zip(*parts, strict=True))
    labels, told, among, confidence, loss = columns
    if not loss.isfinite().all() and not confidence.isfinite().all():
        raise SearchError(
            "the model's answers are no numbers (NaN).  its weights may be broken, or overflow in "
            "float32"
        )
    later = slice(1 if len(times) > 1 else 0, None)
    speed = Speed(sum(many[later]) / sum(times[later]), sum(many) / (perf_counter() - begun), batch)
    answers = Answers(
        labels.numpy(),
        told.numpy(),
        among.numpy() if int(out[0].shape[1]) > TOP else None,
        confidence.numpy(),
        loss.numpy(),
    )
    return answers, speed


def _of_batch(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(B,) each: the largest logit, whether the right one is among five, confidence, loss."""
    best = logits.topk(min(TOP, logits.shape[1])).indices
    among = (best == labels[:, None]).any(dim=1)
    confidence = logits.softmax(dim=1).amax(dim=1)
    return (
        logits.argmax(dim=1),
        among,
        confidence,
        F.cross_entropy(logits, labels, reduction="none"),
    )
