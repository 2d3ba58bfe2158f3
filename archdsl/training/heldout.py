"""The test images of a source. Nothing else in archdsl reads them.

What `prepare` returns and `train` takes cannot reach them; `evaluate` alone imports this module.
"""

from __future__ import annotations

from archdsl.data.source import Split, Views
from archdsl.training.prepare import Prepared


def held_out_images(data: Prepared) -> tuple[Split, Views]:
    """The test split of the source that data were prepared from, and how it is seen."""
    return data.source.open().held_out(data.source.folder, data.size)
