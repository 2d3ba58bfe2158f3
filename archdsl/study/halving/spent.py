"""The epochs that a search trained, and those that whole trainings of all would have taken."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from archdsl.language.settings import PruneSettings
from archdsl.study.record.rounds import is_final
from archdsl.units import counted, percent

if TYPE_CHECKING:
    from archdsl.study.record.state import State


@dataclass(frozen=True, slots=True)
class Spent:
    """Epochs of the trials, but for those of a final round.

    epochs: that they came to, those of branches included, each counted once; again: trained once
        more, where a checkpoint was gone or had not been written when the search was killed
    whole: of the same trials, each trained to its end unless it failed
    paused: trials that were put aside and not promoted
    """

    epochs: int
    whole: int
    paused: int
    again: int = 0

    def words(self) -> str:
        """`210 epochs trained, 42 % of the 500 that training every trial to its end takes`."""
        share = percent(self.epochs / self.whole) if self.whole else "none"
        return (
            f"{counted(self.epochs, 'epoch')} trained, {share} of the {self.whole:,} that training "
            f"every trial to its end takes; {counted(self.paused, 'trial')} paused on the way"
            f"{_again(self.again)}"
        )

    def record(self) -> dict[str, Any]:
        """The figures as plain values that JSON can hold."""
        return asdict(self)


def _again(epochs: int) -> str:
    if not epochs:
        return ""
    was = "was" if epochs == 1 else "were"
    return f"; {counted(epochs, 'epoch')} {was} trained again, as the checkpoint was gone"


def spent(state: State) -> Spent | None:
    """What the trials of a state took; None where each was trained to its end."""
    prune = pruning(state)
    if prune is None:
        return None
    trained: Counter[int] = Counter()  # the branches of a trial's training are its epochs, too
    for training, reports in state.trainings.items():
        if not is_final(training):
            trained[training.trial] += len(reports)
    whole = sum(
        epochs if state.trials[number].state == "failed" else prune.rungs[-1]
        for number, epochs in trained.items()
    )
    again = sum(many for key, many in state.repeated.items() if not is_final(key))
    return Spent(trained.total(), whole, len(state.rungs.resting), again)


def pruning(state: State) -> PruneSettings | None:
    """How a search prunes by its record, None where it does not."""
    assert state.created is not None, "a state begins with how the study was created"
    said = state.created.setup["settings"].get("prune")
    return None if said is None else PruneSettings(**{**said, "rungs": tuple(said["rungs"])})
