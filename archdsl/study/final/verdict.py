"""What a final round says of its winner: the sentence, and the differences behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.amounts import bounded
from archdsl.study.final.comparison import Arm, Difference, compared, seed_noise
from archdsl.study.final.entrants import Entrant
from archdsl.study.final.winner import won
from archdsl.training.metrics import metric
from archdsl.training.one_by_one import unpacked
from archdsl.units import counted, points, rounded

if TYPE_CHECKING:
    from archdsl.study.record.rounds import FinalRound
    from archdsl.study.record.state import State


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the winner of a final round compares with the rest of the field.

    metric: what is compared; split: where: "test", or "val" where nobody may look at test images
    winner: its arm; differences: it minus each of default, random and baselines
    images: how many; None where they are not known one by one
    """

    metric: str
    split: str
    winner: Arm
    differences: tuple[Difference, ...]
    seeds: int
    images: int | None

    @property
    def distinguishable(self) -> bool:
        """Whether the winner can be told from everything that it is compared with."""
        return bool(self.differences) and all(one.distinguishable for one in self.differences)

    def sentence(self) -> str:
        """It in words."""
        share = self.metric.endswith("accuracy")
        where = {"test": "the test split", "val": "validation"}[self.split]
        said = [self._one(difference, share) for difference in self.differences]
        mean = self.winner.mean
        lead = f"The winner has {self.metric} {rounded(mean)} on {where}"
        if not said:
            return f"{lead}; there is nothing beside it to compare it with."
        return f"{lead}, the mean of {counted(self.seeds, 'seed')}: {'; '.join(said)}."

    def _one(self, difference: Difference, share: bool) -> str:
        def amount(value: float) -> str:
            return points(value) if share else rounded(value)

        name = difference.other
        if difference.interval is None:
            return f"{amount(difference.gap)} from {name}, and no run of it varied"
        low, high = difference.interval
        between = f"(95 % interval {amount(low)} to {amount(high)})"
        if difference.distinguishable:
            return f"{amount(difference.gap)} {between} from {name}"
        more = ""
        if share and difference.per_point is not None:
            more = f", and {difference.per_point} seeds each would tell a point apart"
        return (
            f"not distinguishable from {name} with {self.seeds} seeds "
            f"({amount(difference.gap)}, {between[1:-1]}){more}"
        )

    def record(self) -> dict[str, Any]:
        """The verdict as values that JSON can hold."""
        return {
            "sentence": self.sentence(),
            "distinguishable": self.distinguishable,
            "metric": self.metric,
            "split": self.split,
            "seeds": self.seeds,
            "images": self.images,
            "winner": {"name": self.winner.name, "mean": self.winner.mean},
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


def verdict(state: State, name: str | None = None) -> Verdict | None:
    """The verdict of the last final round; None where none is done.

    name: of the metric; the first objective that is no cost without it
    """
    final = state.rounds.last
    winner = won(state)
    if final is None or not final.done or winner is None or winner.name is None:
        return None
    judged = [one.name for one in state.objectives if one.name not in bounded()]
    if not judged and name is None:
        return None
    name = name or judged[0]
    looked = all(one in state.looks for one, over in final.over.items() if over.state == "complete")
    split = "test" if looked and final.over else "val"
    arms = {
        number: arm
        for number in range(len(final.entrants))
        if (arm := _arm(state, final, number, name, split)) is not None
    }
    numbers = {one.name: number for number, one in enumerate(final.entrants)}
    at = numbers[winner.name]
    noise = seed_noise(list(arms.values()))
    others = [n for n in arms if n != at and _is_compared(final.entrants[n])]
    kept = sum("kept" in one.roles for one in final.entrants)
    comparisons = max(1, kept * len(others))
    differences = [compared(arms[at], arms[n], noise, comparisons) for n in others]
    right = arms[at].right
    return Verdict(
        name, split, arms[at], tuple(differences), len(final.begun.seeds),
        None if right is None else right.shape[1],
    )  # fmt: skip


def called(entrant: Entrant) -> str:
    """What an entrant is called in a sentence."""
    if "baseline" in entrant.roles:
        return entrant.name.removeprefix("baseline-")
    if "default" in entrant.roles:
        return "the default"
    if "random" in entrant.roles:
        return "the best at random"
    return f"trial {entrant.trial}"


def _is_compared(entrant: Entrant) -> bool:
    return bool({"default", "random", "baseline"} & set(entrant.roles))


def _arm(state: State, final: FinalRound, number: int, name: str, split: str) -> Arm | None:
    """An entrant as the trainings of all seeds have it; None where one failed."""
    runs = final.metrics_of(number)
    if runs is None:
        return None
    who = called(final.entrants[number])
    if split == "val":
        return Arm(who, np.array([metric(one, name) for one in runs]))
    looks = [state.looks[final.training(number, seed)] for seed in final.begun.seeds]
    values = np.array([metric(one.metrics, name) for one in looks])
    if name != "accuracy" or any(one.seen is None for one in looks):
        return Arm(who, values)
    return Arm(who, values, np.array([unpacked(one.seen) for one in looks if one.seen is not None]))
