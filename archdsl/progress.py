"""How far a piece of work is, for whoever watches it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many parts are done and how many there are."""


def unwatched(done: int, total: int) -> None:
    """Progress that nobody watches."""


def unsaid(words: str) -> None:
    """Words that nobody hears."""
