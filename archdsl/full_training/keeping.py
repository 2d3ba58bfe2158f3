"""The record of a training and its best weights, kept epoch by epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.full_training.events import EpochOver, TrainingBegins, TrainingListener
from archdsl.full_training.folder import write_best
from archdsl.full_training.record import EpochRecord, TrainRecord, write_record
from archdsl.study.trial import Metrics
from archdsl.training.steps import Step

if TYPE_CHECKING:
    from torch import Tensor

    from archdsl.training.prepare import Prepared


class Keeping:
    """Writes after each epoch what it came to, and tells.

    shown: the folder as it was named; weights: those that the last validation saw
    """

    def __init__(
        self,
        shown: Path,
        record: TrainRecord,
        weights: Callable[[], dict[str, Tensor]],
        data: Prepared,
        tell: TrainingListener,
    ) -> None:
        self.record = record
        self._shown, self._folder = shown, shown.absolute()
        self._weights, self._data, self._tell = weights, data, tell
        self._begun: float | None = None
        self._last: Step | None = None

    def begin(self, history: Sequence[Metrics] = ()) -> None:
        """Begin behind these epochs, whatever the record has of them and of later ones."""
        record = self.record
        known = record.epochs[: len(history)]
        missing = [EpochRecord(dict(metrics), 0.0) for metrics in history[len(known) :]]
        record.epochs = [*known, *missing]
        self._begun = time.monotonic()
        begins = TrainingBegins(
            name=record.name,
            data=record.data["words"],
            folder=self._shown,
            epochs=record.total,
            steps=self._data.steps,
            done=tuple(record.epochs),
        )
        self._tell(begins)

    def on_step(self, step: Step) -> None:
        """Hear of a step."""
        if self._begun is None:
            self.begin()
        self._last = step
        self._tell(step)

    def on_epoch(self, epoch: int, metrics: Metrics) -> None:
        """Keep an epoch. Raises SearchError for what cannot be written."""
        if self._begun is None:
            self.begin()
        assert self._begun is not None, "it has begun"
        now, step, record = time.monotonic(), self._last, self.record
        speed, waited = None, None
        if step is not None and step.epoch == epoch and step.seconds > 0:
            speed, waited = step.speed, step.waited / step.seconds
        kept = EpochRecord(dict(metrics), now - self._begun, speed, waited)
        self._begun = now
        record.epochs = [*record.epochs[:epoch], kept]
        best = record.best == epoch
        if best:
            write_best(self._folder, self._weights(), record.said)
        write_record(self._folder, record)
        self._tell(EpochOver(epoch, kept, best))
