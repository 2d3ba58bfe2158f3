"""What a proxy check came to."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from archdsl.printable import printable_line
from archdsl.study.proxy.figures import Figures
from archdsl.study.proxy.recommended import Recommended
from archdsl.study.proxy.size import CheckSize


@dataclass(frozen=True, slots=True, repr=False)
class ProxyCheck:
    """What a proxy check came to.

    name: of the space; size: how large the check was to be
    ended: "done" or "interrupted"; message: how it ended and how to go on, in words
    folder: of its record; None for a check that keeps none
    figures: what was found; None where it was interrupted, or too much failed
    recommended: what follows from them
    notes: what else there is to say, such as members that failed
    """

    name: str
    size: CheckSize
    ended: Literal["done", "interrupted"]
    message: str
    folder: Path | None
    figures: Figures | None = None
    recommended: Recommended | None = None
    notes: tuple[str, ...] = ()

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.ended == "interrupted"

    def record(self) -> dict[str, Any]:
        """What it came to as values that JSON can hold; intervals are pairs, null where unknown."""
        known: dict[str, Any] = {
            "name": self.name,
            "ended": self.ended,
            "message": self.message,
            "folder": None if self.folder is None else str(self.folder),
            "notes": list(self.notes),
            "size": self.size.record(),
        }
        if self.figures is None or self.recommended is None:
            return known
        found, measured = self.figures, self.figures.measured
        return known | {
            "metric": measured.metric,
            "architectures": measured.architectures,
            "left_out": measured.left_out,
            "epochs": None if measured.epochs is None else list(measured.epochs),
            "spread": {
                "proxy": dataclasses.asdict(found.short),
                "final": dataclasses.asdict(found.long),
            },
            "tau": [dataclasses.asdict(row) for row in found.rows],
            "tau_below_the_proxy": [
                {"epoch": epoch, **dataclasses.asdict(cut)} for epoch, cut in found.cut.items()
            ],
            "recommended": self.recommended.record(),
        }

    def __str__(self) -> str:
        from archdsl.study.proxy.words import lines

        found: list[str] = []
        if self.figures is not None and self.recommended is not None:
            found = [*lines(self.figures, self.recommended), ""]
        return "\n".join([*found, self.message, *self.notes])

    def __repr__(self) -> str:
        said = self.message
        if self.figures is not None and (tau := self.figures.row("proxy").everyone.tau) is not None:
            said = f"{self.figures.measured.architectures} architectures, the proxy's tau {tau:.2f}"
        return printable_line(f"<ProxyCheck {self.name}: {said}>")
