"""The test images of a source. Nothing else in archdsl reads them.

What `prepare` returns and `train` takes cannot reach them. Two modules import this one: `evaluate`
here, for a search's look at the end, and `archdsl.evaluation.data`, for a user who asks.
"""

from __future__ import annotations

from archdsl.data.samples import Samples
from archdsl.data.source import Size, Split, Views
from archdsl.training.data_source import DataSource
from archdsl.training.images.streamed import Stream, StreamedData
from archdsl.training.prepare import Prepared
from archdsl.training.recipe import Recipe


class HeldOutStream(StreamedData):
    """The test images of a source that are read one by one."""

    def test_dataloader(self) -> Stream:
        """All in order, the same in every pass."""
        return self.to_judge_by(held_out_samples(self.source))


def held_out_stream(data: Prepared, recipe: Recipe) -> HeldOutStream:
    """The test split of the source that data were prepared from, read one by one."""
    assert data.reading is not None, "they are read one by one"
    how = data.reading
    return HeldOutStream(data.source, data.size, recipe, 0, workers=how.workers, on_bad=how.on_bad)


def held_out_images(data: Prepared) -> tuple[Split, Views]:
    """The test split of the source that data were prepared from, and how it is seen."""
    return held_out_of(data.source, data.size)


def held_out_of(source: DataSource, size: Size) -> tuple[Split, Views]:
    """The test split of a source, for a network that takes images of a size, and how it is seen."""
    return source.open().held_out(source.folder, size)


def held_out_samples(source: DataSource) -> Samples:
    """The test images of a source, each to be read one by one."""
    (images,) = source.open().samples(source.folder, "test")
    return images
