"""The validation loader of the user's own datamodule: it has batches, an end, and a next pass."""

from __future__ import annotations

import warnings
from typing import Any

from archdsl.errors import SearchError
from archdsl.training.failures import first_line
from archdsl.training.lengths import (
    WALK,
    drawn,
    dropped,
    first_batch,
    flat,
    is_indexed,
    length,
    refuse_several,
    says_none,
)
from archdsl.training.recipe import Recipe
from archdsl.training.set_up import ADDRESS
from archdsl.training.trainer import pl
from archdsl.units import counted

_NO_VALIDATION = pl.LightningDataModule.val_dataloader


def check_validation(
    name: str, datamodule: pl.LightningDataModule, recipe: Recipe, steps: int
) -> None:
    """Refuse a validation without a batch, and one that has no end."""
    if recipe.module is not None and type(datamodule).val_dataloader is _NO_VALIDATION:
        return  # a module may do without
    try:
        loader = datamodule.val_dataloader()
        batches = first_batch(loader)
    except Exception as error:
        raise SearchError(
            f"{ADDRESS}: {name} gives no validation batch ({first_line(error)}).  write a "
            "val_dataloader: candidates are compared by it"
        ) from error
    if not batches:
        empty = "returns None" if loader is None else f"is empty{dropped(loader)}"
        raise SearchError(
            f"{ADDRESS}: {name} gives no validation batch.  its val_dataloader {empty}"
        )
    if recipe.module is None:
        refuse_several(name, "val_dataloader", loader, len(flat(loader)) == 1)
    wanted = recipe.validation_steps
    for one in flat(loader):
        known = length(name, one, "validation")
        if known == 0:
            raise SearchError(says_none("validation", name))
        if wanted is not None and known is not None and wanted > known:
            raise SearchError(
                f"search.proxy.validation_steps: a validation is to take "
                f"{counted(wanted, 'batch', 'batches')}, and "
                f"the validation loader of {name} has {known:,}.  write at most {known}, or drop it"
            )
        if known is None:
            _walk_validation(name, one, wanted, max(WALK, 10 * steps))
        elif wanted is None and known <= WALK and not is_indexed(one):
            _refuse_to_leave_out(name, one, known)


def _walk_validation(name: str, loader: Any, wanted: int | None, most: int) -> None:
    limit = most + 1 if wanted is None else min(wanted, most)
    given = drawn(name, "validation", loader, limit)
    if wanted is None and given > most:
        raise SearchError(
            f"{ADDRESS}: the validation loader of {name} has no length, and has not ended after "
            f"{counted(most, 'batch', 'batches')}.  let it end, or write  "
            "search.proxy.validation_steps: N"
        )
    if wanted is not None and given < limit:
        raise SearchError(
            f"search.proxy.validation_steps: a validation is to take "
            f"{counted(wanted, 'batch', 'batches')}, and the "
            f"validation loader of {name} ends after {given:,}.  write at most {given}, or drop it"
        )
    if not drawn(name, "validation", loader, 1):
        raise SearchError(
            f"{ADDRESS}: the validation loader of {name} can be gone through once only.  let "
            "val_dataloader give one that begins anew in every pass"
        )


def _refuse_to_leave_out(name: str, loader: Any, known: int) -> None:
    """Lightning takes as many batches as a loader says; one that goes on for ever may mean that."""
    with warnings.catch_warnings():
        # torch says the same, for every image too many
        warnings.filterwarnings("ignore", "Length of IterableDataset")
        given = drawn(name, "validation", loader, known + WALK)
    if known < given < known + WALK:
        raise SearchError(
            f"{ADDRESS}: the validation loader of {name} has a length of "
            f"{counted(known, 'batch', 'batches')}, and "
            f"gives {given:,}.  mend its __len__, or write  search.proxy.validation_steps: {known}"
        )
