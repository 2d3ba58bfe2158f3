"""What is written to a terminal, and what is drawn on one. All of it passes here.

Text is never markup: `[bold]` and `:smile:` in a name are those characters.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from archdsl.errors import ArchError
from archdsl.printable import encodable, printable, printable_json, printable_line
from archdsl.views.rows import Column, TableRow, Tone

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

_STYLES: dict[Tone, str] = {
    "plain": "", "quiet": "dim", "good": "green", "best": "bold green", "bad": "red",
}  # fmt: skip


class Unwritable(ArchError):
    """A standard stream that takes nothing more."""


def say(text: str, stream: TextIO) -> None:
    """Write a text and end its line. As all that writes, raises Unwritable where that fails."""
    _write(printable(text), stream)


def say_line(text: str, stream: TextIO) -> None:
    """Write a text as one line, whatever is in it."""
    _write(printable_line(text), stream)


def say_file(text: str, stream: TextIO) -> None:
    """Write what is to be a file and end its line; as it is, unless a terminal is to show it."""
    if stream.isatty():
        say(text, stream)
    else:
        _print(text, stream)


def say_json(text: str, stream: TextIO) -> None:
    """Write JSON and end its line; who reads it gets the very strings."""
    _write(printable_json(text), stream)


def _write(text: str, stream: TextIO) -> None:
    _print(encodable(text, stream.encoding), stream)


def _print(text: str, stream: TextIO) -> None:
    name, to = ("standard error", "2>") if stream is sys.stderr else ("standard output", ">")
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        raise  # whoever read it has gone, and needs no words
    except UnicodeEncodeError as error:
        raise Unwritable(
            f"{name} is {error.encoding}, and the text has {error.object[error.start]!a}.  write "
            "it to a file with  -o, or set PYTHONIOENCODING=utf-8"
        ) from None
    except (OSError, ValueError) as error:
        reason = "it is closed"
        if isinstance(error, OSError) and error.errno != errno.EBADF:
            reason = (error.strerror or str(error)).lower()
        raise Unwritable(
            f"{name} cannot be written: {reason}.  send it elsewhere, as with  {to} FILE"
        ) from None


@contextmanager
def busy(what: str, *, by_itself: bool = True) -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is being done and since when, for as long as it is being done.

    Yields a function that says what is being done now.

    by_itself: whether the time is drawn anew ten times a second, by a thread; else only where
        something is said, so that nothing runs beside what is being timed
    """
    if not sys.stderr.isatty():
        yield lambda what: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    shown = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*shown, console=console, transient=True, auto_refresh=by_itself) as progress:
        task = progress.add_task(printable_line(what), total=None)
        yield lambda what: progress.update(
            task, description=printable_line(what), refresh=not by_itself
        )


def line(text: str, tone: Tone = "plain") -> Text:
    """A text on one line."""
    from rich.text import Text

    return Text(printable_line(text), style=_STYLES[tone])


def table(columns: Sequence[Column], rows: Sequence[TableRow]) -> Table:
    """Rows under their headings."""
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    for one in columns:
        drawn.add_column(
            line(one.heading),
            justify="right" if one.right else "left",
            no_wrap=not one.wraps,
            ratio=1 if one.cut else None,
            overflow="ellipsis",
        )
    for row in rows:
        drawn.add_row(*map(line, row.cells), style=_STYLES[row.tone])
    return drawn


def bar(done: int, total: int, text: str) -> Table:
    """How far it is as a bar, and in words beside it."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    grid = Table.grid(padding=(0, 1))
    grid.add_row(ProgressBar(total=max(total, 1), completed=done, width=24), line(text))
    return grid


class Picture:
    """A drawing at the bottom of a terminal that is drawn anew, and lines above it that stay.

    parts: gives what is to be drawn now, from top to bottom
    """

    def __init__(self, console: Console, parts: Callable[[], Sequence[RenderableType]]) -> None:
        from rich.live import Live

        self._console = console
        self._parts = parts
        self._live = Live(
            console=console,
            get_renderable=self.drawn,
            refresh_per_second=2,
            redirect_stdout=sys.stdout.isatty(),  # what goes to a file is to stay there
            redirect_stderr=sys.stderr.isatty(),
        )

    @property
    def height(self) -> int:
        """Of the terminal, in lines."""
        return self._console.height

    def __enter__(self) -> Picture:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def say(self, text: str) -> None:
        """A line above the drawing."""
        self._console.print(line(text), highlight=False)

    def drawn(self) -> RenderableType:
        """The drawing as it is now."""
        from rich.console import Group

        return Group(*self._parts())


def console(stream: TextIO) -> Console:
    """A terminal to draw on."""
    from rich.console import Console

    return Console(file=stream)
