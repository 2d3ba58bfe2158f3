"""The training of a search's winner, and how the page of the search comes to know of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.errors import ArchError
from archdsl.study.final.winner import won
from archdsl.study.later_looks import on_record
from archdsl.study.record.file_store import LOCK, RECORD
from archdsl.study.record.folder import read_state
from archdsl.study.record.lock import holder
from archdsl.study.record.views import RUN
from archdsl.study.report.trainings import note_training
from archdsl.study.trial import Metrics
from archdsl.task_images import settings_of_run
from archdsl.training.data_source import DataSource

if TYPE_CHECKING:
    from archdsl.language.settings import ProxySettings


def is_run(folder: Path) -> bool:
    """Whether a folder is the run directory of a search."""
    return any((folder / name).is_file() for name in (RECORD, RUN))


def run_on_record(run: Path, folder: Path) -> dict[str, Any]:
    """What of the search stands on record whose winner is trained in a folder."""
    state = read_state(run)
    assert state is not None and state.created is not None, "it has a winner"
    winner = won(state)
    return {
        "folder": os.path.relpath(run.absolute(), folder),
        "name": state.created.name,
        "trial": None if winner is None else winner.trial.number,
    }


@contextmanager
def told_of_looks(
    run: Path | None, settings: ProxySettings, weights: str, say: Callable[[str], None]
) -> Iterator[Callable[[Metrics], None]]:
    """Give what is told of a look at the test split: the record of the search whose split it is.

    settings: of the images that a network is trained on; weights: what they are, in words
    say: called with how often somebody looked there before
    Raises SearchError, before the split is looked at, for a record that cannot be written to.
    """
    known = None if run is None else settings_of_run(run)
    if run is None or known is None or _images(known) != _images(settings):
        yield lambda metrics: None
        return
    with on_record(run, weights) as (words, told):
        say(words)
        yield told


def _images(settings: ProxySettings) -> dict[str, Any]:
    return DataSource.of(settings).record()


def link(run: Path, folder: Path) -> list[str]:
    """Let the page of a search name a training of its winner. Returns what could not be done."""
    from archdsl.study.report import write_report

    try:
        note_training(run, folder)
        if holder(run.absolute() / LOCK) is None:  # who searches writes it anew in the end
            write_report(run)
    except (ArchError, OSError) as error:
        return [f"the page of {run} does not name this training: {error}"]
    return []
