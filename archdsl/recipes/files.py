"""The shipped recipes by name, and those of anybody's as paths."""

from __future__ import annotations

import contextlib
from pathlib import Path

from archdsl import shipped
from archdsl.errors import SpecError
from archdsl.printable import shown
from archdsl.recipes.document import document_of_file
from archdsl.spelling import did_you_mean


def names() -> list[str]:
    """The names of the shipped recipes, in the order of the alphabet."""
    return sorted(path.stem for path in shipped.recipes_folder().glob("*.yaml"))


def source_of(name: str) -> str:
    """Where a shipped recipe is from: paper and section. Raises SpecError."""
    return document_of_file(path_of(name), path_of).source


def path_of(which: str | Path, folder: Path | None = None) -> Path:
    """The file of a recipe: a shipped name, or a path, with a / or with .yaml.

    folder: what a path starts from, by default the working directory
    Raises SpecError for what is neither.
    """
    text = str(which)
    if isinstance(which, Path) or "/" in text or text.endswith((".yaml", ".yml")):
        path = Path(text) if folder is None else folder / text
        if not path.is_file():
            raise SpecError(
                f"there is no recipe {shown(str(path))}",
                cure=f"name a file, or one of: {', '.join(names())}",
            )
        return path
    if text in names():
        return shipped.recipes_folder() / f"{text}.yaml"
    guess = did_you_mean(text, names(), after="  ")
    with contextlib.suppress(OSError, ValueError):  # what no system takes for a name
        if text and Path(text).exists():
            guess = f"write  ./{text}  for what lies here.  "
    raise SpecError(
        f"no shipped recipe is called {shown(text)}",
        cure=f"{guess}they are: {', '.join(names())}; a file of your own is a path: with a / or "
        "with .yaml",
    )
