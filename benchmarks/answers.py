"""Reads a table that somebody else made: a CSV of answers and figures, a training a row.

    params.width,stages.0.depth,stages.0.token_mixer,accuracy
    6,2,pooling,0.514

A column for each decision of the space, by its address; a cell is the answer as a record has it,
and empty where a member is not asked. Members of which several rows are given, or several
columns of the metric, were trained with several seeds.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean, variance
from typing import TYPE_CHECKING, Any, NoReturn

from archdsl.components.options import written
from archdsl.errors import ArchError
from archdsl.spelling import did_you_mean
from archdsl.units import counted
from benchmarks.problem import key

if TYPE_CHECKING:
    from archdsl import Space
    from archdsl.language.holes import Hole


@dataclass(frozen=True, slots=True)
class Columns:
    """What is called how in a table.

    metrics: columns of the figure that a search sees, one for each seed
    costs: kind -> column, to be held against what archdsl counts
    ignored: columns of which nothing is read
    """

    metrics: tuple[str, ...]
    costs: Mapping[str, str]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """A member of the table. macs: as archdsl counts; figures: one for each training"""

    decisions: dict[str, Any]
    macs: int
    costs: dict[str, int]
    figures: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over its trainings."""
        return fmean(self.figures)


class Answers:
    """The members of a table, each held to be one of the space."""

    def __init__(self, path: Path, space: Space, columns: Columns) -> None:
        """Read a file. Raises ArchError, with the line and the column, for what is wrong in it."""
        self.path, self.space = path, space
        self._columns = columns
        self._names: list[str] = []
        self._check_columns()
        self.members: dict[str, Tried] = {}
        self._read: dict[tuple[str, ...], dict[str, Any]] = {}
        for line, cells in self._rows():
            self._take(line, cells)
        if not self.members:
            self._refuse(1, None, "there is no row behind the heading", "write a training a row")

    @cached_property
    def missing(self) -> int:
        """How many members of the space the table lacks."""
        return self.space.size - len(self.members)

    def first_missing(self) -> dict[str, Any]:
        """The answers of one that it lacks."""
        all_of_them = (dict(one.decisions) for one in self.space.enumerate())
        return next(one for one in all_of_them if key(one) not in self.members)

    def words(self) -> str:
        """How large it is and how much its figures vary, for people."""
        members = list(self.members.values())
        trainings = sum(len(one.figures) for one in members)
        said = f"{counted(len(members), 'member')} of {self.space.size:,}, "
        said += counted(trainings, "training")
        varied = [variance(one.figures) for one in members if len(one.figures) > 1]
        if varied:
            said += f"; a standard deviation of {fmean(varied) ** 0.5:.4g} between those of one"
            said += ", whose mean a member is judged by"
        return said

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        try:
            # utf-8-sig: a spreadsheet writes a mark before the heading
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, strict=True)
                heading = next(reader, None)
                if not heading:
                    self._refuse(1, None, "there is no heading", "name the columns there")
                self._names = [name.strip() for name in heading]
                self._check_heading()
                for cells in reader:
                    if cells:  # an empty line
                        yield reader.line_num, [cell.strip() for cell in cells]
        except OSError as error:
            raise ArchError(f"{self.path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ArchError(f"{self.path} is no text in UTF-8.  save it as such") from None
        except csv.Error as error:
            self._refuse(reader.line_num, None, f"it is no CSV ({error})", 'quote cells with "')

    def _check_columns(self) -> None:
        """Refuse columns that would be read as two things."""
        said = self._columns
        names = [*said.metrics, *said.costs.values(), *said.ignored]
        for name in names:
            if names.count(name) > 1:
                raise ArchError(f"{name} is named twice as a metric, a cost or ignored.  once is "
                                "enough")  # fmt: skip
            if name in self.space.decisions:
                raise ArchError(f"{name} is a decision of the space, and its column is that of the "
                                "answers.  give figures a column of their own")  # fmt: skip

    def _check_heading(self) -> None:
        names, said = self._names, self._columns
        if len(names) == 1 and any(sign in names[0] for sign in ";\t"):
            self._refuse(1, None, "the cells are not parted by commas", "save it with commas")
        for at, name in enumerate(names, start=1):
            if not name:
                self._refuse(1, None, f"column {at} has no name", "name it, or leave it out")
            if name in names[: at - 1]:
                self._refuse(1, name, "two columns are called so", "leave one of them out")
        decisions, costs = self.space.decisions, said.costs.values()
        known = {*decisions, *said.metrics, *costs, *said.ignored}
        for name in names:
            if name not in known:
                guess = did_you_mean(name, decisions, before="  ")
                self._refuse(
                    1, name, f"the space has no such decision.{guess}",
                    f"leave the column out, or pass over it with  --ignore {name}", gap="  ",
                )  # fmt: skip
        for name in decisions:
            if name not in names:
                takes = " ".join(map(written, decisions[name].answers))
                self._refuse(1, name, "there is no such column, and the space asks for it",
                             f"it takes: {takes}")  # fmt: skip
        for name in (*said.metrics, *costs, *said.ignored):
            if name not in names:
                guess = did_you_mean(name, names, before="  ")
                self._refuse(1, name, f"there is no such column.{guess}",
                             f"its columns: {' '.join(names)}", gap="  ")  # fmt: skip

    def _take(self, line: int, cells: Sequence[str]) -> None:
        if len(cells) != len(self._names):
            many = f"{counted(len(cells), 'cell')} stand under {counted(len(self._names), 'name')}"
            self._refuse(line, None, many, "give each column one")
        row = dict(zip(self._names, cells, strict=True))
        said = tuple(row[address] for address in self.space.decisions)
        if said not in self._read:  # of several seeds once
            self._read[said] = self._member(line, row)
        decisions = self._read[said]
        figures = tuple(self._number(line, name, row[name]) for name in self._columns.metrics)
        name = key(decisions)
        known = self.members.get(name)
        if known is None:
            totals = self.space.cost(self.space.member(decisions)).totals()
            known = Tried(decisions, totals["macs"], totals, ())
        self._hold_costs(line, row, known)
        self.members[name] = Tried(
            known.decisions, known.macs, known.costs, (*known.figures, *figures)
        )

    def _member(self, line: int, row: Mapping[str, str]) -> dict[str, Any]:
        """The answers of a row, which are those of one member."""

        def ask(address: str, hole: Hole) -> Any:
            if not row[address]:
                self._refuse(line, address, "the cell is empty, and this member is asked",
                             f"it takes: {' '.join(map(written, hole.answers))}")  # fmt: skip
            found = _answer(hole, row[address])
            if found is None:
                self._refuse(line, address, f"'{row[address]}' is no answer to it",
                             f"it takes: {' '.join(map(written, hole.answers))}")  # fmt: skip
            return found[0]

        decisions = dict(self.space.resolve(ask).decisions)
        for address in self.space.decisions:
            if row[address] and address not in decisions:
                self._refuse(line, address, f"'{row[address]}' stands there, and with the other "
                             "answers of this row nobody asks", "leave the cell empty")  # fmt: skip
        return decisions

    def _number(self, line: int, name: str, text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            self._refuse(line, name, f"'{text}' is no finite number",
                         "leave out the row of a training that came to none")  # fmt: skip
        return found

    def _hold_costs(self, line: int, row: Mapping[str, str], member: Tried) -> None:
        for kind, column in self._columns.costs.items():
            if self._number(line, column, row[column]) != member.costs[kind]:
                self._refuse(
                    line, column,
                    f"it says {row[column]}, and archdsl counts {member.costs[kind]:,} {kind}",
                    "a search keeps to what archdsl counts: pass over the column with  --ignore "
                    f"{column}",
                )  # fmt: skip

    def _refuse(
        self, line: int, column: str | None, problem: str, cure: str, gap: str = ".  "
    ) -> NoReturn:
        where = f"{self.path}:{line}" + ("" if column is None else f": {column}")
        raise ArchError(f"{where}: {problem}{gap}{cure}")


def _answer(hole: Hole, text: str) -> tuple[Any] | None:
    """The answer that a cell says, in a tuple, for an answer may be None; None where it is none.

    As a record has it, or as other programs write the same: `True`, and `6.0` for 6.
    """
    for answer in hole.answers:
        if text in (written(answer), str(answer)):
            return (answer,)
    try:
        number = float(text)
    except ValueError:
        return None
    same = (one for one in hole.answers if type(one) in (int, float) and one == number)
    found = next(same, None)
    return None if found is None else (found,)
