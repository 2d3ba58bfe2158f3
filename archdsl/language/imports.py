"""Running the user's own Python: `imports:` and installed plugins. The only place that does."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path

from archdsl.components.registry import IMPORTED
from archdsl.errors import ArchError, SpecError
from archdsl.language.nodes import Mark

PLUGINS = "archdsl.components"
"""The entry-point group of installed packages that bring components."""

_texts: dict[str, str] = {}


def run_import(entry: str, folder: Path, mark: Mark | None) -> None:
    """Import a module by its dotted name, or `./file.py` in `folder`. Raises SpecError."""
    try:
        if entry.endswith(".py") or "/" in entry:
            _run_file(entry, folder, mark)
        else:
            importlib.import_module(entry)
    except SpecError:
        raise
    except ArchError as error:
        raise SpecError(f"{entry}: {error}", address="imports", mark=mark) from None
    except ModuleNotFoundError as error:
        raise SpecError(
            f"{entry}: no module is called {error.name}",
            address="imports",
            mark=mark,
            cure="write  ./file.py  for a file beside the spec",
        ) from None
    except (Exception, SystemExit) as error:
        raise SpecError(
            f"{entry} failed with {f'{type(error).__name__}: {error}'.rstrip(': ')}",
            address="imports",
            mark=mark,
            cure="mend it so that Python can import it by itself",
        ) from error


def _run_file(entry: str, folder: Path, mark: Mark | None) -> None:
    path = (folder / entry).resolve()
    if not path.is_file():
        raise SpecError(
            f"there is no file {folder / entry}",
            address="imports",
            mark=mark,
            cure="the path is relative to the folder of this spec",
        )
    if path.suffix != ".py":
        raise SpecError(
            f"{entry} is no file of Python",
            address="imports",
            mark=mark,
            cure="write  ./file.py  for a file beside the spec",
        )
    text = path.read_text(encoding="utf-8")
    name = IMPORTED + hashlib.sha256(str(path).encode()).hexdigest()[:12] + "_" + path.stem
    if _texts.get(name) == text and name in sys.modules:
        return
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    _texts[name] = text


def loaded_text(module: str) -> str | None:
    """The text that an imported `./file.py` had when it ran; None for any other module."""
    return _texts.get(module)


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
