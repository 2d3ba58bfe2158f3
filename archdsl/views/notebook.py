"""What is drawn in a notebook, by IPython, and drawn anew in its place."""

from __future__ import annotations

import sys
from typing import Any


def in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook; a terminal's IPython is none."""
    ipython = sys.modules.get("IPython")  # who runs in it has imported it
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


class CellOutput:
    """A piece of the output of the cell that runs, whose HTML is replaced as often as one likes."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, html: str) -> None:
        """Put `html` there."""
        from IPython.display import HTML, display

        if self._handle is None:
            self._handle = display(HTML(html), display_id=True)
        else:
            self._handle.update(HTML(html))
