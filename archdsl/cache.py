"""Where archdsl keeps what it can make again: decoded images, measured costs."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """`$ARCHDSL_CACHE`, else `archdsl` in the user's cache folder. Raises OSError without a home.

    Whatever lies there may be deleted at any time.
    """
    if chosen := os.environ.get("ARCHDSL_CACHE"):
        return Path(chosen)
    if caches := os.environ.get("XDG_CACHE_HOME"):
        return Path(caches) / "archdsl"
    try:
        return Path.home() / ".cache" / "archdsl"
    except RuntimeError as error:
        raise OSError(f"no folder for a cache: {error}") from None
