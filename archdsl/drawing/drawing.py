"""The picture that a user holds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl import given
from archdsl.errors import SpecError
from archdsl.printable import shown
from archdsl.views.shapes import Sketch

if TYPE_CHECKING:
    from markupsafe import Markup

ENDINGS = (".svg", ".png")


@dataclass(frozen=True, slots=True, repr=False)
class Drawing:
    """A picture of an architecture, or of a space; `Spec.draw` makes it.

    >>> import archdsl
    >>> archdsl.load("poolformer_s12").draw()
    <Drawing of poolformer_s12: 3×224×224 → 1000 classes>

    At the end of a notebook's cell it is shown. Equal specs give equal pictures, byte by byte.
    """

    sketch: Sketch
    words: str

    def svg(self) -> str:
        """A file of SVG that needs nothing else, light or dark as its reader's screen is."""
        from archdsl.views.picture import standalone

        return standalone(self.sketch)

    def element(self) -> Markup:
        """An `<svg>` to stand in a page: in the page's text colour, and as wide as it is given.

        It has a label that says in words what it shows, and no ids, so that any number of them
        may stand in one page.
        """
        from archdsl.views.picture import element

        return element(self.sketch)

    def png(self) -> bytes:
        """A file of PNG, on white."""
        from archdsl.views.picture import png

        return png(self.sketch)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it as `.svg` or `.png`, and return where it is.

        Raises SpecError for another ending, and for a place that cannot be written to.
        """
        where = file_of(path)
        content = self.png() if where.suffix == ".png" else self.svg().encode("utf-8")
        try:
            where.write_bytes(content)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SpecError(
                f"{shown(str(where))} cannot be written: {reason.lower()}",
                cure="name a file in a folder that is there",
            ) from None
        return where

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_html_(self) -> str:
        return str(self.element())

    def __repr__(self) -> str:
        return f"<Drawing of {self.words}>"


def file_of(path: str | os.PathLike[str]) -> Path:
    """The file that a drawing is to be written to. Raises SpecError for another ending."""
    where = given.path("path", path, SpecError)
    if where.suffix not in ENDINGS:
        raise SpecError(
            f"a drawing is written as .svg or .png, and not to {shown(str(where))}",
            cure="write  drawing.svg",
        )
    return where
