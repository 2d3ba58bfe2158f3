"""A datamodule of the user's own, made and set up alike each time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from archdsl.errors import SearchError
from archdsl.training.arguments import fresh
from archdsl.training.failures import first_line
from archdsl.training.seeds import own_randomness, seed_everything, seed_of
from archdsl.training.trainer import pl

ADDRESS = "search.proxy.datamodule"


def seed_set_up() -> None:
    """Make whatever a datamodule draws while it is set up the same each time.

    Lightning sets it up for every training and for the look at the test split: a split at random
    that were another each time would mix what was held out with what was trained on.
    """
    seed_everything(seed_of("setup"))


@contextmanager
def set_up_alike() -> Iterator[None]:
    """Seeded for a set-up inside, and the process's generators as they were outside."""
    with own_randomness():
        seed_set_up()
        yield


def called(
    cls: type[pl.LightningDataModule], name: str, given: dict[str, Any]
) -> pl.LightningDataModule:
    """A datamodule, not yet set up. Raises SearchError where it cannot be made."""
    try:
        return cls(**fresh(given))
    except Exception as error:
        raise SearchError(
            f"{ADDRESS}: {name} cannot be called ({first_line(error)}).  it is called "
            f"{called_with(given)}"
        ) from error


def called_with(given: dict[str, Any]) -> str:
    """How a datamodule is called, in words."""
    names = ", ".join(given)
    return f"with its {names}" if names else "without arguments"
