"""Images by the path or the name of what holds them, as a verb's `data` has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from archdsl import given as paths
from archdsl.components import registry
from archdsl.errors import SearchError, SpecError
from archdsl.given import kind
from archdsl.printable import shown

CURE = (
    "name a folder of class folders, of shards or of a Hugging Face data set, an .npz file, or the "
    "name of a source, as  --data PATH"
)
"""What an error says where nothing says which images."""

_ADDRESS = "search.proxy.data"

_LOOKED_AT = 200
"""Files of a folder that are looked at to tell of which sort it is."""

_OF_HUGGING_FACE = ("dataset_dict.json", "dataset_info.json")


def data_named(given: object, channels: int) -> dict[str, Any]:
    """What stands under `search.proxy.data` for a path, a name or a mapping.

    channels: of the network that is to see them
    Raises SearchError for what is no images.
    """
    if isinstance(given, Mapping):
        data = dict(given)
    elif isinstance(given, (str, Path)):
        data = _of_path(paths.path("data", given, SearchError), channels)
    else:
        raise SearchError(f"data is {kind(given)}.  {CURE}")
    if isinstance(data.get("path"), (str, Path)):
        data["path"] = str(paths.path("path", data["path"], SearchError).absolute())
    return data


@contextmanager
def said_of_data() -> Iterator[None]:
    """Let errors inside speak of `data`, as it was given, and not of where a spec has it."""
    try:
        yield
    except SpecError as error:
        if not error.address.startswith(_ADDRESS):
            raise
        address = f"data{error.address.removeprefix(_ADDRESS)}"
        raise SpecError(error.problem, address=address, cure=error.cure) from None


def _of_path(path: Path, channels: int) -> dict[str, Any]:
    text = str(path)
    if path.is_dir() or path.suffix == ".tar":
        return {"type": _sort(path), "path": text, "channels": channels}
    if path.suffix == ".npz":
        return {"type": "npz", "path": text}
    if text in registry.named("data"):
        return {"type": text}
    what = (
        "is no folder, no .tar and no .npz file"
        if path.exists()
        else "there is no such folder or file"
    )
    raise SearchError(f"data {shown(text)}: {what}.  {CURE}")


def _sort(path: Path) -> str:
    """Which source reads a folder, by what lies in it and in its folders; or a file."""
    if not path.is_dir():
        return "webdataset"
    inside = list(islice(path.iterdir(), _LOOKED_AT))
    folders = [one for one in inside if one.is_dir()]
    below = [found for one in folders for found in islice(one.iterdir(), _LOOKED_AT)]
    files = [one for one in (*inside, *below) if one.is_file()]
    if any(one.name in _OF_HUGGING_FACE or one.suffix in (".parquet", ".arrow") for one in files):
        return "datasets"
    return "webdataset" if any(one.suffix == ".tar" for one in files) else "image_folder"
