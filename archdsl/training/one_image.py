"""Batches of one image, of which batch norm has no variance on a map of one position."""

from __future__ import annotations

from archdsl.training.recipe import Recipe


def lacks_variance(error: BaseException) -> bool:
    """Whether it is what torch says to one value a channel."""
    return "Expected more than 1 value per channel when training" in str(error)


def no_variance(recipe: Recipe, which: str) -> str:
    """That, in words. which: of the batches of a datamodule, as "the last batch"."""
    if recipe.datamodule is None:
        return (
            f"search.proxy.batch: it is {recipe.batch}, and batch norm on a 1x1 map needs two "
            "images for a variance.  write 2 or more, or another norm there"
        )
    return (
        f"search.proxy.datamodule: {which} of {recipe.datamodule} has one image, and batch norm "
        "needs two for a variance.  write drop_last=True, or another batch_size"
    )
