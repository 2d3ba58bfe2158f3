"""The search. The only folder that imports Optuna.

    session.py      one start of a search: before the first trial, its phases, its end
    driver.py       the loop: what a phase says is next runs, what an engine reports is recorded
    phases/         what to run next, from the record: trials, a look at the test split
    propose/        which architecture is next, always inside the budget: samplers, Optuna's own
    proxy/          whether the proxy of a search is worth anything
    engines/        what runs jobs;  judge.py  an engine, the data, and on what evidence
    record/         events in a file, the state that follows from them, the run directory
    identity/       what makes a run the same run: space, settings, data, code
    report/         the page, from the record and nothing else
    replay/         a training once more, from the record, and how it compares
    survey.py       how large a space is and how much of it fits
    objectives.py   which trial is better, and fronts;  hypervolume.py intervals.py
    trial.py result.py candidate.py events.py    what a search hands out
    finish.py       what is written at its end;  winner.py found.py
    winner_of.py    the winner of a run directory, and its weights
    status.py       where a search stands, for another process;  frame.py  trials for pandas
    causes.py       why trials fail, and when to give up;  signals.py  how a search is ended
    distributions.py optuna_trials.py   holes and trials as Optuna knows them

Import the names from here; they load what they need when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archdsl.study.candidate import Candidate as Candidate
    from archdsl.study.distributions import suggest as suggest
    from archdsl.study.propose.budget_sampler import BudgetSampler as BudgetSampler
    from archdsl.study.proxy.result import ProxyCheck as ProxyCheck
    from archdsl.study.proxy.session import proxy_check as proxy_check
    from archdsl.study.report import write_report as write_report
    from archdsl.study.result import Result as Result
    from archdsl.study.session import search as search
    from archdsl.study.trial import Trial as Trial

_HOME = {
    "BudgetSampler": "propose.budget_sampler",
    "Candidate": "candidate",
    "ProxyCheck": "proxy.result",
    "Result": "result",
    "Trial": "trial",
    "proxy_check": "proxy.session",
    "search": "session",
    "suggest": "distributions",
    "write_report": "report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'archdsl.study' has no attribute '{name}'")
    return getattr(importlib.import_module(f"archdsl.study.{_HOME[name]}"), name)
