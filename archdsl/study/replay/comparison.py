"""Two trainings epoch by epoch: the one on record, and the one that was done again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from archdsl.study.trial import to_json
from archdsl.units import counted, figure

if TYPE_CHECKING:
    from archdsl.study.replay.noise import SeedNoise
    from archdsl.study.replay.trainings import Recorded

Finding: TypeAlias = Literal["equal", "within noise", "differs", "unknown"]

Epochs: TypeAlias = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a training that was done again.

    run: the name of the search; recorded: what was there; epochs: what came now
    differences: what is different now, in words, so that digits need not come again
    judged: the metrics by which the search judges; noise: what is known of each
    """

    run: str
    recorded: Recorded
    epochs: tuple[dict[str, Any], ...]
    differences: tuple[str, ...]
    judged: tuple[str, ...]
    noise: Mapping[str, SeedNoise | None]

    @property
    def finding(self) -> Finding:
        """How the two compare: to the digit, else after the last epoch within the noise of seeds.

        Noise is an excuse only where something is different now.
        """
        if first_apart(self.recorded.epochs, self.epochs) is None:
            return "equal"
        if not self.differences or len(self.epochs) != len(self.recorded.epochs):
            return "differs"
        said = [self._within(name) for name in self.judged]
        if False in said:
            return "differs"
        return "unknown" if None in said else "within noise"

    def gap(self, name: str) -> float:
        """By how much a metric is larger now after the last epoch; nan where one has none."""
        now, then = self.epochs[-1].get(name), self.recorded.epochs[-1].get(name)
        return float("nan") if now is None or then is None else float(now) - float(then)

    def _within(self, name: str) -> bool | None:
        """Whether a metric is within the noise; None where that is not known.

        Noise is measured after the last epoch, and half-way it is another.
        """
        noise, gap = self.noise.get(name), abs(self.gap(name))
        if noise is None or isnan(gap) or not self.recorded.complete:
            return None
        return gap <= noise.bound

    def _unknown(self) -> str:
        """Why nothing is said of noise, where both trainings are there to compare."""
        if not self.recorded.complete:
            return "and what seeds do before the last epoch is not known"
        if any(isnan(self.gap(name)) for name in self.judged):
            return "and after the last there is no figure to compare"
        return "and no noise was measured to compare with"

    def sentence(self) -> str:
        """What was found, in words."""
        many = counted(len(self.recorded.epochs), "epoch")
        name = f"{self.recorded.name} of {self.run}"
        if self.finding == "equal":
            return f"{name}: equal to the digit in {many}"
        at = first_apart(self.recorded.epochs, self.epochs)
        assert at is not None, "it is not equal"
        ends = {
            "within noise": "within the noise of seeds at the end",
            "differs": "beyond the noise of seeds at the end" if self.differences else
                       "on the same machine, device and threads, with the same versions",
            "unknown": self._unknown(),
        }  # fmt: skip
        return f"{name}: differs from epoch {at + 1} of {many} on, {ends[self.finding]}"

    def notes(self) -> list[str]:
        """What else there is to know, a line each."""
        found = []
        if not self.recorded.complete:
            found.append("it has not come to its end: the epochs so far are compared")
        if self.finding == "equal":
            return found
        found += [f"not the same: {one}" for one in self.differences]
        found += [self._note(name) for name in self.judged]
        if self.finding == "differs" and not self.differences:
            found.append(
                "code or data of your own may draw numbers that follow from no seed; where there "
                "are none, please report it"
            )
        return found

    def _note(self, name: str) -> str:
        """By how much a metric differs, beside the noise where that is known."""
        gap, noise = abs(self.gap(name)), self.noise.get(name)
        if isnan(gap):
            return f"by how much {name} differs is not known: the last epoch has none to compare"
        words = f"{name} differs by {figure(gap)} after the last epoch"
        if not self.recorded.complete:
            return f"{words} so far"
        if noise is None:
            many = counted(len(self.recorded.epochs), "epoch")
            return f"{words}; no final round of {many} tells what two seeds differ by"
        return (
            f"{words}; two seeds differ by at most {figure(noise.bound)} in 95 of 100 cases "
            f"({noise.words()})"
        )

    def record(self) -> dict[str, Any]:
        """As values that JSON can hold."""
        return {
            "run": self.run,
            "training": list(self.recorded.training),
            "complete": self.recorded.complete,
            "finding": self.finding,
            "equal": self.finding == "equal",
            "sentence": self.sentence(),
            "differences": list(self.differences),
            "noise": {name: None if one is None else one.record()
                      for name, one in self.noise.items()},
            "recorded": [to_json(one) for one in self.recorded.epochs],
            "replayed": [to_json(one) for one in self.epochs],
        }  # fmt: skip


def first_apart(one: Epochs, other: Epochs) -> int | None:
    """The first epoch, from 0, in which two trainings are not the same in every metric."""
    for number, (then, now) in enumerate(zip(one, other, strict=False)):
        if then.keys() != now.keys() or not all(_same(then[name], now[name]) for name in then):
            return number
    return None if len(one) == len(other) else min(len(one), len(other))


def _same(then: float | None, now: float | None) -> bool:
    if then is None or now is None:
        return then is now
    return then == now or (isnan(then) and isnan(now))
