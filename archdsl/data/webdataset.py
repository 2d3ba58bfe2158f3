"""Shards: tar files of images and their classes."""

from __future__ import annotations

import os
from pathlib import Path

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
from archdsl.data.shards import Sharded, index_of
from archdsl.data.source import Share
from archdsl.data.split_names import by_word
from archdsl.errors import SearchError

_COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")


@data("webdataset")
class WebDataset(SampleSource):
    """Images in tar files, as WebDataset has them: `KEY.jpg`, and `KEY.cls`, which says its class.

    A shard belongs to the split that its name or that of a folder says (`train-0001.tar`,
    `val/0001.tar`); where none says one, splits are set aside class by class, always in the same
    way. A class is a number, or a name. The places of the images are found once and kept in the
    user's cache (`$ARCHDSL_CACHE`), until a shard changes: any image can be read at any time.

    path: a folder of shards, or one of them; they are not compressed
    label_member: what holds the class: the last part of the member's name, or `json.KEY`
    channels: 3 for colour, 1 for grey; images of the other sort are converted
    val: the share of each class that is set aside for val
    test: the share of each class that is held back
    margin: how much larger than the network's input a search keeps images, for random windows
    flip: whether a search mirrors half of the training images
    """

    kind = "webdataset"

    def __init__(
        self,
        *,
        path: str,
        label_member: str = "cls",
        channels: Channels = 3,
        val: Share = 0.15,
        test: Share = 0.15,
        margin: Fraction = 0.125,
        flip: bool = True,
    ) -> None:
        super().__init__(path, channels, val, test, margin, flip)
        self.label_member = label_member

    def _given(self, root: Path) -> Given:
        shards = _shards(root)
        top = root if root.is_dir() else root.parent
        named = by_word(str(root), {os.path.relpath(path, top): path for path in shards})
        by_split = named or {"train": shards}
        indices = {
            split: [index_of(path, self.label_member) for path in paths]
            for split, paths in by_split.items()
        }
        names = {
            split: in_order({name for one in its for name in one.classes}, str(root))
            for split, its in indices.items()
        }
        splits: Splits = {
            split: Sharded(top, paths, indices[split], names[split])
            for split, paths in by_split.items()
        }
        refuse_other_classes(root, splits)
        return Given(splits, bool(named))


def _shards(root: Path) -> list[Path]:
    if root.is_file():
        found = [root]
    elif root.is_dir():
        found = files_below(root, (".tar", *_COMPRESSED))
    else:
        raise SearchError(
            f"{root}: no such file or folder.  search.proxy.data.path names a folder of shards, or "
            "one of them, relative to the folder of the spec"
        )
    if packed := next((path for path in found if path.name.endswith(_COMPRESSED)), None):
        raise SearchError(
            f"{packed}: is compressed, and no image in it can be read without those before it.  "
            "write it as .tar: images are compressed already"
        )
    shards = [path for path in found if path.suffix == ".tar"]
    if not shards:
        raise SearchError(f"{root}: holds no shards (.tar).  write some, or name another folder")
    return shards
