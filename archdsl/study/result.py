"""What a search came to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from archdsl.language.settings import Objective
from archdsl.printable import printable_line
from archdsl.study.trial import Trial
from archdsl.units import counted, rounded

if TYPE_CHECKING:
    import pandas

    from archdsl.study.final.entrants import Entrant
    from archdsl.study.final.verdict import Verdict
    from archdsl.study.final.winner import Won
    from archdsl.study.halving.spent import Spent
    from archdsl.study.hypervolume import Hypervolume
    from archdsl.study.survey import Survey

Ending: TypeAlias = Literal["done", "exhausted", "interrupted"]


_TRIALS = 10  # in a notebook: the best of them


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """What a search came to.

    best: the best trial, or None where none succeeded
    winner: whose files a search leaves: the best of its final round, or the best trial where there
        was none; None where no trial succeeded
    trials: all of them, in order, the failed included
    front: with two objectives the trials that no other dominates, else the best alone
    front_members: with two objectives a few networks that stand for it, each with files of its own
    ended: "done", "exhausted" (every architecture inside the budget was tried), "interrupted"
    message: how it ended and how to go on, in words
    survey: the size of the space, and how much of it fits the budget
    folder: the run directory; None for a search that keeps no record
    notes: what else there is to say, such as a winner that cannot be exported
    verdicts: how the winner compares with the default, the baselines and the best at random, by
        each metric; empty where no final round was trained
    hypervolume: how much the front dominates, with two objectives; None where there is no saying
    spent: of a search that prunes, its epochs and what whole trainings would have taken
    objectives: what was made large or small, the first of them first
    claim: what may be claimed of the winner, the sentence that the report begins with; None of a
        search that keeps no record
    finalists: who was trained in the final round, with what each costs; empty without one
    """

    best: Trial | None
    trials: tuple[Trial, ...]
    front: tuple[Trial, ...]
    ended: Ending
    message: str
    survey: Survey
    folder: Path | None
    notes: tuple[str, ...] = ()
    winner: Won | None = None
    verdicts: tuple[Verdict, ...] = ()
    front_members: tuple[Won, ...] = ()
    hypervolume: Hypervolume | None = None
    objectives: tuple[Objective, ...] = ()
    spent: Spent | None = None
    claim: str | None = None
    finalists: tuple[Entrant, ...] = ()

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.ended == "interrupted"

    @property
    def verdict(self) -> Verdict | None:
        """That by the first objective."""
        return self.verdicts[0] if self.verdicts else None

    def to_pandas(self) -> pandas.DataFrame:
        """The trials as a DataFrame of pandas, a row each, the number of the trial as index.

        Columns: `state`, `origin`, `seconds` and `cause`; each metric and each cost by its name;
        each decision by its address, None where a trial was not asked. A metric whose name another
        column has is `metric.NAME`.
        Raises SearchError where pandas is not installed.
        """
        from archdsl.study.frame import frame

        return frame(self.trials)

    def __repr__(self) -> str:
        return f"<Result: {self._words()}>"

    def _repr_html_(self) -> str:
        from archdsl.study.objectives import ranked
        from archdsl.views.card import CardTable, card
        from archdsl.views.rows import Column, TableRow

        names = [one.name for one in self.objectives]
        costs = [name for name in ("macs", "params") if name not in names]
        columns = [
            Column("trial", right=True),
            *(Column(name, right=True) for name in (*names, *costs)),
            Column("answers"),
        ]
        rows = [
            TableRow(
                (
                    str(trial.number),
                    *(_value(trial, name) for name in (*names, *costs)),
                    " ".join(str(answer) for answer in trial.decisions.values()),
                ),
                "best" if trial in self.front else "plain",
            )
            for trial in ranked(self.objectives, self.trials)[:_TRIALS]
        ]
        tables = [CardTable(columns, rows, "trial")] if rows else []
        return card("Result", self._words(), tables, [self.message, *self.notes])

    def _words(self) -> str:
        """How many trials, and the best, on one line."""
        said = [counted(len(self.trials), "trial")]
        if self.best is not None:
            values = ", ".join(
                f"{one.name} {_value(self.best, one.name)}" for one in self.objectives
            )
            said.append(f"the best is {self.best.number}" + (f" with {values}" if values else ""))
        if len(self.front) > 1:
            said.append(f"{len(self.front)} on the front")
        if self.folder is not None:
            said.append(f"in {self.folder}")
        return printable_line(", ".join(said))


def _value(trial: Trial, name: str) -> str:
    if name in trial.costs:
        return f"{trial.costs[name]:,}"
    return rounded(trial.metrics[name]) if name in trial.metrics else ""
