"""Why trials fail, and when failing again would teach nothing."""

from __future__ import annotations

import re
import traceback

from archdsl.errors import ArchError
from archdsl.study.trial import Fault, Trial
from archdsl.training.failures import DIVERGED, OUT_OF_MEMORY, cause_of

AT_FIRST, LATER = 3, 10
"""Failures of one cause in a row that stop a search: before its first success, and after.

Before it they speak of the set-up, and a fourth would teach nothing. Afterwards they may speak of
the architectures, a third of which may well be too large or diverge; ten in a row hardly do.
"""

LONGEST = 2_000
"""Signs of a cause that are recorded; the whole stands in the trial's folder."""

_MORE = " ... (the whole is in error.txt of the trial's folder)"
_FRAMES = 5
_FIGURES = re.compile(r"0x[0-9a-f]{6,}|[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)


def described(error: BaseException) -> tuple[str, str]:
    """The cause of an exception in words, and the last frames of where it was raised.

    The words are cut at `LONGEST`; `whole` has all of them.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    lines = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    try:
        cause = cause_of(error)
    except Exception:  # its own __str__ raises
        cause = f"{type(error).__name__}, whose words cannot be had"
    if isinstance(error, ArchError):
        cause = cause.removeprefix(f"{type(error).__name__}: ")
    return _cut(cause), "\n".join(lines)


def fault(cause: str) -> Fault:
    """Of which kind a failure is that was described so."""
    if cause == OUT_OF_MEMORY:
        return "memory"
    return "diverged" if cause == DIVERGED else "error"


def whole(error: BaseException) -> str:
    """An exception as Python shows it, however long; what cannot be shown is said to be so."""
    try:
        return "".join(traceback.format_exception(error))
    except Exception:
        return f"{type(error).__name__}, whose words cannot be had\n"


def is_cut(cause: str) -> bool:
    """Whether a cause says less than its exception did."""
    return cause.endswith(_MORE)


def _cut(cause: str) -> str:
    return cause if len(cause) <= LONGEST else cause[: LONGEST - len(_MORE)] + _MORE


def same(one: str, other: str) -> bool:
    """Whether two causes are one: shapes and sizes in them may differ."""
    return _FIGURES.sub("#", one) == _FIGURES.sub("#", other)


class Failures:
    """Counts failures of one cause in a row, of trials that are heard in order.

    succeeded: whether any was trained without failing
    """

    def __init__(self) -> None:
        self.succeeded = False
        self._streak, self._cause = 0, ""

    def succeed(self) -> None:
        """Hear that the next trial came to a figure, whatever becomes of it later."""
        self.succeeded, self._streak = True, 0

    def hopeless(self, trial: Trial) -> bool:
        """Hear the next trial; whether the one after it would fail like it.

        A search that stopped of it and was started again gets as many failures once more.
        """
        if not trial.trained:
            return False
        if trial.cause is None:
            self.succeed()
            return False
        alike = self._streak > 0 and same(trial.cause, self._cause)
        self._streak, self._cause = (self._streak if alike else 0) + 1, trial.cause
        return self._streak % self.limit == 0

    @property
    def limit(self) -> int:
        """How many failures of one cause in a row are enough."""
        return LATER if self.succeeded else AT_FIRST
