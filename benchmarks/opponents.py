"""Optuna's samplers under Optuna's own constraints."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import optuna
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, TPESampler

from archdsl.study.distributions import distribution, to_answer
from benchmarks.ours import Tried
from benchmarks.problem import Problem, key


def _plain(seed: int) -> BaseSampler:
    return TPESampler(seed=seed)


def _multivariate(seed: int) -> BaseSampler:
    return TPESampler(seed=seed, multivariate=True, group=True)


def _nsga(seed: int) -> BaseSampler:
    return NSGAIISampler(seed=seed)


def _gp(seed: int) -> BaseSampler:
    return GPSampler(seed=seed)


SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "optuna TPE": _plain,
    "optuna TPE multivariate": _multivariate,
    "optuna NSGA-II": _nsga,
    "optuna GP": _gp,
}


def optuna_run(make: Callable[[int], BaseSampler]) -> Callable[..., Tried]:
    """A sampler of Optuna, asked decision by decision as the space asks.

    What is outside is told with its true value and how far outside it is: more than a search
    that does not train it could say.
    """

    def run(problem: Problem, seed: int) -> Tried:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # multivariate, group and constraints are experimental
            study = optuna.create_study(direction="maximize", sampler=make(seed))
        seen: set[str] = set()
        while True:
            trial = study.ask()
            decisions, good, value = _evaluated(problem, trial, seen)
            seen.add(key(decisions))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                study.tell(trial, value)
            yield decisions, good, value

    return run


def _evaluated(
    problem: Problem, trial: optuna.Trial, seen: set[str]
) -> tuple[dict[str, Any], bool, float]:
    def ask(address: str, hole: Any) -> Any:
        its = distribution(hole)
        if isinstance(its, optuna.distributions.IntDistribution):
            return trial.suggest_int(address, its.low, its.high, step=its.step)
        assert isinstance(its, optuna.distributions.CategoricalDistribution)
        return to_answer(hole, trial.suggest_categorical(address, its.choices))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        member = problem.space.resolve(ask)
        costs = problem.space.cost(member).totals()
        trial.set_constraint("budget", problem.budget.excess(costs))
    decisions = dict(member.decisions)
    good = problem.budget.allows(costs) and key(decisions) not in seen
    return decisions, good, problem.value(decisions)
