"""Trials as Optuna knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from archdsl.amounts import bounded
from archdsl.language.settings import Objective
from archdsl.study.distributions import distribution, to_optuna
from archdsl.study.trial import Trial, to_json

if TYPE_CHECKING:
    from archdsl.spaces import Space


def new_study(
    storage: BaseStorage, name: str, objectives: Sequence[Objective]
) -> optuna.study.Study:
    """An empty study, without the line that Optuna prints of each."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(
            study_name=name, storage=storage, directions=[one.direction for one in objectives]
        )
    finally:
        optuna.logging.set_verbosity(before)


def frozen(
    trial: Trial,
    space: Space,
    *,
    values: tuple[float, ...] | None = None,
    constraints: Mapping[str, float] | None = None,
    epochs: Mapping[int, float] | None = None,
) -> FrozenTrial:
    """A trial that is over as Optuna's, with the addresses as its parameters.

    values: what is said of a trial that has none of its own
    constraints: name -> amount, above 0 where it is broken
    epochs: step -> value, for Optuna's intermediate values
    """
    values = trial.values or values
    without = TrialState.PRUNED if trial.state == "outside" else TrialState.FAIL
    holes = {address: space.decisions[address] for address in trial.decisions}
    made = create_trial(
        state=without if values is None else TrialState.COMPLETE,
        values=values,
        params={a: to_optuna(hole, trial.decisions[a]) for a, hole in holes.items()},
        distributions={address: distribution(hole) for address, hole in holes.items()},
        user_attrs=_attributes(trial),
        intermediate_values=dict(epochs or {}),
        constraints=None if constraints is None else dict(constraints),
    )
    if trial.begun is not None and trial.ended is not None:
        made.datetime_start = datetime.fromtimestamp(trial.begun)
        made.datetime_complete = datetime.fromtimestamp(trial.ended)
    return made


def intermediate(trial: Trial, objectives: Sequence[Objective]) -> dict[int, float]:
    """Step -> the first objective that was reported, for whole steps where it was."""
    costs = bounded()
    name = next((one.name for one in objectives if one.name not in costs), None)
    return {
        int(epoch["step"]): epoch[name]
        for epoch in trial.epochs
        if name in epoch and epoch["step"] == int(epoch["step"])
    }


def _attributes(trial: Trial) -> dict[str, Any]:
    """What Optuna's dashboard shows of a trial beside its parameters and values."""
    said = {
        "trial": trial.number, "state": trial.state, "origin": trial.origin,
        "cause": trial.cause, "network": trial.network,
    }  # fmt: skip
    return {**said, "costs": trial.costs, "metrics": to_json(trial.metrics)}
