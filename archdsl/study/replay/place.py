"""Where a training ran, beside where it is to run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.study.identity.changes import value_changes
from archdsl.study.identity.setup import basis

if TYPE_CHECKING:
    from archdsl.study.record.state import State
    from archdsl.study.replay.trainings import Recorded

CPU = "cpu"


def differences(state: State, recorded: Recorded, *, one_thread: bool) -> tuple[str, ...]:
    """What is different now from all sessions that a training ran in, in words.

    Where there is nothing, every digit is to come again.

    one_thread: whether it is so small that it takes one thread, whatever there are
    """
    here = basis()
    found: dict[str, None] = {}
    if here["device"] != CPU:
        found["on an accelerator figures do not come again to the digit"] = None
    for part in recorded.parts:
        if part.session is None:
            found["where it ran is not on record"] = None
            continue
        then = state.sessions[part.session]
        machine = {name: said for name, said in then.machine.items() if name in here}
        was = {**machine, **then.versions, **part.there}
        found |= dict.fromkeys(value_changes(was, here))
        if not one_thread and "training_threads" not in then.machine:
            found["how many threads it had is not on record"] = None
    return tuple(found)


def threads_of(state: State, session: int | None) -> int | None:
    """Of torch, that a training had in a session; None where nothing is on record of it."""
    if session is None:
        return None
    known = state.sessions[session].machine
    said = known.get("training_threads", known.get("threads", ""))
    return int(said) if said.isdecimal() and int(said) > 0 else None
