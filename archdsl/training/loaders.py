"""The loaders of the user's own datamodule: how many batches they give, before the first trial."""

from __future__ import annotations

import warnings
from collections.abc import Sized
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from torch.utils import data as torch_data

from archdsl.errors import SearchError
from archdsl.training.failures import first_line
from archdsl.training.recipe import Recipe
from archdsl.training.set_up import ADDRESS, called, set_up_alike
from archdsl.training.trainer import CombinedLoader, pl, quiet, trainer

WALK = 1000
"""Batches that are drawn at most to see that a loader gives as many as it is to give."""

_INDEXED = (
    torch_data.SequentialSampler,
    torch_data.RandomSampler,
    torch_data.SubsetRandomSampler,
    torch_data.WeightedRandomSampler,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a datamodule gives.

    batch: the first training batch; steps: training batches in an epoch
    alone: whether the last of them holds one image
    """

    batch: Any
    steps: int
    alone: bool


def examined(cls: type[pl.LightningDataModule], name: str, recipe: Recipe) -> Seen:
    """Draw from the loaders what it takes to know their lengths. Raises SearchError.

    The datamodule that is drawn from is used for nothing else: trials have another one.
    """
    with set_up_alike(), quiet():
        datamodule = called(cls, name)
        datamodule.trainer = trainer(recipe, max_epochs=recipe.epochs)
        try:
            datamodule.prepare_data()
            datamodule.setup("fit")
            loader = datamodule.train_dataloader()
            batches = _first(loader)
        except Exception as error:
            raise SearchError(
                f"{ADDRESS}: {name} gives no training batch ({first_line(error)}).  it is called "
                "without arguments, then prepare_data, setup('fit'), train_dataloader"
            ) from error
        if loader is None:
            raise SearchError(
                f"{ADDRESS}: {name} gives no training batch.  its train_dataloader returns None"
            )
        if not batches:
            raise SearchError(
                f"{ADDRESS}: {name} gives no training batch.  its train_dataloader is empty"
                f"{_dropped(loader)}"
            )
        if recipe.module is None:
            _refuse_several(name, "train_dataloader", loader, not isinstance(loader, _SEVERAL))
        steps = _training_steps(name, loader, recipe)
        _validation(name, datamodule, recipe, steps)
    return Seen(batches[0][0], steps, recipe.steps_per_epoch is None and _ends_alone(loader))


def _training_steps(name: str, loader: Any, recipe: Recipe) -> int:
    """How many batches an epoch takes. Raises SearchError where there is no telling."""
    wanted = recipe.steps_per_epoch
    lengths = [_length(name, one, "training") for one in _flat(loader)]
    known = None if None in lengths else _len(loader)
    if known == 0:
        raise SearchError(_says_none("training", name))
    if wanted is None and known is None:
        raise SearchError(
            f"{ADDRESS}: the training loader of {name} has no length, and the schedule of the "
            "learning rate follows from it.  write  search.proxy.steps_per_epoch: N"
        )
    if wanted is not None and known is not None and wanted > known:
        raise SearchError(
            f"search.proxy.steps_per_epoch: an epoch is to take {wanted:,} batches, and the "
            f"training loader of {name} has {known:,}.  write at most {known}, or drop it"
        )
    steps = wanted if wanted is not None else known
    assert steps is not None, "one of the two is known"
    if not all(map(_is_indexed, _flat(loader))):
        walked = min(steps, WALK)
        for again in ("", " when it is gone through again"):
            given = _drawn(name, "training", _combined(loader), walked)
            if given < walked:
                raise SearchError(ended_early(name, given, steps, recipe, again))
            walked = 1  # a stream that is used up has none
    return steps


def _says_none(which: str, name: str) -> str:
    return (
        f"{ADDRESS}: the {which} loader of {name} says that it has 0 batches, and gives one.  mend "
        "its __len__"
    )


def ended_early(name: str, given: int, steps: int, recipe: Recipe, when: str = "") -> str:
    """That a training loader ended before it should."""
    if recipe.steps_per_epoch is not None:
        return (
            f"search.proxy.steps_per_epoch: an epoch is to take {steps:,} batches, and the "
            f"training loader of {name} ends after {given:,}{when}.  lower it, or let the loader "
            "begin anew and go on"
        )
    return (
        f"{ADDRESS}: the training loader of {name} says that it has {steps:,} batches, and ends "
        f"after {given:,}{when}.  mend its __len__, or let it begin anew, or write  "
        "search.proxy.steps_per_epoch: N"
    )


def _validation(name: str, datamodule: pl.LightningDataModule, recipe: Recipe, steps: int) -> None:
    """Refuse a validation without a batch, and one that has no end."""
    if recipe.module is not None and type(datamodule).val_dataloader is _NO_VALIDATION:
        return  # a module may do without
    try:
        loader = datamodule.val_dataloader()
        batches = _first(loader)
    except Exception as error:
        raise SearchError(
            f"{ADDRESS}: {name} gives no validation batch ({first_line(error)}).  write a "
            "val_dataloader: candidates are compared by it"
        ) from error
    if not batches:
        empty = "returns None" if loader is None else f"is empty{_dropped(loader)}"
        raise SearchError(
            f"{ADDRESS}: {name} gives no validation batch.  its val_dataloader {empty}"
        )
    if recipe.module is None:
        _refuse_several(name, "val_dataloader", loader, len(_flat(loader)) == 1)
    wanted = recipe.validation_steps
    for one in _flat(loader):
        known = _length(name, one, "validation")
        if known == 0:
            raise SearchError(_says_none("validation", name))
        if wanted is not None and known is not None and wanted > known:
            raise SearchError(
                f"search.proxy.validation_steps: a validation is to take {wanted:,} batches, and "
                f"the validation loader of {name} has {known:,}.  write at most {known}, or drop it"
            )
        if known is None:
            _walk_validation(name, one, wanted, max(WALK, 10 * steps))
        elif wanted is None and known <= WALK and not _is_indexed(one):
            _refuse_to_leave_out(name, one, known)


def _walk_validation(name: str, loader: Any, wanted: int | None, most: int) -> None:
    limit = most + 1 if wanted is None else min(wanted, most)
    given = _drawn(name, "validation", loader, limit)
    if wanted is None and given > most:
        raise SearchError(
            f"{ADDRESS}: the validation loader of {name} has no length, and has not ended after "
            f"{most:,} batches.  let it end, or write  search.proxy.validation_steps: N"
        )
    if wanted is not None and given < limit:
        raise SearchError(
            f"search.proxy.validation_steps: a validation is to take {wanted:,} batches, and the "
            f"validation loader of {name} ends after {given:,}.  write at most {given}, or drop it"
        )
    if not _drawn(name, "validation", loader, 1):
        raise SearchError(
            f"{ADDRESS}: the validation loader of {name} can be gone through once only.  let "
            "val_dataloader give one that begins anew in every pass"
        )


def _refuse_to_leave_out(name: str, loader: Any, known: int) -> None:
    """Lightning takes as many batches as a loader says; one that goes on for ever may mean that."""
    with warnings.catch_warnings():
        # torch says the same, for every image too many
        warnings.filterwarnings("ignore", "Length of IterableDataset")
        given = _drawn(name, "validation", loader, known + WALK)
    if known < given < known + WALK:
        raise SearchError(
            f"{ADDRESS}: the validation loader of {name} has a length of {known:,} batches, and "
            f"gives {given:,}.  mend its __len__, or write  search.proxy.validation_steps: {known}"
        )


def _drawn(name: str, which: str, loader: Any, most: int) -> int:
    """How many batches a loader gives in one pass, up to `most`."""
    given = 0
    try:
        for _ in islice(iter(loader), most):
            given += 1
    except Exception as error:
        raise SearchError(
            f"{ADDRESS}: the {which} loader of {name} fails after {given:,} batches "
            f"({first_line(error)}).  mend what it reads, or leave that out"
        ) from error
    return given


def _refuse_several(name: str, method: str, loader: Any, is_one: bool) -> None:
    if not is_one:
        raise SearchError(
            f"{ADDRESS}: {method} of {name} returns {type(loader).__name__} of "
            f"{len(_flat(loader))}, and the training of archdsl takes one loader.  join the data "
            "sets with torch.utils.data.ConcatDataset, or name a search.proxy.module that takes "
            "several"
        )


_NO_VALIDATION = pl.LightningDataModule.val_dataloader


_SEVERAL = (list, tuple, dict, CombinedLoader)


def _combined(loader: Any) -> CombinedLoader:
    """The loaders as Lightning goes through them: (batch, number, loader) each time."""
    if isinstance(loader, CombinedLoader):
        return loader
    return CombinedLoader(loader, "max_size_cycle")


def _flat(loader: Any) -> list[Any]:
    flattened: list[Any] = _combined(loader).flattened
    return flattened


def _first(loader: Any) -> list[Any]:
    """The first batch, in a list that is empty where there is none."""
    if loader is None or not _flat(loader):
        return []
    return list(islice(iter(_combined(loader)), 1))


def _len(loader: Any) -> int:
    combined = _combined(loader)
    iter(combined)  # it has a length from then on
    return len(combined)


def _length(name: str, loader: Any, which: str) -> int | None:
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


def _is_indexed(loader: Any) -> bool:
    """Whether the length follows from a data set that is read by index, and needs no proof."""
    return (
        type(loader) is torch_data.DataLoader
        and not isinstance(loader.dataset, torch_data.IterableDataset)
        and type(loader.batch_sampler) is torch_data.BatchSampler
        and type(loader.sampler) in _INDEXED
    )


def _ends_alone(loader: Any) -> bool:
    """Whether the last batch holds one image."""
    return (
        isinstance(loader, torch_data.DataLoader)
        and _is_indexed(loader)
        and not loader.drop_last
        and loader.batch_size not in (None, 1)
        and len(cast("Sized", loader.sampler)) % loader.batch_size == 1
    )


def _dropped(loader: Any) -> str:
    """What drop_last has to do with it."""
    for one in _flat(loader):
        if isinstance(one, torch_data.DataLoader) and one.drop_last:
            return (
                f": drop_last leaves out the only batch, which has fewer than {one.batch_size} "
                "images"
            )
    return ""
