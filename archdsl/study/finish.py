"""What is done once a search has ended: the winner, one look at the test split, the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from archdsl import threads
from archdsl.errors import ArchError
from archdsl.language.settings import SearchSettings
from archdsl.study.events import Listener, Preparing
from archdsl.study.objectives import front
from archdsl.study.trial import to_json
from archdsl.study.winner import write_winner

if TYPE_CHECKING:
    from archdsl.study.run_folder import RunFolder
    from archdsl.study.trial import Trial
    from archdsl.training.prepare import Prepared

    Hold: TypeAlias = Callable[[], Prepared | None]


def finish(
    run: RunFolder, settings: SearchSettings, emit: Listener, hold: Hold | None
) -> list[str]:
    """Write all that a search leaves but its record. Returns what there is to say besides.

    hold: gives the data, and raises SearchError where they are no longer those of the trials;
        None where there is to be no look at the test split
    """
    from archdsl.study.report import write_report

    notes: list[str] = []
    leaders = front(settings.objectives, run.trials)
    if leaders:
        best = leaders[0]
        if hold is not None:
            emit(Preparing("looking at the test split"))
            try:
                look(run, settings, best, hold)
            except ArchError as error:
                notes.append(f"the test split was not looked at: {error}")
        emit(Preparing("writing the winner and the report"))
        notes += write_winner(run, best, settings, run.looks().get(best.number))
    write_report(run.folder)
    return notes


def look(run: RunFolder, settings: SearchSettings, best: Trial, hold: Hold) -> None:
    """Judge the winner and the trial it started from on the test split, unless that was done.

    Every look stays on record: a search that goes on and finds another winner looks again, and
    its report says how often. Raises SearchError.
    """
    from archdsl.checkpoints import load_into
    from archdsl.compiler.builder import build
    from archdsl.training.evaluate import evaluate
    from archdsl.training.recipe import Recipe

    looks = run.looks()
    missing = [
        trial for trial in dict.fromkeys((run.trials[0].number, best.number))
        if trial not in looks and run.weights_of(trial).exists()
    ]  # fmt: skip
    if not missing:
        return
    data = hold()
    assert data is not None, "there is a look only where there was training"
    for trial in missing:
        model = build(run.trials[trial].spec.network())
        load_into(model, run.weights_of(trial))
        with threads.for_work(run.trials[trial].costs["macs"] * settings.proxy.batch):
            metrics = evaluate(model, Recipe.of(settings.proxy), data, "test")
        looks[trial] = to_json(metrics)
    run.note_looks(looks)
