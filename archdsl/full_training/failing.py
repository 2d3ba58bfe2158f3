"""What can break a training off, in words that say what to do."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from archdsl.errors import ArchError, SearchError
from archdsl.training.failures import Diverged, first_line, is_out_of_memory
from archdsl.training.recipe import Recipe

if TYPE_CHECKING:
    from archdsl.training.prepare import Prepared

_OWN = ("module", "datamodule", "module_options", "datamodule_options")
_FIELDS = "|".join(one.name for one in dataclasses.fields(Recipe) if one.name not in _OWN)
_ADDRESS = re.compile(rf"\b(?:search\.proxy\.|recipe: )({_FIELDS})\b")


_GOES_ON = re.compile(r"\bthe same command goes on\b")


def in_words(text: str) -> str:
    """Words on a search as words on a training: of the recipe, and how it is gone on with."""
    return _GOES_ON.sub("the same command with --resume goes on", _ADDRESS.sub(r"train.\1", text))


@contextmanager
def said_of_a_recipe() -> Iterator[None]:
    """Let errors inside speak of `train.lr`, and not of where a search has it."""
    try:
        yield
    except SearchError as error:
        raise SearchError(in_words(str(error))) from error


def words_of(error: Exception, data: Prepared | None, batch: int) -> str | None:
    """What broke a training off; None for a fault of archdsl."""
    if isinstance(error, Diverged):
        return in_words(str(error))
    if is_out_of_memory(error):
        return (
            f"out of memory with batches of {batch} ({first_line(error)}).  write a smaller  "
            "--set train.batch=N, or take it in parts, as with  --set train.accumulate=2"
        )
    if isinstance(error, ArchError):
        return in_words(str(error))
    if data is not None and not data.plain:
        from archdsl.training.own_failures import PAIR, failure

        return failure(error, data, PAIR)
    return None
