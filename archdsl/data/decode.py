"""Image files to arrays of bytes, by Pillow, in parallel threads."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from archdsl.data.preprocessing import Interpolation
from archdsl.errors import SearchError
from archdsl.regular import opened

if TYPE_CHECKING:
    from PIL.Image import Image

Channels = Literal[1, 3]
MODES = {1: "L", 3: "RGB"}
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What the suffixes of images stand for. Pillow goes by content, and would hand a PostScript file
of another name to Ghostscript."""


def decode(
    path: Path, channels: int, size: tuple[int, int], interpolation: Interpolation = "bicubic"
) -> Any:
    """One image as (C, H, W) bytes: scaled until it covers `size`, then cut around the middle.

    Raises SearchError, naming the file, for anything that is no complete image of 8 bits, or of
    16 bits of grey, to a channel.
    """
    import numpy as np
    from PIL import Image, ImageOps

    height, width = size
    try:
        with opened(path) as stream, Image.open(stream, formats=FORMATS) as file:
            # a JPEG can be decoded at half its size, a quarter, ..., much faster
            file.draft(None, (2 * width, 2 * height))
            image = ImageOps.exif_transpose(file)
            image = _eight_bits(image, path).convert(MODES[channels])
            image = _covering(image, size, interpolation)
    except SearchError:
        raise
    except MemoryError:
        raise
    except Exception as error:  # each of Pillow's decoders fails in a way of its own
        raise SearchError(
            f"{path}: cannot be read as an image ({_words(error)}).  replace it or remove it"
        ) from None
    array = np.asarray(image)
    return array[None] if channels == 1 else array.transpose(2, 0, 1)


def _covering(image: Image, size: tuple[int, int], interpolation: Interpolation) -> Image:
    """As `resampling.covering`, which leaves with a winner, bit for bit.

    Along the rows first, whatever order this version of Pillow holds to be the quicker.
    """
    from PIL.Image import Resampling

    from archdsl.data.resampling import window

    (height, width), rows = size, image.height
    left, top, right, bottom = window((rows, image.width), size)
    way = Resampling[interpolation.upper()]
    image = image.resize((width, rows), way, box=(left, 0, right, rows))
    return image.resize((width, height), way, box=(0, top, width, bottom))


def decode_all(
    root: Path,
    files: Sequence[str],
    channels: int,
    size: tuple[int, int],
    keep: Callable[[int, Any], None],
    progress: Callable[[int], None],
) -> None:
    """Decode every file and hand it to `keep` with its position. Raises as `decode` does."""

    def one(index: int) -> None:
        keep(index, decode(root / files[index], channels, size))

    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with quiet(), ThreadPoolExecutor(threads) as pool:
        try:
            for done, _ in enumerate(pool.map(one, range(len(files))), start=1):
                progress(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _eight_bits(image: Image, path: Path) -> Image:
    """The image with 8 bits to a channel: a plain conversion would clip what has more."""
    if image.mode.startswith("I;16"):
        import numpy as np
        from PIL import Image

        return Image.fromarray((np.asarray(image) // 256).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise SearchError(
            f"{path}: has 32 bits to a pixel, and their range is anybody's guess.  save it with 8"
        )
    return image


@contextmanager
def quiet() -> Iterator[None]:
    """Pillow's remarks on odd metadata stay silent; an image of absurd size is an error."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if type(error).__name__ == "UnidentifiedImageError":  # whose words name a Python object
        return "it is of no kind that Pillow knows"
    return str(error).partition("\n")[0] or type(error).__name__
