"""Why a trial failed, in words that are the same for the same cause."""

from __future__ import annotations

import errno
import re

from archdsl.errors import ArchError, SearchError


class Diverged(ArchError):
    """The loss of a training is no longer a number."""


class NotDivisible(SearchError):
    """The batches of a training cannot be taken in parts."""


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
        if _lacks_memory(link):
            return OUT_OF_MEMORY
        link = link.__cause__ or link.__context__
    return first_line(error)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was wanting, on the machine or on its accelerator.

    Looks through the errors that an error was raised from, as `cause_of` does.
    """
    return cause_of(error) == OUT_OF_MEMORY


def first_line(error: BaseException) -> str:
    """The type of an error and the first line of its words.

    Of an error in a loader's worker process the last line, which is the error itself.
    """
    text = str(error)
    first = text.partition("\n")[0]
    if "in DataLoader worker process" in first:
        return text.strip().rpartition("\n")[2]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


_NO_MEMORY = re.compile(
    "out of memory|not enough memory|can't allocate memory|cannot allocate memory"
    "|CU(DNN|BLAS|SPARSE|FFT|SOLVER)_(STATUS_)?ALLOC_FAILED",
    re.IGNORECASE,
)
"""What torch's allocators say, and the libraries of an accelerator that allocate for themselves."""


def _lacks_memory(error: BaseException) -> bool:
    # torch.OutOfMemoryError by name: a driver that trains nothing itself need not import torch
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and _NO_MEMORY.search(str(error)) is not None
