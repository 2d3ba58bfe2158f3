"""The search. The only folder that imports Optuna.

    driver.py       the loop: propose, count, judge, record
    proposals.py    what to try next, always inside the budget;  samplers/ start.py members.py
    budget_sampler.py   the same for a study of one's own
    optunas.py      Optuna's own samplers, for comparison;  untrained.py
    survey.py       how large a space is and how much of it fits
    run_folder.py   the record on disk;  journal.py lock.py files.py setup.py
    training.py     the default way to judge a candidate
    finish.py       the winner, one look at the test split, the report
    objectives.py   which trial is better, and fronts;  hypervolume.py

Import the names from here; they load what they need when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archdsl.study.budget_sampler import BudgetSampler as BudgetSampler
    from archdsl.study.candidate import Candidate as Candidate
    from archdsl.study.distributions import suggest as suggest
    from archdsl.study.driver import search as search
    from archdsl.study.report import write_report as write_report
    from archdsl.study.result import Result as Result
    from archdsl.study.trial import Trial as Trial

_HOME = {
    "BudgetSampler": "budget_sampler",
    "Candidate": "candidate",
    "Result": "result",
    "Trial": "trial",
    "search": "driver",
    "suggest": "distributions",
    "write_report": "report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'archdsl.study' has no attribute '{name}'")
    return getattr(importlib.import_module(f"archdsl.study.{_HOME[name]}"), name)
