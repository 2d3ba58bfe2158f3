"""Jobs from trials: all that an engine has to know of one, as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.language.settings import SearchSettings
from archdsl.study.engines.job import Job, Task
from archdsl.study.objectives import first_metric
from archdsl.study.record.events import Training

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.record.folder import RunFolder


class Jobs:
    """Makes the jobs of a search. schedule: a recipe as plain values; None for an `evaluate`."""

    def __init__(
        self,
        space: Space,
        settings: SearchSettings,
        run: RunFolder,
        schedule: dict[str, Any] | None,
    ) -> None:
        self._text = space.spec.dump()
        self._base = str(Path(space.spec.folder).absolute())
        self._settings, self._run, self._schedule = settings, run, schedule

    def judge(self, trial: int, decisions: dict[str, Any]) -> Job:
        """The job of judging a candidate, from its first epoch, in an empty folder."""
        return self._job("judge", trial, decisions, self._run.begin_trial(trial))

    def look(self, trial: int, decisions: dict[str, Any]) -> Job:
        """The job of looking at the test split with the weights that a trial left."""
        return self._job("look", trial, decisions, self._run.folder_of(trial))

    def _job(self, task: Task, trial: int, decisions: dict[str, Any], folder: Path) -> Job:
        return Job(
            task=task,
            training=Training(trial, "search", self._settings.seed, 0),
            space=self._text,
            base=self._base,
            decisions=dict(decisions),
            schedule=self._schedule,
            metric=first_metric(self._settings.objectives),
            folder=str(folder),
        )
