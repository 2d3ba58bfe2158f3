"""`python -m archdsl` is `archdsl`."""

from __future__ import annotations

from archdsl.cli import console

console()
