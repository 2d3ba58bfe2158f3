"""The line of the user's own Python at which an error was raised."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

from archdsl.language.neighbours import is_installed
from archdsl.language.nodes import Mark, SourceText

_OURS = Path(__file__).parents[1]
_WHOLE_LINE = 10_000


def failing_line(error: BaseException, shown: Callable[[Path], str] = str) -> Mark | None:
    """The innermost place of an error in files of the user's own; None where there is none.

    shown: what a file is called
    """
    if isinstance(error, SyntaxError) and error.filename and _is_own(error.filename):
        line, column = error.lineno or 1, error.offset or 1
        same_line = error.end_lineno == error.lineno and error.end_offset is not None
        width = (error.end_offset or 0) - column if same_line else 1
        return _mark(error.filename, line, column, max(1, width), shown)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_own(frame.filename):
            same_line = frame.end_lineno == frame.lineno
            begin, end = frame.colno or 0, frame.end_colno or 0
            width = end - begin if same_line and end > begin else _WHOLE_LINE
            return _mark(frame.filename, frame.lineno or 1, begin + 1, width, shown)
    return None


def _is_own(file: str) -> bool:
    path = Path(file)
    return path.is_file() and not path.is_relative_to(_OURS) and not is_installed(path)


def _mark(file: str, line: int, column: int, width: int, shown: Callable[[Path], str]) -> Mark:
    text = Path(file).read_text(encoding="utf-8", errors="replace")
    lines = tuple(text.splitlines())
    return Mark(SourceText(shown(Path(file)), lines), line, column, width)
