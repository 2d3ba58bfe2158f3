"""Images that are read one by one, in any order and in any process."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from archdsl.data.decode import Channels, image_in, unreadable
from archdsl.data.texts import Texts
from archdsl.errors import SearchError
from archdsl.regular import opened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image


Size: TypeAlias = tuple[int, int]
"""Height and width in pixels."""


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Raise SearchError, which names an image, where the system does not let it be read."""
    try:
        yield
    except OSError as error:
        raise SearchError(
            f"{name}: cannot be read ({error.strerror}).  replace it or remove it"
        ) from None


class Samples(ABC):
    """The images of one split, by position, and their labels.

    What tells where they lie is held in arrays, and nothing is written to when an image is read:
    worker processes that are forked share all of it.

    class_names: in the order of the labels
    labels: (N,), int64, from 0 to classes - 1
    """

    class_names: tuple[str, ...]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    @abstractmethod
    def name(self, index: int) -> str:
        """Where an image is, for people: a file, or a shard and a key in it, or a row."""

    @abstractmethod
    def key(self, index: int) -> str:
        """What tells an image from all others, wherever the data lie."""

    @abstractmethod
    def size(self, index: int) -> int | None:
        """How many bytes an image takes as it is stored, or None where only reading it would tell.

        Raises SearchError for one that is not there.
        """

    @abstractmethod
    def opened(self, index: int) -> BinaryIO:
        """An image as it is stored, to be read and closed. Raises OSError."""

    @abstractmethod
    def state(self, index: int) -> tuple[Any, ...]:
        """Plain values that are others when an image is another, found without reading it.

        Raises SearchError for one that is not there.
        """

    def image(self, index: int, channels: Channels, least: Size | None = None) -> Image:
        """An image, decoded, of 8 bits to each of its channels.

        least: one that can be decoded at half its size, a quarter, ... is, as long as height and
            width stay so large
        Raises SearchError, naming it, for one that cannot be read.
        """
        name = self.name(index)
        try:
            with self.opened(index) as stream:
                return image_in(stream, name, channels, least)
        except (SearchError, MemoryError):
            raise
        except Exception as error:  # each of Pillow's decoders fails in a way of its own
            raise unreadable(name, error) from None

    def part(self, where: Any) -> Samples:
        """Those at these positions."""
        return Subset(self, where)


class Subset(Samples):
    """Some of other images.

    where: their positions there, (N,)
    """

    def __init__(self, whole: Samples, where: Any) -> None:
        import numpy as np

        self.whole = whole
        self.where = np.asarray(where, np.int64)
        self.class_names = whole.class_names
        self.labels = whole.labels[self.where]

    def name(self, index: int) -> str:
        """As there."""
        return self.whole.name(int(self.where[index]))

    def key(self, index: int) -> str:
        """As there."""
        return self.whole.key(int(self.where[index]))

    def size(self, index: int) -> int | None:
        """As there."""
        return self.whole.size(int(self.where[index]))

    def opened(self, index: int) -> BinaryIO:
        """As there."""
        return self.whole.opened(int(self.where[index]))

    def state(self, index: int) -> tuple[Any, ...]:
        """As there."""
        return self.whole.state(int(self.where[index]))

    def image(self, index: int, channels: Channels, least: Size | None = None) -> Image:
        """As there."""
        return self.whole.image(int(self.where[index]), channels, least)


class Files(Samples):
    """Image files.

    root: what `files` are relative to
    files: with `/` between folders
    """

    def __init__(
        self, root: Path, files: Texts, labels: NDArray[np.int64], class_names: tuple[str, ...]
    ) -> None:
        self.root = os.fspath(root)
        self._real = str(root.resolve())
        self.files = files
        self.labels = labels
        self.class_names = class_names

    def name(self, index: int) -> str:
        """The path of the file."""
        return f"{self.root}/{self.files[index]}"

    def key(self, index: int) -> str:
        """The path below the root."""
        return self.files[index]

    def size(self, index: int) -> int:
        """The size of the file."""
        return int(self._stat(index).st_size)

    def opened(self, index: int) -> BinaryIO:
        """The file."""
        return opened(Path(self.name(index)))

    def state(self, index: int) -> tuple[Any, ...]:
        """Where it is, its size, and its times of change, of which the first can be set by hand."""
        stat = self._stat(index)
        return self._real, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns

    def _stat(self, index: int) -> os.stat_result:
        with readable(self.name(index)):
            return Path(self.name(index)).stat()
