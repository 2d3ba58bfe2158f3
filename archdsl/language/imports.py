"""Running the user's own Python: `imports:` and installed plugins. The only place that does."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from archdsl.errors import ArchError, SpecError
from archdsl.language import neighbours
from archdsl.language.failing_line import failing_line
from archdsl.language.nodes import Mark

PLUGINS = "archdsl.components"
"""The entry-point group of installed packages that bring components."""


def is_file(entry: str) -> bool:
    """Whether an entry of `imports:` is a path, and no name of a module."""
    return entry.endswith(".py") or "/" in entry


def run_import(entry: str, folder: Path, mark: Mark | None) -> None:
    """Import a module by its dotted name, or a file or package in `folder`: `./file.py`, `./pack`.

    Raises SpecError, at the line of the user's own file that fails where there is one.
    """
    path = (folder / entry).resolve()
    try:
        if is_file(entry):
            _check_file(entry, path, folder, mark)
            neighbours.load(path)
        else:
            importlib.import_module(entry)
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        here = path.parent if is_file(entry) else None
        raise _failed(error, entry, here, folder, mark) from (
            None if isinstance(error, (ArchError, ModuleNotFoundError)) else error
        )


def _failed(
    error: BaseException, entry: str, here: Path | None, folder: Path, mark: Mark | None
) -> SpecError:
    """What to say of an import that failed. here: the folder of the file, if it is one"""

    def shown(file: Path) -> str:
        below = here is not None and file.is_relative_to(here)
        return (
            str((folder / entry).parent / file.relative_to(here)) if here and below else str(file)
        )

    def plain(text: str) -> str:
        return text if here is None else neighbours.without_package(text, here)

    place = failing_line(error, shown)
    if isinstance(error, ArchError):
        problem, cure = f"{entry}: {error}", ""
        if place is not None:  # which it may begin with itself
            problem = re.sub(
                rf"^\S*{re.escape(Path(place.source.name).name)}:\d+: ", "", str(error)
            )
    elif isinstance(error, ModuleNotFoundError):
        name = plain(str(error.name))
        problem = f"{entry}: no module is called {name}"
        cure = "write  ./file.py  for a file beside the spec"
        if place is not None:
            beside = Path(place.source.name).name
            file = f"{name.partition('.')[0]}.py"
            cure = f"install it, or put {file} beside {beside}"
            if here is not None and (here / file).is_file():
                cure = f"{file} is found by the statement  import,  and by no computed name"
    else:
        words = plain(f"{type(error).__name__}: {error}".rstrip(": "))
        problem = f"{entry} failed with {words}"
        cure = "mend it so that Python can import it by itself"
    by = f"it is imported at {mark}" if place is not None and mark is not None else ""
    return SpecError(
        problem,
        address="imports",
        mark=place or mark,
        cure="\n".join(line for line in (cure, by) if line),
    )


def _check_file(entry: str, path: Path, folder: Path, mark: Mark | None) -> None:
    """Refuse what is neither a file of Python nor a package."""

    def refuse(problem: str, cure: str) -> SpecError:
        return SpecError(problem, address="imports", mark=mark, cure=cure)

    if path.is_dir():
        if not (path / "__init__.py").is_file():
            raise refuse(
                f"{entry} is a folder without __init__.py",
                "put one there, which may be empty, or name the files in it",
            )
        return
    if not path.is_file():
        raise refuse(
            f"there is no file {folder / entry}", "the path is relative to the folder of this spec"
        )
    if path.suffix != ".py":
        raise refuse(
            f"{entry} is no file of Python", "write  ./file.py  for a file beside the spec"
        )
    if (path.with_suffix("") / "__init__.py").is_file():
        raise refuse(
            f"beside {entry} lies a package {path.stem}/ of the same name", "rename one of them"
        )


def load_plugins() -> None:
    """Import the installed packages that bring components. Raises ArchError, naming one."""
    from importlib.metadata import entry_points

    for point in entry_points(group=PLUGINS):
        try:
            point.load()
        except Exception as error:
            raise ArchError(
                f"the plugin {point.name} ({point.value}) failed with "
                f"{type(error).__name__}: {error}.  mend or uninstall the package that brings it"
            ) from error
