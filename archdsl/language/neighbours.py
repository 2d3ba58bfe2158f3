"""The files that `imports:` names, and what they import from beside them, as modules.

A folder with such files is a package under a name that no other folder has, so that
`import helpers` in one file and in another may mean two files. Inside it the statement `import`
looks beside the file first; everywhere else Python imports as ever.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import importlib.util
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from archdsl.components.registry import IMPORTED
from archdsl.errors import ArchError

_texts: dict[str, str] = {}
"""Module -> the text of which it was made."""
_needs: dict[str, dict[str, ModuleType]] = {}
"""Module -> what it has imported from its folder."""


def load(path: Path) -> None:
    """Run a file, or a folder with an `__init__.py`, unless it and what it imports were run.

    Raises ArchError for an import that may mean two modules, and whatever the code raises.
    """
    importlib.invalidate_caches()
    root = _package_of(path.parent)
    name = f"{root.__name__}.{(path.name if path.is_dir() else path.stem).replace('.', '_')}"
    for old in [one for one in _reached(name) if _is_stale(one, set())]:
        _forget(old)
    if name in sys.modules:
        return
    file, inside = (path / "__init__.py", [str(path)]) if path.is_dir() else (path, None)
    spec = importlib.util.spec_from_file_location(
        name, file, loader=_Loader(name, str(file)), submodule_search_locations=inside
    )
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    setattr(root, name.rpartition(".")[2], module)


def loaded_text(module: str) -> str | None:
    """The text that a module had when it was run, if it came by `imports:`; else None."""
    return _texts.get(module)


def meant(module: str, name: str) -> str:
    """The dotted name under which `import name` in a module is loaded."""
    root = module.partition(".")[0]
    inside = f"{root}.{name}"
    return inside if root.startswith(IMPORTED) and inside in sys.modules else name


def without_package(text: str, folder: Path) -> str:
    """Words of Python's, without the name that the package of a folder has here."""
    name = _name_of(folder)
    return text.replace(f"{name}.", "").replace(name, folder.name)


class _Loader(SourceFileLoader):
    """Runs the text of a file as it is now, with an `import` that looks beside it."""

    def get_code(self, fullname: str) -> CodeType:
        data = self.get_data(self.path)
        _texts[fullname] = importlib.util.decode_source(data)
        code: CodeType = self.source_to_code(data, self.path)
        return code

    def exec_module(self, module: ModuleType) -> None:
        _needs[module.__name__] = {}
        root = sys.modules[module.__name__.partition(".")[0]]
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _importing(root)}
        super().exec_module(module)


class _Finder(MetaPathFinder):
    """Finds what lies in the packages of folders."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(IMPORTED):
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


sys.meta_path.insert(0, _Finder())


def _importing(root: ModuleType) -> Callable[..., Any]:
    """What `import` does in the files of a folder."""
    folder = root.__path__[0]

    def import_(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        top = name.partition(".")[0]
        beside = level == 0 and _lies_beside(top, folder)
        full = f"{root.__name__}.{name}" if beside else name
        module = builtins.__import__(full, globals, locals, fromlist or (), level)
        if level:
            assert globals is not None, "a relative import stands in a module"
            full = importlib.util.resolve_name("." * level + name, globals["__package__"])
        if globals is not None and (beside or level):
            its = [full, *(f"{full}.{inner}" for inner in fromlist or ())]
            _needs.setdefault(globals["__name__"], {}).update(
                {one: sys.modules[one] for one in its if one in sys.modules}
            )
        return sys.modules[f"{root.__name__}.{top}"] if beside and not fromlist else module

    return import_


def _lies_beside(top: str, folder: str) -> bool:
    """Whether a name is that of a file or folder. Raises ArchError where it is Python's, too."""
    spec = PathFinder.find_spec(top, [folder])
    if spec is None:
        return False
    place = _elsewhere(top)
    if place is None:
        return True
    if spec.origin is None:  # a folder without __init__.py is the last that Python looks for
        return False
    raise ArchError(
        f"'{top}' may be {Path(spec.origin).name} beside the file or {place}.  write  "
        f"from . import {top}  for the one beside it, or rename that"
    )


@lru_cache(maxsize=512)
def _elsewhere(top: str) -> str | None:
    """What of the standard library, or of what is installed, is called so, in words."""
    if top in sys.stdlib_module_names:
        return f"{top} of the standard library"
    spec = None if top == "archdsl" else PathFinder.find_spec(top)
    origin = None if spec is None else spec.origin
    if top == "archdsl" or (origin is not None and is_installed(Path(origin))):
        return f"the installed {top}"
    return None


def is_installed(path: Path) -> bool:
    """Whether a file is of the standard library or of an installed package."""
    if {"site-packages", "dist-packages"} & set(path.parts):
        return True
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return any(path.is_relative_to(sysconfig.get_path(name)) for name in names)


def _name_of(folder: Path) -> str:
    return IMPORTED + hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def _package_of(folder: Path) -> ModuleType:
    name = _name_of(folder)
    if name not in sys.modules:
        package = sys.modules[name] = ModuleType(name)
        package.__path__ = [str(folder)]
    return sys.modules[name]


def _reached(name: str) -> Iterator[str]:
    """A module and those of its folder that it leads to, each once."""
    waiting, seen = [name], set[str]()
    while waiting:
        one = waiting.pop()
        if one not in seen and one in sys.modules:
            seen.add(one)
            yield one
            waiting += _needs.get(one, {})


def _is_stale(name: str, asked: set[str]) -> bool:
    """Whether the file of a module, or of one that it imported, is another by now."""
    if name in asked:
        return False
    asked.add(name)
    module = sys.modules.get(name)
    if module is None or not _is_as_it_was(name, module):
        return True
    return any(
        sys.modules.get(other) is not its or _is_stale(other, asked)
        for other, its in _needs.get(name, {}).items()
    )


def _is_as_it_was(name: str, module: ModuleType) -> bool:
    origin = None if module.__spec__ is None else module.__spec__.origin
    if origin is None:
        return True  # a folder
    try:
        return importlib.util.decode_source(Path(origin).read_bytes()) == _texts.get(name)
    except (OSError, SyntaxError, UnicodeDecodeError):
        return False


def _forget(name: str) -> None:
    package, _, inner = name.rpartition(".")
    sys.modules.pop(name, None)
    if hasattr(sys.modules.get(package), inner):
        delattr(sys.modules[package], inner)
