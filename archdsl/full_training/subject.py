"""The images that a network is trained on, of what was named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.components import registry
from archdsl.errors import SearchError
from archdsl.full_training.winner import is_run
from archdsl.given import kind
from archdsl.printable import shown
from archdsl.task_images import settings_of_run

if TYPE_CHECKING:
    from archdsl.compiler.specification import Spec
    from archdsl.language.settings import ProxySettings

_CURE = (
    "name a folder of class folders, of shards or of a Hugging Face data set, an .npz file, or the "
    "name of a source, as  --data PATH"
)

_LOOKED_AT = 200
"""Files of a folder that are looked at to tell of which sort it is."""

_OF_HUGGING_FACE = ("dataset_dict.json", "dataset_info.json")


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
        return with_data(_named(data, spec.network().input[0])).settings().proxy
    if run is not None:
        settings = settings_of_run(run)
        if settings is None:
            raise SearchError(
                f"{run}: its candidates were judged by an evaluate function, and nothing says on "
                f"which images.  {_CURE}"
            )
        return settings
    settings = spec.settings().proxy
    search = spec.document.top.get("search")
    if search is None or (settings.data is None and settings.datamodule is None):
        raise SearchError(f"{spec.name}: nothing says which images it is trained on.  {_CURE}")
    return settings


def _named(given: object, channels: int) -> dict[str, Any]:
    """What stands under `search.proxy.data` for a path, a name or a mapping."""
    if isinstance(given, Mapping):
        data = dict(given)
    elif isinstance(given, (str, Path)):
        data = _of_path(str(given), channels)
    else:
        raise SearchError(f"data is {kind(given)}.  {_CURE}")
    if isinstance(data.get("path"), (str, Path)):
        data["path"] = str(Path(data["path"]).absolute())
    return data


def _of_path(text: str, channels: int) -> dict[str, Any]:
    path = Path(text)
    if path.is_dir() or path.suffix == ".tar":
        return {"type": _sort(path), "path": text, "channels": channels}
    if path.suffix == ".npz" and path.is_file():
        return {"type": "npz", "path": text}
    if text in registry.named("data"):
        return {"type": text}
    what = (
        "is no folder, no .tar and no .npz file"
        if path.exists()
        else "there is no such folder or file"
    )
    raise SearchError(f"data {shown(text)}: {what}.  {_CURE}")


def _sort(path: Path) -> str:
    """Which source reads a folder, by what lies in it and in its folders; or a file."""
    if path.is_file():
        return "webdataset"
    inside = list(islice(path.iterdir(), _LOOKED_AT))
    folders = [one for one in inside if one.is_dir()]
    below = [found for one in folders for found in islice(one.iterdir(), _LOOKED_AT)]
    files = [one for one in (*inside, *below) if one.is_file()]
    if any(one.name in _OF_HUGGING_FACE or one.suffix in (".parquet", ".arrow") for one in files):
        return "datasets"
    return "webdataset" if any(one.suffix == ".tar" for one in files) else "image_folder"
