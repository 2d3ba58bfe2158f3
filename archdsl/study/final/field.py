"""The field of a final round: the best trials, and what they are to be compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.language.settings import FinalSettings
from archdsl.study.final.believed import by_belief
from archdsl.study.final.entrants import Entrant, Role
from archdsl.study.final.size import size
from archdsl.study.final.spread import spread
from archdsl.study.objectives import ranked, signed

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.record.state import State
    from archdsl.study.trial import Trial

FRONT = "of the front, those that together dominate the most"


@dataclass(frozen=True, slots=True)
class Field:
    """Who is trained anew. rule: how the best were picked; note: what was made smaller"""

    entrants: tuple[Entrant, ...]
    seeds: int
    rule: str
    note: str | None


def field_of(
    space: Space, state: State, final: FinalSettings, beside: list[Entrant], epochs: int
) -> Field:
    """The field of a round, each network once, whatever the reasons that it is there for.

    beside: the baselines; epochs: of one training
    """
    trials = state.judged()
    first = state.trials[0] if state.trials[0].state in ("complete", "paused") else None
    drawn = [trial for trial in trials if trial.origin == "random"]
    random = next(iter(ranked(state.objectives, drawn)), None) or _best_paused(state, drawn)
    also = {trial.network for trial in (first, random) if trial is not None}
    spent = sum(len(trial.epochs) or trial.trained for trial in trials)
    found = size(final, len(also) + len(beside), spent, epochs)
    kept, rule = _best(space, state, found.keep)
    reasons: list[tuple[Trial | None, Role]] = [(trial, "kept") for trial in kept]
    assert state.created is not None, "a trial has a study"
    fits = state.created.survey.get("default_fits", True)
    reasons += [(first, "default" if fits else "nearest"), (random, "random")]
    roles: dict[str, tuple[Trial, list[Role]]] = {}
    for trial, role in reasons:
        if trial is not None:
            roles.setdefault(trial.network, (trial, []))[1].append(role)
    same: dict[str, list[str]] = {}
    for one in beside:
        same.setdefault(one.network, []).append(one.name)
    for network in same:
        if network in roles:
            roles[network][1].append("baseline")
    own = [
        _entrant(trial, tuple(why), same.get(network, ()))
        for network, (trial, why) in roles.items()
    ]
    others = [one for one in beside if one.network not in roles]
    return Field((*own, *others), found.seeds, rule, found.note)


def _best_paused(state: State, trials: Sequence[Trial]) -> Trial | None:
    """The best of those that were put aside, on the highest rung where there is any."""
    found = [trial for trial in trials if state.rungs.values(trial.number) is not None]

    def place(trial: Trial) -> tuple[float, ...]:
        values = state.rungs.values(trial.number) or ()
        return len(trial.epochs), signed(state.objectives, values)[0], -trial.number

    return max(found, key=place, default=None)


def _best(space: Space, state: State, keep: int) -> tuple[list[Trial], str]:
    if len(state.objectives) > 1:
        return spread(state.objectives, state.in_order(), keep), FRONT
    order, rule = by_belief(space, state.objectives, state.in_order())
    kept, best = order[:keep], state.best
    if best is not None and best not in kept:  # whatever is believed of it, it has the best figure
        kept = [*kept[: keep - 1], best]
    return kept, rule


def _entrant(trial: Trial, roles: tuple[Role, ...], also: Sequence[str]) -> Entrant:
    return Entrant(
        name=f"trial-{trial.number:05}",
        roles=roles,
        trial=trial.number,
        decisions=dict(trial.decisions),
        costs=dict(trial.costs),
        network=trial.network,
        also=tuple(also),
    )
