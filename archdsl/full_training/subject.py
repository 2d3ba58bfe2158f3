"""The images that a network is trained on, of what was named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.errors import SearchError
from archdsl.full_training.winner import is_run
from archdsl.named_images import CURE, data_named, said_of_data
from archdsl.task_images import settings_of_run

if TYPE_CHECKING:
    from archdsl.language.settings import ProxySettings
    from archdsl.specification import Spec


def run_of(x: object) -> Path | None:
    """The run directory that was named, if it was one; a word without a / is a shipped name."""
    named = isinstance(x, Path) or (isinstance(x, str) and "/" in x)
    path = Path(str(x)) if named else None
    return path if path is not None and path.is_dir() and is_run(path) else None


def images(
    spec: Spec, data: object, run: Path | None, with_data: Callable[[dict[str, Any]], Spec]
) -> ProxySettings:
    """The data that were named, or those of the search or of the spec.

    with_data: the spec with these as its `search.proxy.data`
    Raises SearchError where nothing says which images.
    """
    if data is not None:
        named = data_named(data, spec.network().input[0])
        with said_of_data():
            return with_data(named).settings().proxy
    if run is not None:
        settings = settings_of_run(run)
        if settings is None:
            raise SearchError(
                f"{run}: its candidates were judged by an evaluate function, and nothing says on "
                f"which images.  {CURE}"
            )
        return settings
    settings = spec.settings().proxy
    search = spec.document.top.get("search")
    if search is None or (settings.data is None and settings.datamodule is None):
        raise SearchError(f"{spec.name}: nothing says which images it is trained on.  {CURE}")
    return settings
