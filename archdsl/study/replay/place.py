"""Where a training ran, beside where it is to run again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archdsl.study.identity.changes import value_changes
from archdsl.study.identity.setup import machine, versions

if TYPE_CHECKING:
    from archdsl.study.record.events import Session
    from archdsl.study.record.state import State
    from archdsl.study.replay.trainings import Recorded

CPU = "cpu"

_MACHINE = ("system", "processor", "cpu", "instructions", "device")
"""What figures may follow from. How many cores there are is none: threads are as they were."""


def differences(state: State, recorded: Recorded, *, one_thread: bool) -> tuple[str, ...]:
    """What is different now from all sessions that a training ran in, in words.

    Where there is nothing, every digit is to come again.

    one_thread: whether it is so small that it takes one thread, whatever there are
    """
    now_machine, now_versions = machine(), versions()
    found: dict[str, None] = {}
    if now_machine["device"] != CPU:
        found["on an accelerator figures do not come again to the digit"] = None
    for part in recorded.parts:
        if part.session is None:
            found["where it ran is not on record"] = None
            continue
        then = state.sessions[part.session]
        found |= dict.fromkeys(_differences(then, now_machine, now_versions))
        if not one_thread and "training_threads" not in then.machine:
            found["how many threads it had is not on record"] = None
    return tuple(found)


def _differences(then: Session, now: Mapping[str, str], packages: Mapping[str, str]) -> list[str]:
    was = {name: then.machine[name] for name in _MACHINE if name in then.machine}
    here = {name: now[name] for name in _MACHINE}
    return [*value_changes(was, here), *value_changes(then.versions, packages)]


def threads_of(state: State, session: int | None) -> int | None:
    """Of torch, that a training had in a session; None where nothing is on record of it."""
    if session is None:
        return None
    known = state.sessions[session].machine
    said = known.get("training_threads", known.get("threads", ""))
    return int(said) if said.isdecimal() and int(said) > 0 else None
