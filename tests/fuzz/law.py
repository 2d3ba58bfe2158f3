"""What holds of every text: it is a spec, or it is refused in words that can be printed."""

from __future__ import annotations

import resource
import warnings
from collections import Counter

import archdsl
from archdsl.errors import ArchError

LONGEST = 100_000
"""Characters of an error."""


def held(text: str, counted: bool) -> str:
    """What became of a text: "refused", "read", "counted" or "uncounted".

    counted: whether the cost of what can be read is asked for, too
    Raises whatever breaks the law.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            spec = archdsl.loads(text, imports=False)
        except ArchError as error:
            check(error)
            return "refused"
        dumped = spec.dump()
        again = archdsl.loads(dumped, imports=False)
        assert again == spec, "what was written reads back as another spec"
        assert again.dump() == dumped, "what was read back is written otherwise"
        if not counted:
            return "read"
        try:
            archdsl.count(spec)
        except ArchError as error:
            check(error)
            return "uncounted"
        return "counted"


def check(error: ArchError) -> None:
    """Whether an error's text can be printed."""
    said = str(error)
    said.encode()
    assert said and len(said) < LONGEST, f"an error of {len(said):,} characters"
    assert all(c.isprintable() or c in "\n\t" for c in said), ascii(said)
    assert "Traceback" not in said


class Tally:
    """What became of many texts, and the longest CPU time that one took."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.slowest = 0.0

    def add(self, text: str, counted: bool) -> str:
        """Hold a text to the law."""
        before = _seconds()
        what = held(text, counted)
        self.found[what] += 1
        if what in ("refused", "read"):
            self.slowest = max(self.slowest, _seconds() - before)
        return what


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
