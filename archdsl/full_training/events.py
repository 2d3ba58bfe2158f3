"""What is told of a training while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from archdsl.full_training.record import EpochRecord
from archdsl.training.steps import Step


@dataclass(frozen=True, slots=True)
class GettingReady:
    """Something that takes a while before the first step or after the last.

    done, total: how far it is; both 0 where that is not known
    """

    what: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the training goes on with and that is to be known."""

    text: str


@dataclass(frozen=True, slots=True)
class TrainingBegins:
    """The first step is about to be made, or the first since a break.

    name: of the network; data: in words; folder: as it was named
    epochs: that there are to be; steps: of each; done: epochs that are behind it
    """

    name: str
    data: str
    folder: Path
    epochs: int
    steps: int
    done: tuple[EpochRecord, ...]


@dataclass(frozen=True, slots=True)
class EpochOver:
    """An epoch is over. number: from 0; best: whether no other was as good so far."""

    number: int
    epoch: EpochRecord
    best: bool


TrainingEvent: TypeAlias = "GettingReady | Remark | TrainingBegins | Step | EpochOver"
TrainingListener: TypeAlias = Callable[[TrainingEvent], None]


def unheard(event: TrainingEvent) -> None:
    """A listener that listens to nothing."""
