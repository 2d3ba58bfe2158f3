"""What a word that nothing is called may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import accumulate

ALIKE = 0.6
"""How much of two words is the same where one may be the other misspelt, from 0 to 1."""

LETTERS = 50_000
"""Of known words that a word is compared with; what comes later is not looked at."""


def similar(word: str, known: Iterable[str], most: int = 1, alike: float = ALIKE) -> list[str]:
    """The known words that are most like a word, the likest first."""
    words = list(known)
    first = zip(words, accumulate(map(len, words)), strict=True)
    compared = [known for known, letters in first if letters <= LETTERS]
    return difflib.get_close_matches(word, compared, n=most, cutoff=alike)


def did_you_mean(
    word: str,
    known: Iterable[str],
    most: int = 1,
    *,
    before: str = "",
    after: str = "",
    quoted: str = "'{}'",
    alike: float = ALIKE,
) -> str:
    """The question by which an error ends or goes on; empty where no known word is like it.

    >>> did_you_mean("kernal", ["kernel", "ratio"], after="  ")
    "did you mean 'kernel'?  "

    before, after: what parts the question from the rest of the error, where it is asked
    quoted: how a word is shown, as "${}"
    """
    found = similar(word, known, most, alike)
    if not found:
        return ""
    return f"{before}did you mean {' or '.join(map(quoted.format, found))}?{after}"
