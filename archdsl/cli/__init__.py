"""The command line: one verb a file, each a thin face of the Python verb of the same name.

Exit codes: 0 done, 2 the user can mend it, 1 a fault of archdsl or, of `replay`, a trial that does
not come again, 130 interrupted, 141 whoever read the output has gone.
"""

from __future__ import annotations

from archdsl.cli.command import console, main

__all__ = ["console", "main"]
