"""The phase that looks at the test split, once the trials are spent.

What is seen there is recorded and never read by what proposes, judges or ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import TYPE_CHECKING

from archdsl.errors import ArchError
from archdsl.study.engines.job import EngineEvent, Job, Over
from archdsl.study.phases.again import BROKEN, LOST, MOST_BROKEN
from archdsl.study.record.events import Event, Looked, Training
from archdsl.study.record.state import State
from archdsl.study.record.turn import Next
from archdsl.study.trial import to_json

if TYPE_CHECKING:
    from archdsl.study.phases.jobs import Jobs
    from archdsl.study.record.folder import RunFolder


class Looking:
    """Has every training of the final round judged on the test split, unless that was done.

    Without a final round those are the winner's and that of the trial it started from. Every look
    stays on record: a search that goes on looks again, and its report says how often. One whose
    worker was killed is taken again, as a training goes on.

    hold: raises ArchError where the data are no longer those of the trials
    notes: what went wrong, in words
    """

    def __init__(self, run: RunFolder, jobs: Jobs, hold: Callable[[], None]) -> None:
        self.notes: list[str] = []
        self._run, self._jobs, self._hold = run, jobs, hold
        self._broken = 0
        self._held = False

    def next(self, state: State, busy: Set[Training]) -> Next | None:
        """The next training to look with; none after something went wrong."""
        training = next((one for one in self._missing(state) if one not in busy), None)
        if training is None or self.notes:
            return None
        if not self._held:
            try:
                self._hold()
            except ArchError as error:
                self._note(str(error))
                return None
            self._held = True
        return Next(training=training)

    def job(self, training: Training, state: State) -> Job:
        """The job of looking with what a training left."""
        return self._jobs.look(training, state)

    def heard(self, event: EngineEvent, state: State) -> tuple[Event, ...]:
        """What was seen."""
        match event:
            case Over(job, outcome) if outcome.state == "complete":
                return (Looked(job.training, "test", to_json(outcome.metrics), outcome.seen),)
            case Over(_, outcome) if outcome.fault == LOST:
                pass  # it is taken again
            case Over(_, outcome) if outcome.fault in BROKEN and self._broken < MOST_BROKEN:
                self._broken += 1
            case Over(_, outcome):
                self._note(outcome.cause or outcome.state)
        return ()

    def _missing(self, state: State) -> list[Training]:
        return [
            one for one in self._wanted(state)
            if one not in state.looks and self._run.has(self._run.weights_of_training(one))
        ]  # fmt: skip

    def _wanted(self, state: State) -> list[Training]:
        final = state.rounds.last
        done = final.over.items() if final is not None and final.done else ()
        complete = [one for one, over in done if over.state == "complete"]
        if complete:
            return complete
        if state.best is None:
            return []
        return [self._jobs.training(number) for number in dict.fromkeys((0, state.best.number))]

    def _note(self, cause: str) -> None:
        self.notes.append(f"the test split was not looked at: {cause}")
