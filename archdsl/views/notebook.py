"""What is drawn in a notebook, by IPython, and drawn anew in its place."""

from __future__ import annotations

import importlib
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
        ipython: Any = importlib.import_module("IPython.display")  # not among the dependencies
        if self._handle is None:
            self._handle = ipython.display(ipython.HTML(html), display_id=True)
        else:
            self._handle.update(ipython.HTML(html))
