"""A hole as an Optuna distribution, an answer as Optuna's value, a trial as a member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import BaseTrial

from archdsl.options import written
from archdsl.spec.holes import Hole, Range

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.specification import Spec


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


def to_answer(hole: Hole, value: Any) -> Any:
    """The answer for a value of Optuna's."""
    if isinstance(hole, Range):
        return min(hole.answers, key=lambda answer: abs(answer - value))
    return hole.answers[_choices(hole.answers).index(value)]


def suggest(trial: BaseTrial, space: Space) -> Spec:
    """The member that an Optuna trial stands for; its decisions become the trial's parameters.

    Works with every sampler. With a `BudgetSampler` the member is inside the budget.
    """
    return space.resolve(lambda address, hole: to_answer(hole, _asked(trial, address, hole)))


def _asked(trial: BaseTrial, address: str, hole: Hole) -> Any:
    known = distribution(hole)
    if isinstance(known, IntDistribution):
        return trial.suggest_int(address, known.low, known.high, step=known.step)
    if isinstance(known, FloatDistribution):
        return trial.suggest_float(address, known.low, known.high, step=known.step)
    return trial.suggest_categorical(address, _choices(hole.answers))


def _choices(answers: tuple[Any, ...]) -> tuple[Any, ...]:
    # Optuna tells choices apart by ==, and so cannot tell 1 from 1.0 or from true
    return answers if len(set(answers)) == len(answers) else tuple(map(written, answers))


def _index(answers: tuple[Any, ...], wanted: Any) -> int:
    return next(
        index
        for index, answer in enumerate(answers)
        if answer == wanted and type(answer) is type(wanted)
    )
