"""A folder that Hugging Face's `datasets` wrote, or of Parquet files as the Hub has them."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from archdsl.cache import cache_folder
from archdsl.components.options import Fraction
from archdsl.components.registry import data
from archdsl.data.class_names import in_order
from archdsl.data.decode import Channels
from archdsl.data.passed_over import files_below
from archdsl.data.sample_source import (
    Given,
    SampleSource,
    Splits,
    refuse_other_classes,
)
from archdsl.data.samples import Samples
from archdsl.data.source import Share
from archdsl.data.split_names import by_word
from archdsl.errors import SearchError
from archdsl.regular import opened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@data("datasets")
class Datasets(SampleSource):
    """Images in a folder of Hugging Face data sets: what `save_to_disk` writes, or Parquet files.

    The splits are those of the data, which may be called train, validation and test; one that is
    not there is set aside from the train images, class by class, always in the same way. Names of
    classes are those of the label's feature. Parquet files are written once into the user's cache
    (`$ARCHDSL_CACHE`) in a form that can be read at any row.

    path: the folder
    image_column: the column of the images; not needed where there is one only
    label_column: the column of the classes; not needed where one only has names of classes, or is
        called label
    channels: 3 for colour, 1 for grey; images of the other sort are converted
    val: the share of each class that is set aside for val
    test: the share of each class that is held back
    margin: how much larger than the network's input a search keeps images, for random windows
    flip: whether a search mirrors half of the training images
    """

    kind = "datasets"

    def __init__(
        self,
        *,
        path: str,
        image_column: str | None = None,
        label_column: str | None = None,
        channels: Channels = 3,
        val: Share = 0.15,
        test: Share = 0.15,
        margin: Fraction = 0.125,
        flip: bool = True,
    ) -> None:
        super().__init__(path, channels, val, test, margin, flip)
        self.columns = {"image": image_column, "label": label_column}

    def _given(self, root: Path) -> Given:
        with _quiet() as library:
            tables = _tables(root, library)
            named = by_word(str(root), tables)
            by_split = named or {"train": list(tables.values())}
            splits: Splits = {}
            for split, parts in by_split.items():
                table = parts[0] if len(parts) == 1 else library.concatenate_datasets(parts)
                splits[split] = self._rows(root, split, table, library)
        refuse_other_classes(root, splits)
        return Given(splits, bool(named))

    def _rows(self, root: Path, split: str, table: Any, library: Any) -> Samples:
        features = table.features
        images = [name for name in features if _is_image(features[name], library)]
        image = _column(root, "image", self.columns["image"], images, list(features))
        classes = [n for n in features if isinstance(features[n], library.ClassLabel)]
        classes = classes or [name for name in ("label", "labels") if name in features]
        label = _column(root, "label", self.columns["label"], classes, list(features))
        numbers, names = _labels(f"{root}: {label}", table[label][:], features[label])
        # as it is stored: decoding is ours, as for every other source
        table = table.select_columns([image]).cast_column(image, library.Image(decode=False))
        return Rows(root, split, table, image, numbers, names)


class Rows(Samples):
    """Images in the rows of a table, which is mapped into memory.

    root: the folder; called: which split of it; column: of the images
    """

    def __init__(
        self,
        root: Path,
        called: str,
        table: Any,
        column: str,
        labels: NDArray[np.int64],
        class_names: tuple[str, ...],
    ) -> None:
        self.root = root.resolve()
        self.called = f"{root}: {called}"
        self.table = table
        self.column = column
        self.labels = labels
        self.class_names = class_names

    def name(self, index: int) -> str:
        """The table, and the row."""
        return f"{self.called} row {index}"

    def key(self, index: int) -> str:
        """The row."""
        return str(index)

    def size(self, index: int) -> None:
        """Not known before it is read."""

    def opened(self, index: int) -> BinaryIO:
        """What the row holds, or the file below the root that it names."""
        held = self.table[index][self.column]
        if held is None:
            raise OSError(None, "there is none in the row")
        if held["bytes"] is not None:
            return io.BytesIO(held["bytes"])
        place = (self.root / held["path"]).resolve()
        if not place.is_relative_to(self.root):
            raise OSError(None, "the row names a file outside of the folder")
        return opened(place)

    def state(self, index: int) -> tuple[Any, ...]:
        """What `datasets` says that changes with the table, and the row."""
        return self.table._fingerprint, index


def _column(root: Path, role: str, wanted: str | None, found: list[str], columns: list[str]) -> str:
    there = ", ".join(columns)
    if wanted is not None:
        if wanted not in columns:
            raise SearchError(f"{root}: has no column '{wanted}'.  its columns are {there}")
        return wanted
    if len(found) != 1:
        what = f"{len(found)} columns" if found else "no column"
        raise SearchError(
            f"{root}: has {what} that may hold the {role}.  write  {role}_column: NAME  (there are "
            f"{there})"
        )
    return found[0]


def _is_image(feature: Any, library: Any) -> bool:
    """Whether it is of images, or what they are without a word on that."""
    stored = isinstance(feature, dict) and set(feature) == {"bytes", "path"}
    return isinstance(feature, library.Image) or stored


def _labels(where: str, said: list[Any], feature: Any) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The numbers of classes, and their names."""
    import numpy as np

    if None in said or (hasattr(feature, "names") and -1 in said):
        at = next(index for index, value in enumerate(said) if value in (None, -1))
        raise SearchError(f"{where} says no class in row {at}.  leave the row out")
    if hasattr(feature, "names"):
        names = tuple(feature.names)
    elif all(isinstance(value, (int, str)) for value in said):
        names = in_order({str(value) for value in said}, where)
        number = {name: label for label, name in enumerate(names)}
        said = [number[str(value)] for value in said]
    else:
        raise SearchError(f"{where} holds {type(said[0]).__name__}, and no classes.  name another")
    return np.asarray(said, np.int64), names


def _tables(root: Path, library: Any) -> dict[str, Any]:
    """What the folder holds, by name."""
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "no such folder"
        raise SearchError(
            f"{root}: {what}.  search.proxy.data.path names what save_to_disk wrote, or a folder "
            "of Parquet files, relative to the folder of the spec"
        )
    try:
        if (root / "dataset_dict.json").exists():
            return dict(library.load_from_disk(os.fspath(root)))
        if (root / "state.json").exists():
            return {"": library.load_from_disk(os.fspath(root))}
        files = files_below(root, (".parquet",))
        tables = {os.path.relpath(path, root): _of_parquet(path, library) for path in files}
    except SearchError:
        raise
    except Exception as error:  # the readers of Arrow and Parquet each fail in a way of their own
        why = str(error).partition("\n")[0] or type(error).__name__
        raise SearchError(
            f"{root}: cannot be read as data sets ({why}).  write them with save_to_disk, or as "
            "Parquet"
        ) from None
    if not tables:
        raise SearchError(
            f"{root}: holds nothing that save_to_disk wrote, and no Parquet files.  name another "
            "folder"
        )
    return tables


def _of_parquet(path: Path, library: Any) -> Any:
    cache = os.fspath(cache_folder() / "datasets")
    return library.Dataset.from_parquet(os.fspath(path), cache_dir=cache)


@contextmanager
def _quiet() -> Iterator[Any]:
    """The package `datasets`, without its bars. Raises SearchError where it is not installed."""
    try:
        import datasets
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "datasets":
            raise
        raise SearchError(
            "data: this source needs the package datasets, which is not installed.  "
            "pip install 'archdsl[datasets]'"
        ) from None
    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        yield datasets
    finally:
        if shown:
            datasets.enable_progress_bars()
