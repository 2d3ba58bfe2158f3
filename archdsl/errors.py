"""Every error that a user can meet.

An `ArchError` is a mistake that the user can mend: its text says where, what, and what
instead. The command line prints it without a traceback and exits with 2. Anything else that
escapes is a fault of archdsl.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from archdsl.printable import printable, printable_line, same_width, without_endless_lines


class NamedText(Protocol):
    """A text."""

    @property
    def name(self) -> str:
        """Where it comes from."""


class PlaceInText(Protocol):
    """A place in a text; `str` of it is where that is."""

    @property
    def source(self) -> NamedText:
        """The text."""

    @property
    def line(self) -> int:
        """Counted from 1."""

    @property
    def column(self) -> int:
        """Counted from 1."""

    def snippet(self) -> list[str]:
        """The line in question, and a line that points to the place."""


class ArchError(Exception):
    """A mistake that the user can mend; the text says where, what, and what instead.

    What its text holds of others, such as a name, is shown escaped where it would not print.
    """

    def __str__(self) -> str:
        return without_endless_lines(printable(super().__str__()))


class BuildError(ArchError):
    """A spec that is well written but cannot become the module that was asked for."""


class CountError(ArchError):
    """A cost that cannot be known exactly, such as an operator without a counting rule."""


class SearchError(ArchError):
    """A search that cannot start or go on: its budget, its data, its record."""


class BenchError(ArchError):
    """A measurement that cannot be made: a device that is not here, a network that fails."""


class ExportError(ArchError):
    """A network that cannot leave the tool in the form that was asked for."""


class ExportDiffers(ExportError):
    """Exported files that do not say what the model says; the text names the layer."""


class SpecError(ArchError):
    """A mistake in a spec.

    problem: what is wrong, in words, one line
    address: the address of the value that is wrong, `stages.2.token_mixer`; may be empty
    mark: where it stands in the text; None for a value that was never text
    cure: further lines that say what to write instead; may be empty
    """

    def __init__(
        self, problem: str, *, address: str = "", mark: PlaceInText | None = None, cure: str = ""
    ) -> None:
        self.problem = problem
        self.address = address
        self.mark = mark
        self.cure = cure
        super().__init__(str(self))

    def at(self, address: str, mark: PlaceInText | None = None) -> SpecError:
        """The same with its place, where it has none of its own: a walker adds what it knows."""
        return SpecError(
            self.problem,
            address=self.address or address,
            mark=self.mark if self.mark is not None else mark,
            cure=self.cure,
        )

    def __str__(self) -> str:
        head = ": ".join(part for part in (self.address, self.problem) if part)
        if self.mark is not None:
            head = f"{self.mark}: {head}"
        lines = [printable_line(head)]
        if self.mark is not None:
            lines += map(same_width, self.mark.snippet())
        lines += [f"  {line}" for line in printable(self.cure).splitlines()]
        return without_endless_lines("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Misfit:
    """What a component's torch-free `check` returns when it does not fit where it stands.

    problem: completes "<type> ...", as in "cannot split into heads of 32"
    cure: what to choose instead; may be empty
    about: the context name that is at fault, such as "dim"; empty for the component itself
    """

    problem: str
    cure: str = ""
    about: str = ""
