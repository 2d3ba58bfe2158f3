"""How many batches a loader of the user's own says that it has, and how many it gives."""

from __future__ import annotations

from collections.abc import Sized
from itertools import islice
from typing import Any, cast

from torch.utils import data as torch_data

from archdsl.errors import SearchError
from archdsl.training.failures import first_line
from archdsl.training.set_up import ADDRESS
from archdsl.training.trainer import CombinedLoader
from archdsl.units import counted

WALK = 1000
"""Batches that are drawn at most to see that a loader gives as many as it is to give."""

_INDEXED = (
    torch_data.SequentialSampler,
    torch_data.RandomSampler,
    torch_data.SubsetRandomSampler,
    torch_data.WeightedRandomSampler,
)


def combined(loader: Any) -> CombinedLoader:
    """The loaders as Lightning goes through them: (batch, number, loader) each time."""
    if isinstance(loader, CombinedLoader):
        return loader
    return CombinedLoader(loader, "max_size_cycle")


def flat(loader: Any) -> list[Any]:
    """Every single loader of what may be several in lists and dicts."""
    flattened: list[Any] = combined(loader).flattened
    return flattened


def first_batch(loader: Any) -> list[Any]:
    """The first batch, in a list that is empty where there is none."""
    if loader is None or not flat(loader):
        return []
    return list(islice(iter(combined(loader)), 1))


def length_of_all(loader: Any) -> int:
    """How many batches a pass through all of them takes."""
    together = combined(loader)
    iter(together)  # it has a length from then on
    return len(together)


def length(name: str, loader: Any, which: str) -> int | None:
    """The length of one loader, None where it has none: Lightning's rule."""
    try:
        return len(loader)
    except (TypeError, NotImplementedError):
        return None
    except Exception as error:
        raise SearchError(
            f"{ADDRESS}: the {which} loader of {name} does not tell its length "
            f"({first_line(error)}).  mend its __len__, or drop it and write  "
            f"search.proxy.{_OPTIONS[which]}: N"
        ) from error


_OPTIONS = {"training": "steps_per_epoch", "validation": "validation_steps"}


def is_indexed(loader: Any) -> bool:
    """Whether the length follows from a data set that is read by index, and needs no proof."""
    return (
        type(loader) is torch_data.DataLoader
        and not isinstance(loader.dataset, torch_data.IterableDataset)
        and type(loader.batch_sampler) is torch_data.BatchSampler
        and type(loader.sampler) in _INDEXED
    )


def ends_alone(loader: Any) -> bool:
    """Whether the last batch holds one image."""
    return (
        isinstance(loader, torch_data.DataLoader)
        and is_indexed(loader)
        and not loader.drop_last
        and loader.batch_size not in (None, 1)
        and len(cast("Sized", loader.sampler)) % loader.batch_size == 1
    )


def dropped(loader: Any) -> str:
    """What drop_last has to do with it."""
    for one in flat(loader):
        if isinstance(one, torch_data.DataLoader) and one.drop_last:
            return (
                f": drop_last leaves out the only batch, which has fewer than {one.batch_size} "
                "images"
            )
    return ""


def drawn(name: str, which: str, loader: Any, most: int) -> int:
    """How many batches a loader gives in one pass, up to `most`."""
    given = 0
    try:
        for _ in islice(iter(loader), most):
            given += 1
    except Exception as error:
        raise SearchError(
            f"{ADDRESS}: the {which} loader of {name} fails after "
            f"{counted(given, 'batch', 'batches')} "
            f"({first_line(error)}).  mend what it reads, or leave that out"
        ) from error
    return given


def says_none(which: str, name: str) -> str:
    """That a loader has no batch by its length, and gives one."""
    return (
        f"{ADDRESS}: the {which} loader of {name} says that it has 0 batches, and gives one.  mend "
        "its __len__"
    )


def refuse_several(name: str, method: str, loader: Any, is_one: bool) -> None:
    """Raise SearchError for several loaders where one is taken."""
    if not is_one:
        raise SearchError(
            f"{ADDRESS}: {method} of {name} returns {type(loader).__name__} of "
            f"{len(flat(loader))}, and the training of archdsl takes one loader.  join the data "
            "sets with torch.utils.data.ConcatDataset, or name a search.proxy.module that takes "
            "several"
        )
