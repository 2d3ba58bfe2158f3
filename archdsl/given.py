"""What a caller of the API gave, checked once where it comes in.

Each function takes the name of the argument and the error that a wrong one is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from archdsl.errors import ArchError
from archdsl.printable import shown

T = TypeVar("T")

LONGEST_NAME = 255
"""Bytes of the name of one file or folder, on all common file systems."""


def kind(value: object) -> str:
    """What a value of another type than wanted is, in words."""
    return type(value).__name__


def path(name: str, value: object, error: type[ArchError]) -> Path:
    """A path. Raises `error` for anything else, for none, and for a text that no file is called."""
    if not isinstance(value, (str, Path)):
        raise error(f"{name} is a path, and not {kind(value)}")
    text = str.__str__(value) if isinstance(value, str) else str(value)
    if not text:
        raise error(
            f"{name} is a path, and this one is empty.  name what is meant, or leave it out"
        )
    try:
        encoded = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        encoded = b"\0"
    if b"\0" in encoded or max(map(len, encoded.split(b"/"))) > LONGEST_NAME:
        raise error(f"{name} is a path, and no file can be called {shown(text)}")
    return Path(text)


def truth(name: str, value: object, error: type[ArchError]) -> bool:
    """True or False. Raises `error` for anything else."""
    if not isinstance(value, bool):
        raise error(f"{name} is True or False, and not {shown(value)}")
    return value


def function(name: str, value: T, error: type[ArchError]) -> T:
    """A function, or None where there is none. Raises `error` for anything else."""
    if value is not None and not callable(value):
        raise error(f"{name} is a function, and not {kind(value)}")
    return value


def word(name: str, value: object, error: type[ArchError]) -> str:
    """A text. Raises `error` for anything else."""
    if not isinstance(value, str):
        raise error(f"{name} is a text, and not {shown(value)}")
    return str.__str__(value)  # of an enumeration, too, the text alone
