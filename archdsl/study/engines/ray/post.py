"""The actor on the driver's node through which tasks tell what happens."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, TypeAlias

Letter: TypeAlias = tuple[int, dict[str, Any]]
"""The number of an attempt at a job, and what is said of it, as values that JSON can hold."""


class Post:
    """Keeps what tasks say until the driver asks for it, in the order in which it was said.

    A task waits until it is heard, so that all its words are here once it has ended.
    """

    def __init__(self) -> None:
        self._letters: list[Letter] = []
        self._cancelled: set[int] = set()
        self._any = asyncio.Event()

    async def say(self, attempt: int, said: list[dict[str, Any]]) -> bool:
        """Take words of an attempt; whether it was cancelled."""
        self._letters += [(attempt, one) for one in said]
        if said:
            self._any.set()
        return attempt in self._cancelled

    async def letters(self, seconds: float) -> list[Letter]:
        """All that was said since the last time, as soon as there is anything.

        seconds: how long that is waited for
        """
        if seconds and not self._letters:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._any.wait(), seconds)
        self._any.clear()
        found, self._letters = self._letters, []
        return found

    async def cancel(self, attempt: int) -> None:
        """Let an attempt end after its epoch."""
        self._cancelled.add(attempt)
