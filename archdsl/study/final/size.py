"""How large a final round is: as asked for, or as a search of so many trainings pays for."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.language.settings import FinalSettings
from archdsl.units import counted

SHARE = 0.5
"""What a round that nobody asked for may cost, of what the search did."""

LEAST_SEEDS = 2
"""Below it nothing tells how much of a difference is the seed's."""


@dataclass(frozen=True, slots=True)
class Size:
    """keep: how many of the best; seeds: of each arm; note: what was made smaller, in words"""

    keep: int
    seeds: int
    note: str | None = None


def size(final: FinalSettings, beside: int, spent: int, epochs: int) -> Size:
    """How many arms and seeds.

    beside: arms that are there whatever is kept; spent: epochs that the trials trained
    epochs: of one training of the round
    By epochs and not by the clock, so that it does not follow from how busy a machine is.
    """
    if final.asked or final.epochs is not None:
        return Size(final.keep, final.seeds)
    most = SHARE * spent
    keep, seeds = final.keep, final.seeds
    while keep > 1 and (keep + beside) * seeds * epochs > most:
        keep -= 1
    while seeds > LEAST_SEEDS and (keep + beside) * seeds * epochs > most:
        seeds -= 1
    if (keep, seeds) == (final.keep, final.seeds):
        return Size(keep, seeds)
    return Size(
        keep,
        seeds,
        f"the final round trains {counted(keep, 'of the best', 'of the best')} instead of "
        f"{final.keep}, with {seeds} seeds: more would take over half of what the trials took.  "
        f"search.final: {{keep: {final.keep}, seeds: {final.seeds}}}  asks for it all the same",
    )
