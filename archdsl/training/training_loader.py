"""The training loader of the user's own datamodule: how many batches an epoch takes of it."""

from __future__ import annotations

from typing import Any

from archdsl.errors import SearchError
from archdsl.training.lengths import (
    WALK,
    combined,
    drawn,
    flat,
    is_indexed,
    length,
    length_of_all,
    says_none,
)
from archdsl.training.recipe import Recipe
from archdsl.training.set_up import ADDRESS
from archdsl.units import counted


def training_steps(name: str, loader: Any, recipe: Recipe) -> int:
    """How many batches an epoch takes. Raises SearchError where there is no telling."""
    wanted = recipe.steps_per_epoch
    lengths = [length(name, one, "training") for one in flat(loader)]
    known = None if None in lengths else length_of_all(loader)
    if known == 0:
        raise SearchError(says_none("training", name))
    if wanted is None and known is None:
        raise SearchError(
            f"{ADDRESS}: the training loader of {name} has no length, and the schedule of the "
            "learning rate follows from it.  write  search.proxy.steps_per_epoch: N"
        )
    if wanted is not None and known is not None and wanted > known:
        raise SearchError(
            f"search.proxy.steps_per_epoch: an epoch is to take "
            f"{counted(wanted, 'batch', 'batches')}, and the "
            f"training loader of {name} has {known:,}.  write at most {known}, or drop it"
        )
    steps = wanted if wanted is not None else known
    assert steps is not None, "one of the two is known"
    if not all(map(is_indexed, flat(loader))):
        walked = min(steps, WALK)
        for again in ("", " when it is gone through again"):
            given = drawn(name, "training", combined(loader), walked)
            if given < walked:
                raise SearchError(ended_early(name, given, steps, recipe, again))
            walked = 1  # a stream that is used up has none
    return steps


def ended_early(name: str, given: int, steps: int, recipe: Recipe, when: str = "") -> str:
    """That a training loader ended before it should."""
    if recipe.steps_per_epoch is not None:
        return (
            f"search.proxy.steps_per_epoch: an epoch is to take "
            f"{counted(steps, 'batch', 'batches')}, and the "
            f"training loader of {name} ends after {given:,}{when}.  lower it, or let the loader "
            "begin anew and go on"
        )
    return (
        f"{ADDRESS}: the training loader of {name} says that it has "
        f"{counted(steps, 'batch', 'batches')}, and ends "
        f"after {given:,}{when}.  mend its __len__, or let it begin anew, or write  "
        "search.proxy.steps_per_epoch: N"
    )
