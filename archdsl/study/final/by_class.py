"""What the networks of a final round came to in each class of the test split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.study.final.entrants import called
from archdsl.study.final.winner import counted

if TYPE_CHECKING:
    from archdsl.study.record.rounds import FinalRound
    from archdsl.study.record.state import State

EVEN = 1.5
"""Classes are uneven where the largest has so many times the images of the smallest."""


@dataclass(frozen=True, slots=True)
class ByClass:
    """images: of each class, in the order of the logits; shares: who -> right answers, by class.

    A share is the mean over the seeds, None for a class without an image.
    """

    images: tuple[int, ...]
    shares: dict[str, tuple[float | None, ...]]

    @property
    def uneven(self) -> bool:
        """Whether classes differ so much that an accuracy over all images hides some of them."""
        return max(self.images) > EVEN * min(self.images)


def by_class(state: State) -> ByClass | None:
    """Of the final round that counts; None where images are not known one by one."""
    final = counted(state)
    if final is None:
        return None
    images: tuple[int, ...] = ()
    shares: dict[str, tuple[float | None, ...]] = {}
    for number, entrant in enumerate(final.entrants):
        seeds = _by_seed(state, final, number)
        if not seeds:
            continue
        images = tuple(many for _, many in seeds[0])
        right = [sum(one[c][0] for one in seeds) / len(seeds) for c in range(len(images))]
        shares[called(entrant)] = tuple(
            one / many if many else None for one, many in zip(right, images, strict=True)
        )
    return ByClass(images, shares) if images else None


def _by_seed(state: State, final: FinalRound, number: int) -> list[list[list[int]]]:
    """[how many right, how many] of each class, for each seed; empty unless all are known."""
    looks = [state.looks.get(final.training(number, seed)) for seed in final.begun.seeds]
    seen = [look.seen for look in looks if look is not None and look.seen is not None]
    return [one["classes"] for one in seen] if len(seen) == len(looks) else []
