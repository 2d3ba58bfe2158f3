"""What a verb leaves behind: the same facts for programs and for people, and an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DONE, FAULT, MENDABLE, INTERRUPTED, GONE = 0, 1, 2, 130, 141
DIFFERENT = 1
"""Of `replay`, where what is to come again does not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a verb.

    data: what `--json` prints, a list where several things were asked for
    text: what a person reads; code: the exit code
    is_file: whether the text is that of a file, which a pipe gets as it is
    """

    data: dict[str, Any] | list[dict[str, Any]]
    text: str
    code: int = DONE
    is_file: bool = False
