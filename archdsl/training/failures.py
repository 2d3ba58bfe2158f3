"""Why a trial failed, in words that are the same for the same cause."""

from __future__ import annotations

from archdsl.errors import ArchError


class Diverged(ArchError):
    """The loss of a training is no longer a number."""


DIVERGED = "diverged"
OUT_OF_MEMORY = "out of memory"


def cause_of(error: BaseException) -> str:
    """The cause of a failed trial: "diverged", "out of memory", or type and first line.

    Looks through the errors that an error was raised from.
    """
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if isinstance(link, Diverged):
            return DIVERGED
        if _is_out_of_memory(link):
            return OUT_OF_MEMORY
        link = link.__cause__ or link.__context__
    return first_line(error)


def first_line(error: BaseException) -> str:
    """The type of an error and the first line of its words.

    Of an error in a loader's worker process the last line, which is the error itself.
    """
    text = str(error)
    first = text.partition("\n")[0]
    if "in DataLoader worker process" in first:
        return text.strip().rpartition("\n")[2]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _is_out_of_memory(error: BaseException) -> bool:
    # torch.OutOfMemoryError by name: a driver that trains nothing itself need not import torch
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and (
        "not enough memory" in text or "can't allocate memory" in text or "out of memory" in text
    )
