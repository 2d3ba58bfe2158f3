"""An exception as the answer of a verb that failed."""

from __future__ import annotations

from typing import Any

from archdsl.cli.answer import FAULT, MENDABLE, Answer
from archdsl.errors import ArchError, SpecError


class UsageError(ArchError):
    """A command line that archdsl does not understand."""


def failed(error: Exception) -> Answer:
    """What to say of an error, and whose it is to mend."""
    if isinstance(error, ArchError):
        return Answer({"error": _described(error)}, str(error), MENDABLE)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
        return Answer({"error": {"type": "OSError", "message": text}}, text, MENDABLE)
    import traceback

    trace = "".join(traceback.format_exception(error)).rstrip()
    data = {"type": type(error).__name__, "message": str(error), "traceback": trace}
    text = (
        f"{trace}\nthis is a fault of archdsl, not of yours: please report it with the lines above"
    )
    return Answer({"error": data}, text, FAULT)


def _described(error: ArchError) -> dict[str, Any]:
    described: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    if isinstance(error, SpecError):
        described |= {"problem": error.problem, "address": error.address, "cure": error.cure}
        if error.mark is not None:
            described |= {
                "file": error.mark.source.name,
                "line": error.mark.line,
                "column": error.mark.column,
            }
    return described
