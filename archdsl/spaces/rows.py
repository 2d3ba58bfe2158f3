"""The parts of a space, each with a row for every record of answers to what it asks.

A part is a position that costs something by itself: a stem, what leads into a stage, the token
mixer of a block. What it costs follows from its own answers, from answers that it shares with
other parts (params, a hole of `block:`), and from the shape of the map that it works on. Given
that shape, its rows are few, however large the space is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from archdsl.compiler.checks import no_checks
from archdsl.compiler.combinations import every_record
from archdsl.compiler.geometry import MapState
from archdsl.compiler.lower import Lowering
from archdsl.language.decisions import Holes
from archdsl.language.document import Document
from archdsl.language.holes import Answer, Hole
from archdsl.spaces.reach import Record, Records

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """One combination of answers to the questions of a part.

    shared: the answers that other parts depend on too; own: those asked here alone
    value: what the part is with these answers
    answers: all of them, in the order in which they are asked
    """

    shared: Record
    own: Record
    value: T
    answers: Record


_Groups: TypeAlias = "list[tuple[tuple[str, ...], bool, dict[tuple[Any, ...], list[int]]]]"


class PartRows(Generic[T]):
    """The rows of one position, looked up by the shared answers."""

    def __init__(self, rows: Iterable[Row[T]]) -> None:
        self.rows = list(rows)
        self.addresses = tuple(sorted({a for row in self.rows for a, _ in row.shared}))
        self._groups: dict[tuple[str, ...], _Groups] = {}

    def pick(self, shared: Mapping[str, Answer]) -> list[Row[T]]:
        """The rows that ask for no shared answer but these."""
        return self._agreeing(shared, whole=True)

    def pick_any(self, shared: Mapping[str, Answer]) -> list[Row[T]]:
        """The rows that disagree with none of the shared answers given."""
        return self._agreeing(shared, whole=False)

    def _agreeing(self, shared: Mapping[str, Answer], whole: bool) -> list[Row[T]]:
        known = tuple(address for address in self.addresses if address in shared)
        if known not in self._groups:
            self._groups[known] = self._grouped(frozenset(known))
        found: list[int] = []
        for addresses, complete, by_answers in self._groups[known]:
            if complete or not whole:
                found += by_answers.get(tuple(_typed(shared[a]) for a in addresses), ())
        return [self.rows[index] for index in sorted(found)]

    def _grouped(self, known: frozenset[str]) -> _Groups:
        """Rows by the known addresses that they ask, and by their answers to these.

        Whole cases are looked up for each combination of shared answers: no row is looked at
        twice for one.
        """
        groups: dict[tuple[tuple[str, ...], bool], dict[tuple[Any, ...], list[int]]] = {}
        for index, row in enumerate(self.rows):
            asked = tuple(a for a, _ in row.shared if a in known)
            answers = tuple(_typed(v) for a, v in row.shared if a in known)
            by_answers = groups.setdefault((asked, len(asked) == len(row.shared)), {})
            by_answers.setdefault(answers, []).append(index)
        return [(asked, complete, found) for (asked, complete), found in groups.items()]


def mapped(part: PartRows[S], value: Callable[[S], T]) -> PartRows[T]:
    """The same rows with other values."""
    return PartRows(Row(row.shared, row.own, value(row.value), row.answers) for row in part.rows)


def _typed(answer: object) -> tuple[type, object]:
    """An answer told apart from equal ones of another type: 1 is not true."""
    return type(answer), answer


class PartReader:
    """Reads the parts of a document.

    leading: (stage, map) -> the shared answers that lead there
    """

    def __init__(self, document: Document, holes: Holes) -> None:
        self.document = document
        self.holes = holes
        self.leading: dict[tuple[int | None, MapState | None], Records] = {(None, None): Records()}

    def part(
        self,
        prefixes: tuple[str, ...],
        value: Callable[[Lowering], T],
        index: int | None = None,
        state: MapState | None = None,
    ) -> PartRows[T]:
        """A part as `value` makes it, once for every record of answers to what it asks.

        prefixes: how the addresses begin that are asked here alone
        index, state: a stage whose map is given; answers that do not lead to it are left out,
            because what they make need not fit the map
        """
        known = self.leading[index, state]
        told = {} if index is None or state is None else {index: state}

        def run(ask: Callable[[str, Hole], Answer]) -> T | _Unreachable:
            left = known.all

            def asked(address: str, hole: Hole) -> Answer:
                nonlocal left
                answer = ask(address, hole)
                left = known.narrowed(left, address, answer)
                if not left:
                    raise _Unreachable
                return answer

            try:
                # whether components fit was found out when the spec was read
                return value(
                    Lowering(self.document, self.holes, asked, told=told, checks=no_checks)
                )
            except _Unreachable as unreachable:
                return unreachable

        rows = []
        for record, made in every_record(run):
            if isinstance(made, _Unreachable):
                continue
            own = tuple(item for item in record.items() if item[0].startswith(prefixes))
            shared = tuple(item for item in record.items() if not item[0].startswith(prefixes))
            rows.append(Row(shared, own, made, tuple(record.items())))
        return PartRows(rows)


class _Unreachable(Exception):
    """The answers so far do not lead to the map that is given."""
