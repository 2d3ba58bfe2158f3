"""Weights in files: read safely, recognised by their names, renamed by data, written back.

A published checkpoint has names of its own. `specs/names/` says what they are called here; the
same rules lead back. No model has code of its own in here.
"""

from __future__ import annotations

from archdsl.checkpoints.files import write
from archdsl.checkpoints.load import (
    Renamed,
    export_weights,
    import_weights,
    load_into,
    load_published,
    renamed,
)
from archdsl.checkpoints.naming import Naming
from archdsl.checkpoints.parts import origin_of, read
from archdsl.checkpoints.recognise import head_names
from archdsl.checkpoints.saved import saveable, write_model
from archdsl.checkpoints.tables import LABELS

__all__ = [
    "LABELS",
    "Naming",
    "Renamed",
    "export_weights",
    "head_names",
    "import_weights",
    "load_into",
    "load_published",
    "origin_of",
    "read",
    "renamed",
    "saveable",
    "write",
    "write_model",
]
