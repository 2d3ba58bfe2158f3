"""Very many texts in two arrays, which processes that are forked share without copying them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Texts(Sequence[str]):
    """A sequence of texts that takes a byte for each character, and eight for each text.

    A tuple of a million `str` takes an object for each, and Python writes into every object that
    it looks at, so that each process that is forked ends with a copy of all of them.

    buffer: all texts one after the other, in UTF-8, as file names have it; ends: (N,), int64, where
        each of them ends
    """

    def __init__(self, buffer: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self.buffer = buffer
        self.ends = ends

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """The same texts."""
        import numpy as np

        joined = bytearray()
        ends: list[int] = []
        for text in texts:
            joined += text.encode("utf-8", "surrogateescape")
            ends.append(len(joined))
        return cls(np.frombuffer(bytes(joined), np.uint8), np.asarray(ends, np.int64))

    @classmethod
    def joined(cls, parts: Sequence[Texts]) -> Texts:
        """All texts of several, in their order."""
        import numpy as np

        starts = np.cumsum([0, *(len(part.buffer) for part in parts)])
        ends = [part.ends + start for part, start in zip(parts, starts, strict=False)]
        buffers = [part.buffer for part in parts]
        return cls(
            np.concatenate([np.empty(0, np.uint8), *buffers]),
            np.concatenate([np.empty(0, np.int64), *ends]),
        )

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        start = int(self.ends[at - 1]) if at else 0
        text = self.buffer[start : int(self.ends[at])].tobytes()
        return text.decode("utf-8", "surrogateescape")

    def __iter__(self) -> Iterator[str]:
        whole, start = self.buffer.tobytes(), 0
        for end in self.ends.tolist():
            yield whole[start:end].decode("utf-8", "surrogateescape")
            start = end
