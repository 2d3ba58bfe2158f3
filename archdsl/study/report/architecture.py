"""The winner's architecture, from the spec on record: its picture, and what its parts cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.cost.table import by_place, count
from archdsl.errors import ArchError
from archdsl.language.load import document_from_text
from archdsl.language.sandbox import Sandbox
from archdsl.loading import finished
from archdsl.study.report.read import Record
from archdsl.study.winner import YAML

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Architecture:
    """A winner that can be drawn.

    drawing: an `<svg>`; parts: stem, stages and head, each with its costs by name
    """

    drawing: Markup
    parts: list[tuple[str, dict[str, int]]]


def architecture(record: Record) -> Architecture | None:
    """Of the winner; None without one, and of one that needs code of its user's.

    A report runs nobody's code, so that components which a spec imports are not known to it.
    """
    if not record.winner:
        return None
    try:
        name = str(record.folder / YAML)
        document = document_from_text(record.winner, name, Sandbox(record.folder))
        spec = finished(document, None, imports=False)
        rows = count(spec.network()).by_address
        return Architecture(spec.draw().element(), list(by_place(rows)))
    except ArchError:
        return None
