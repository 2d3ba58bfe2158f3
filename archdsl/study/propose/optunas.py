"""Optuna's own samplers, for comparison: of a budget they learn only what was outside."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import optuna
from optuna.samplers import BaseSampler
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState

from archdsl.amounts import bounded
from archdsl.components.options import written
from archdsl.errors import ArchError, SearchError
from archdsl.language.settings import OPTUNA, OPTUNA_SAMPLERS, SearchSettings
from archdsl.spelling import did_you_mean
from archdsl.study.distributions import suggest
from archdsl.study.optuna_trials import frozen, new_study
from archdsl.study.propose.seeds import number
from archdsl.study.trial import Trial

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.specification import Spec

_TYPES: dict[str, type] = {
    "int": int, "float": float, "bool": bool, "str": str, "None": type(None),
}  # fmt: skip
"""What an option may be annotated with for a text to be able to say it."""

_OURS = {"seed"}


class OptunaSampler:
    """One of Optuna's samplers in a study in memory that replays the record.

    Samplers keep what they need between trials in their generators and in the study. Asking
    again for every trial on record, in order, gives all of that back: a search that was killed
    goes on as if it had not been. What is pending is an open trial of the study. Of a trial
    outside the budget the sampler is told by how much, as a constraint, and for what nobody
    measured the worst value so far.
    """

    def __init__(self, space: Space, settings: SearchSettings) -> None:
        self.space = space
        self.settings = settings
        self._study = new_study(InMemoryStorage(), "replay", settings.objectives)
        self._study.sampler = made(
            settings.sampler, settings.sampler_options, number(settings.seed, "optuna")
        )
        self._asked: tuple[optuna.Trial, Spec] | None = None
        self._open: dict[int, optuna.Trial] = {}
        self._worst: tuple[float, ...] | None = None

    def propose(self) -> Spec:
        """The member that it asks to be judged; the same until a trial takes it.

        Raises SearchError where the sampler fails.
        """
        if self._asked is None:
            try:
                asked = self._study.ask()
                self._asked = asked, suggest(asked, self.space)
            except ArchError:
                raise
            except Exception as error:  # an option that it takes and cannot work with
                said = f"{type(error).__name__}: {error}".partition("\n")[0]
                name = self.settings.sampler
                raise SearchError(f"search.sampler: {name} cannot propose: {said}") from error
        return self._asked[1]

    def take(self, trial: Trial) -> None:
        """Take note of a trial that was proposed, here or in a session that is on record."""
        if trial.origin == "optuna" and self.propose().decisions == trial.decisions:
            assert self._asked is not None
            self._open[trial.number], _ = self._asked
            self._asked = None

    def tell(self, trial: Trial) -> None:
        """Take note of a trial that is over."""
        values = self._values(trial)
        outside = {"budget": self.settings.budget.excess(trial.costs)}
        asked = self._open.pop(trial.number, None)
        if asked is not None:
            for name, amount in outside.items():
                asked.set_constraint(name, amount)
            state = TrialState.FAIL if values is None else TrialState.COMPLETE
            self._study.tell(asked, values, state=state)
        else:  # the default, or the record of another version of Optuna
            self._study.add_trial(frozen(trial, self.space, values=values, constraints=outside))

    def _values(self, trial: Trial) -> tuple[float, ...] | None:
        objectives = self.settings.objectives
        if trial.values is not None:
            worse = [max if one.direction == "minimize" else min for one in objectives]
            pairs = zip(worse, self._worst or trial.values, trial.values, strict=True)
            self._worst = tuple(pick(one, other) for pick, one, other in pairs)
            return trial.values
        if self._worst is None:
            return None
        return tuple(
            float(trial.costs[one.name]) if one.name in bounded() else worst
            for one, worst in zip(objectives, self._worst, strict=True)
        )


def made(name: str, options: Mapping[str, Any], seed: int) -> BaseSampler:
    """The sampler `optuna:NAME` with its options.

    Raises SearchError for an option or a value that this version of Optuna does not take.
    """
    name = name.removeprefix(OPTUNA)
    if name not in OPTUNA_SAMPLERS:
        raise SearchError(
            f"search.sampler: Optuna's '{name}' is not offered.  choose from "
            + ", ".join(OPTUNA + known for known in OPTUNA_SAMPLERS)
        )
    maker = getattr(optuna.samplers, name)
    offered = _offered(maker)
    for option, value in options.items():
        address = f"search.sampler.{option}"
        if option not in offered:
            hint = did_you_mean(option, offered, after="  ")
            raise SearchError(
                f"{address}: {name} of Optuna {optuna.__version__} has no such option that a "
                f"text can say.  {hint}it takes: {', '.join(offered) or 'none'}"
            )
        if not _fits(value, offered[option]):
            shown = f"'{value}'" if isinstance(value, str) else written(value)
            kinds = " or ".join(kind.lower() for kind in offered[option])
            raise SearchError(f"{address}: {shown} is not {kinds}")
    # a decision that depends on another is always sampled alone: that need not be said each time
    quiet = {option: False for option in ("warn_independent_sampling",) if option in offered}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # experimental it may be; it was asked for
            sampler: BaseSampler = maker(**{**quiet, **options, "seed": seed})
    except (TypeError, ValueError, ImportError) as error:
        said = str(error).partition("\n")[0]
        raise SearchError(f"search.sampler: {name} cannot be made: {said}") from None
    return sampler


def _offered(maker: Any) -> dict[str, tuple[str, ...]]:
    """Option -> the types that it may have, for what is written as one plain value."""
    found = {}
    for name, parameter in inspect.signature(maker).parameters.items():
        kinds = tuple(kind.strip() for kind in str(parameter.annotation).split("|"))
        if name not in _OURS and all(kind in _TYPES for kind in kinds):
            found[name] = kinds
    return found


def _fits(value: Any, kinds: tuple[str, ...]) -> bool:
    types = {_TYPES[kind] for kind in kinds}
    return type(value) in types or (type(value) is int and float in types)
