"""The user's own files that a figure follows from: what is imported from where, as digests.

A file is followed through the `import` statements that it holds, wherever in it they stand, to
the files below the spec's folder and in the folders where Python looks for a program's own
modules. What is installed is spoken for by its version.
"""

from __future__ import annotations

import ast
import functools
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from archdsl.components.registry import IMPORTED
from archdsl.data.fingerprint import digest_of
from archdsl.study.identity.typed_in import reached, source_file, text_of

_NOT_FOLLOWED = frozenset((*sys.stdlib_module_names, "archdsl"))

_TRIALS = re.compile(r"""(\btrials\s*=\s*|["']search\.trials["']\s*:\s*)[\d_]+""")
"""Where a program says how many trials there are in the end, which may grow."""


@dataclass(slots=True)
class Code:
    """Files by the name that they have wherever a project lies, and installed packages.

    paths: where the files lie
    """

    files: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    edited: list[str] = field(default_factory=list)
    """Files that are others than when Python imported them."""
    paths: list[Path] = field(default_factory=list)


_imported_as: dict[Path, tuple[ModuleType, str]] = {}
"""File -> the module that was made of it, and the digest that it had when that was first seen."""


def code_of(
    folder: Path, files: Iterable[Path], modules: Iterable[str], functions: Iterable[Any]
) -> Code:
    """Everything that these import, themselves included.

    folder: of the spec; files: those that it imports, and packages; modules: names of imported ones
    functions: an own `evaluate`; what has no file is digested as its text, where there is one
    """
    found = Code()
    programs: list[Path] = []
    bases = [folder.resolve(), *program_folders()]
    starts: list[Path] = []
    beside = {one: path.resolve().parent for path in files for one in files_of(path)}
    for name in modules:
        path = _file_of(name)
        if path is None or _is_installed(path):
            found.packages |= _version_of(name)
        elif name == "__main__":
            programs.append(path)
        else:
            starts.append(path)
            bases.append(path.parents[name.count(".") + (path.name == "__init__.py")])
    for function in functions:
        _typed_in(function, found, starts, programs)
    loaded = _loaded()
    for path in _closure([*starts, *programs], bases, beside):
        content = path.read_bytes()
        if path in programs:
            content = _without_trials(content)
        name, digest = _name(path, bases), digest_of(content)
        if name in found.files:  # of two folders that lie elsewhere
            name = os.path.relpath(path, bases[0])
        found.files[name] = digest
        found.paths.append(path)
        if (module := loaded.get(str(path))) is not None:
            ran = digest_of(_without_trials(content))  # of a program here, an import elsewhere
            before = _imported_as.setdefault(path, (module, ran))
            if before[0] is not module:  # imported anew
                _imported_as[path] = (module, ran)
            elif before[1] != ran:
                found.edited.append(name)
    return found


def _typed_in(
    function: Callable[..., Any], found: Code, starts: list[Path], programs: list[Path]
) -> None:
    """Take note of a callable: of its file, or of its text and of what that names."""
    for number, one in enumerate(reached(function)):
        if isinstance(one, ModuleType):
            path = _file_of(one.__name__)
        else:
            path = source_file(one)
        if path is None:
            if not isinstance(one, ModuleType) and (text := text_of(one)):
                name = one.__qualname__ if number else "evaluate"
                found.files[name] = digest_of(_without_trials(text.encode()))
        elif not _is_installed(path) and _followed(one):
            (starts if number else programs).append(path)


def _followed(one: Any) -> bool:
    name = one.__name__ if isinstance(one, ModuleType) else one.__module__
    return name.partition(".")[0] not in _NOT_FOLLOWED


def _without_trials(content: bytes) -> bytes:
    return _TRIALS.sub(r"\1", content.decode("utf-8", "replace")).encode()


def _loaded() -> dict[str, ModuleType]:
    """File -> module, of what Python does not run again by itself."""
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(file, str) and not name.startswith(IMPORTED):
            found[os.path.normpath(file)] = module  # thousands of them: a Path takes longer
    return found


def files_of(path: Path) -> list[Path]:
    """What an entry of `imports:` stands for: a file, or all files of Python of a package."""
    path = path.resolve()
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def with_neighbours(path: Path) -> Iterator[Path]:
    """The files of an entry of `imports:`, and what they import from beside it."""
    root = path.resolve().parent
    return _closure((), [root], dict.fromkeys(files_of(path), root))


def _closure(
    starts: Iterable[Path], bases: list[Path], beside: Mapping[Path, Path]
) -> Iterator[Path]:
    """The files and what they import, each once.

    beside: further files -> the folder where they, and what they import, look first
    """
    waiting: list[tuple[Path, list[Path]]] = [
        *((path, bases) for path in starts),
        *((path, [root, *bases]) for path, root in beside.items()),
    ]
    seen: set[Path] = set()
    while waiting:
        path, places = waiting.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        yield path
        waiting += [(other, places) for other in _imported(path, places)]


def _imported(path: Path, bases: list[Path]) -> list[Path]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return []
    found: list[Path] = []
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                for alias in node.names:
                    found += _modules(bases, alias.name.split("."))
            case ast.ImportFrom():
                parts = node.module.split(".") if node.module else []
                places = bases if node.level == 0 else [path.parents[node.level - 1]]
                for alias in node.names:
                    found += _modules(places, [*parts, alias.name])
    return found


def _modules(bases: list[Path], parts: list[str]) -> list[Path]:
    """The files of a dotted name and of the packages around it, in the first base that has it."""
    if len(bases) > 1 and parts[0] in _NOT_FOLLOWED:
        return []
    for base in bases:
        found, place = [], base
        for part in parts:
            module = place / f"{part}.py"
            place = place / part
            if (place / "__init__.py").is_file():
                found.append((place / "__init__.py").resolve())
            elif module.is_file():
                found.append(module.resolve())
        if found:
            return [path for path in found if not _is_installed(path)]
    return []


def _name(path: Path, bases: list[Path]) -> str:
    """A file's path below the spec's folder, or below the innermost folder it is looked for in."""
    first, *others = bases
    for base in (first, *sorted(others, key=lambda base: -len(base.parts))):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.name


def program_folders() -> list[Path]:
    """Where Python looks for modules that are not installed."""
    folders = [Path(entry or ".").resolve() for entry in sys.path]
    return [folder for folder in folders if folder.is_dir() and not _is_installed(folder)]


@functools.lru_cache(maxsize=1)
def _installed_places() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    paths = sysconfig.get_paths()
    return tuple({Path(paths[name]).resolve() for name in names})


def _is_installed(path: Path) -> bool:
    if {"site-packages", "dist-packages"} & set(path.parts):
        return True
    return any(path.is_relative_to(place) for place in _installed_places())


def _file_of(module: str) -> Path | None:
    file = getattr(sys.modules.get(module), "__file__", None)
    return None if file is None else Path(file).resolve()


def _version_of(module: str) -> dict[str, str]:
    """Installed package -> version, of what a module belongs to."""
    top = module.partition(".")[0]
    if top in _NOT_FOLLOWED:
        return {}
    if top not in _packages():  # installed since, perhaps
        _packages.cache_clear()
    names = _packages().get(top, ())
    return {name: metadata.version(name) for name in names if name != "archdsl"}


@functools.lru_cache(maxsize=1)
def _packages() -> Mapping[str, list[str]]:
    """Top-level module -> the installed packages that it comes with; half a second to find out."""
    return metadata.packages_distributions()
