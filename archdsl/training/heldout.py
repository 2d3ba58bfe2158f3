"""The test images of a source. Nothing else in archdsl reads them.

What `prepare` returns and `train` takes cannot reach them; `evaluate` alone imports this module.
"""

from __future__ import annotations

from archdsl.data.source import Split, Views
from archdsl.training.images.streamed import Stream, StreamedData
from archdsl.training.prepare import Prepared
from archdsl.training.recipe import Recipe


class HeldOutStream(StreamedData):
    """The test images of a source that are read one by one."""

    def test_dataloader(self) -> Stream:
        """All in order, the same in every pass."""
        (images,) = self.source.open().samples(self.source.folder, "test")
        return self.to_judge_by(images)


def held_out_stream(data: Prepared, recipe: Recipe) -> HeldOutStream:
    """The test split of the source that data were prepared from, read one by one."""
    assert data.reading is not None, "they are read one by one"
    how = data.reading
    return HeldOutStream(data.source, data.size, recipe, 0, workers=how.workers, on_bad=how.on_bad)


def held_out_images(data: Prepared) -> tuple[Split, Views]:
    """The test split of the source that data were prepared from, and how it is seen."""
    return data.source.open().held_out(data.source.folder, data.size)
