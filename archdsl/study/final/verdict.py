"""What a final round says of its winner: the sentence, and the differences behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from archdsl.study.final.comparison import Arm, Difference
from archdsl.units import counted, points, rounded

Split: TypeAlias = Literal["val", "test"]

_WHERE: dict[Split, str] = {"test": "the test split", "val": "validation"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the winner of a final round compares with the rest of the field, by one metric.

    metric: what is compared; split: where: "test", or "val" where nobody may look at test images
    winner: its arm; arms: those of everybody whose trainings all came to a figure
    differences: the winner minus each of default, random and baselines
    failed: those of them of which a training failed, so that there is nothing to compare
    seeds: of each arm; images: how many; None where they are not known one by one
    after: how many trials the round followed, where there are more by now; else None
    """

    metric: str
    split: Split
    winner: Arm
    arms: tuple[Arm, ...]
    differences: tuple[Difference, ...]
    failed: tuple[str, ...]
    seeds: int
    images: int | None
    after: int | None = None

    @property
    def distinguishable(self) -> bool:
        """Whether the winner can be told from everything that it is compared with."""
        told = bool(self.differences) and all(one.distinguishable for one in self.differences)
        return told and not self.failed

    @property
    def where(self) -> str:
        """The split in words."""
        return _WHERE[self.split]

    def sentence(self) -> str:
        """It in words."""
        figure = f"{self.metric} {rounded(self.winner.mean)} on {self.where}"
        lead = f"The winner is {self.winner.name}, with {figure}"
        if self.after is not None:
            lead = (
                f"Of the final round after {counted(self.after, 'trial')}, the last that is done: "
            )
            lead += f"the winner is {self.winner.name}, with {figure}"
        failed = [f"{name} was not compared, as a training of it failed" for name in self.failed]
        if not self.differences:
            return "; ".join([lead, *(failed or ["there is nothing to compare it with"])]) + "."
        said = "; ".join([*map(self._one, self.differences), *failed])
        alone = self.images is None and any(one.interval for one in self.differences)
        rest = "  The intervals are over seeds, and not over images." if alone else ""
        return f"{lead}, the mean of {counted(self.seeds, 'seed')}: {said}.{rest}"

    def _one(self, difference: Difference) -> str:
        share = is_share(self.metric)
        name, gap = difference.other, self.amount(difference.gap)
        if difference.interval is None:
            return f"{gap} against {name}, and no run of either varied"
        low, high = map(self.amount, difference.interval)
        between = f"95 % interval {low} to {high}"
        if difference.distinguishable:
            return f"{gap} against {name} ({between})"
        more = ""
        if share and difference.per_point is not None:
            more = f", and {difference.per_point} seeds each would tell a point apart"
        with_seeds = counted(self.seeds, "seed")
        return f"not distinguishable from {name} with {with_seeds} ({gap}, {between}){more}"

    def amount(self, gap: float) -> str:
        """A difference as text."""
        return points(gap) if is_share(self.metric) else f"{gap:+.4g}"

    def record(self) -> dict[str, Any]:
        """The verdict as values that JSON can hold."""
        return {
            "sentence": self.sentence(),
            "distinguishable": self.distinguishable,
            "metric": self.metric,
            "split": self.split,
            "seeds": self.seeds,
            "images": self.images,
            "winner": self.winner.name,
            "arms": [
                {"name": arm.name, "mean": arm.mean, "values": [float(v) for v in arm.values]}
                for arm in self.arms
            ],
            "failed": list(self.failed),
            "differences": [
                {
                    "other": one.other,
                    "gap": one.gap,
                    "interval": None if one.interval is None else list(one.interval),
                    "distinguishable": one.distinguishable,
                    "seeds_for_a_point": one.per_point,
                }
                for one in self.differences
            ],
        }


def is_share(metric: str) -> bool:
    """Whether a metric is a share by its name, so that a difference of it is told in points."""
    return metric.endswith("accuracy")
