"""Why trials fail, and when failing again would teach nothing."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable
from itertools import takewhile

from archdsl.proxy.failures import cause_of
from archdsl.study.trial import Trial

IN_A_ROW = 3
"""This many failures of one cause, with no success between them, stop a search."""

_FRAMES = 5
_FIGURES = re.compile(r"0x[0-9a-f]+|[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)


def described(error: Exception) -> tuple[str, str]:
    """The cause of an exception in words, and the last frames of where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    lines = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return cause_of(error), "\n".join(lines)


def same(one: str, other: str) -> bool:
    """Whether two causes are one: shapes and sizes in them may differ."""
    return _FIGURES.sub("#", one) == _FIGURES.sub("#", other)


def streak(trials: Iterable[Trial]) -> int:
    """How many of the last trials failed, one after another, of the cause of the last."""
    backwards = list(trials)[::-1]
    if not backwards or backwards[0].cause is None:
        return 0
    cause = backwards[0].cause
    alike = takewhile(lambda t: t.cause is not None and same(t.cause, cause), backwards)
    return sum(1 for _ in alike)
