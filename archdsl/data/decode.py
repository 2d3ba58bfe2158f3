"""Stored images to decoded ones, by Pillow: bytes of 8 bits to a channel, scaled and cut."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from archdsl.data.preprocessing import Interpolation
from archdsl.errors import SearchError

if TYPE_CHECKING:
    from PIL.Image import Image

Channels = Literal[1, 3]
MODES = {1: "L", 3: "RGB"}
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What the suffixes of images stand for. Pillow goes by content, and would hand a PostScript file
of another name to Ghostscript."""


def image_in(
    stream: BinaryIO, name: str, channels: Channels, least: tuple[int, int] | None = None
) -> Image:
    """The image in a stream, turned as its camera says, in grey or in colour.

    name: where it is, for errors
    least: one that can be decoded at half its size, a quarter, ... is, much faster, as long as
        height and width stay so large
    Raises SearchError for what has more than 8 bits to a channel but 16 of grey, and any other
    exception for what is no complete image.
    """
    from PIL import Image, ImageOps

    with Image.open(stream, formats=FORMATS) as file:
        if least is not None:
            file.draft(None, least[::-1])
        image = ImageOps.exif_transpose(file)
        return _eight_bits(image, name).convert(MODES[channels])


def array_of(image: Image) -> Any:
    """A decoded image as (C, H, W) bytes."""
    import numpy as np

    array = np.asarray(image)
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)


def covering(
    image: Image, size: tuple[int, int], interpolation: Interpolation = "bicubic"
) -> Image:
    """An image scaled until it covers a size (h, w), and cut around the middle.

    As `resampling.covering`, which leaves with a winner, bit for bit: along the rows first,
    whatever order this version of Pillow holds to be the quicker.
    """
    from PIL.Image import Resampling

    from archdsl.data.resampling import window

    (height, width), rows = size, image.height
    kernel = Resampling[interpolation.upper()]
    left, top, right, bottom = window((rows, image.width), size)
    image = image.resize((width, rows), kernel, box=(left, 0, right, rows))
    return image.resize((width, height), kernel, box=(0, top, width, bottom))


def decode_all(
    count: int,
    one: Callable[[int], None],
    progress: Callable[[int], None],
) -> None:
    """Call `one` for each position below `count`, in parallel threads. Raises as it does."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with quiet(), ThreadPoolExecutor(threads) as pool:
        try:
            for done, _ in enumerate(pool.map(one, range(count)), start=1):
                progress(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _eight_bits(image: Image, name: str) -> Image:
    """The image with 8 bits to a channel: a plain conversion would clip what has more."""
    if image.mode.startswith("I;16"):
        import numpy as np
        from PIL import Image

        return Image.fromarray((np.asarray(image) // 256).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise SearchError(
            f"{name}: has 32 bits to a pixel, and their range is anybody's guess.  save it with 8"
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


def unreadable(name: str, error: Exception) -> SearchError:
    """That something cannot be read as an image."""
    return SearchError(
        f"{name}: cannot be read as an image ({_words(error)}).  replace it or remove it"
    )


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if type(error).__name__ == "UnidentifiedImageError":  # whose words name a Python object
        return "it is of no kind that Pillow knows"
    return str(error).partition("\n")[0] or type(error).__name__
