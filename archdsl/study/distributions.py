"""A hole as an Optuna distribution, an answer as Optuna's value, a trial as a member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import BaseTrial, Trial

from archdsl.components.options import written
from archdsl.errors import SearchError
from archdsl.language.holes import Answer, Hole, Range, equal, normalise
from archdsl.printable import shown
from archdsl.spaces import Space

if TYPE_CHECKING:
    from archdsl.specification import Spec


_ROUNDING = 1e-9


def distribution(hole: Hole) -> BaseDistribution:
    """What Optuna is told of a hole: a range is ordered, a choice is not."""
    if not isinstance(hole, Range):
        return CategoricalDistribution(_choices(hole.answers))
    low, high, step = hole.low, hole.high, hole.step
    if isinstance(low, int) and isinstance(high, int) and isinstance(step, int):
        return IntDistribution(low, high, step=step)
    return FloatDistribution(low, high, step=step)


def to_optuna(hole: Hole, answer: Any) -> Any:
    """Optuna's value for an answer."""
    if isinstance(hole, Range):
        return answer
    return _choices(hole.answers)[_index(hole.answers, answer)]


def to_answer(hole: Hole, value: Any, address: str = "") -> Answer:
    """The answer for a value of Optuna's. Raises SpecError for one that is no answer."""
    if not isinstance(hole, Range):
        choices = _choices(hole.answers)
        for answer, known in zip(hole.answers, choices, strict=True):
            if equal(known, value):
                return answer
        return normalise(hole, value, address)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        numbers = [answer for answer in hole.answers if not isinstance(answer, str)]
        nearest = min(numbers, key=lambda number: abs(number - value))
        # Optuna computes numbers by their steps in floating point
        if abs(nearest - value) <= _ROUNDING * max(abs(nearest), hole.step):
            return nearest
    return normalise(hole, value, address)


def fixed_answer(hole: Hole, value: Any, address: str) -> Answer:
    """The answer that somebody fixed as a value of Optuna's.

    Raises SpecError for what is no answer, and SearchError for one that Optuna writes otherwise.
    """
    answer = to_answer(hole, value, address)
    known = to_optuna(hole, answer)
    if not isinstance(hole, Range) and not equal(known, value):
        raise SearchError(
            f"{address}: {shown(value)} is no value of Optuna's here.  write {known!r}"
        )
    return answer


def check_space(space: object) -> None:
    """Raises SearchError for what is no space."""
    if not isinstance(space, Space):
        raise SearchError(f"a space is what archdsl.space(...) gives, not {shown(space)}")


def suggest(trial: BaseTrial, space: Space) -> Spec:
    """The member that an Optuna trial stands for; its decisions become the trial's parameters.

    Works with every sampler. With a `BudgetSampler` the member is inside the budget. Raises
    SpecError for a parameter that was fixed to no answer, SearchError for what is no trial or no
    space, and what the sampler raises.
    """
    if not isinstance(trial, BaseTrial):
        raise SearchError(f"a trial is what Optuna hands to an objective, not {shown(trial)}")
    check_space(space)
    if isinstance(trial, Trial):
        _ = trial.relative_params  # Optuna does not ask the sampler where all is fixed
    return space.resolve(
        lambda address, hole: to_answer(hole, _asked(trial, address, hole), address)
    )


def _asked(trial: BaseTrial, address: str, hole: Hole) -> Any:
    known = distribution(hole)
    try:
        if isinstance(known, IntDistribution):
            return trial.suggest_int(address, known.low, known.high, step=known.step)
        if isinstance(known, FloatDistribution):
            return trial.suggest_float(address, known.low, known.high, step=known.step)
        return trial.suggest_categorical(address, _choices(hole.answers))
    except ValueError as error:
        raise SearchError(
            f"{address}: Optuna has other answers for it than the space ({error}).  let the study "
            "and its sampler be of the space that is asked for"
        ) from error


def _choices(answers: tuple[Any, ...]) -> tuple[Any, ...]:
    # Optuna tells choices apart by ==, and so cannot tell 1 from 1.0 or from true
    return answers if len(set(answers)) == len(answers) else tuple(map(written, answers))


def _index(answers: tuple[Any, ...], wanted: Any) -> int:
    return next(
        index
        for index, answer in enumerate(answers)
        if answer == wanted and type(answer) is type(wanted)
    )
