"""What a name in a module's source stands for, once imports have been followed to their end."""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from archdsl.errors import ExportError
from archdsl.exporters.source import Import, Module, read

_CARRIED = ("archdsl.nn", "archdsl.data.resampling")
"""The parts of archdsl whose source may leave: the vocabulary, and what becomes of images."""

_KNOWN_TO_PYTHON = {"__name__", "__doc__", "__class__", "__module__", "__qualname__"}


@dataclass(frozen=True, slots=True)
class External:
    """Something of torch or the standard library: a module, or `attr` of one."""

    module: str
    attr: str | None = None


@dataclass(frozen=True, slots=True)
class Internal:
    """Something whose source is carried over: a top-level name of a module."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """Something that exported code may not use; `what` as an error names it."""

    what: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A module whose source can be carried over, before an attribute of it is named."""

    module: str


Target: TypeAlias = External | Internal | Foreign


class Sources:
    """The modules that have been read, and the meaning of their names."""

    def __init__(self) -> None:
        self._read: dict[str, Module] = {}

    def module(self, name: str) -> Module:
        """The source of an imported module. Raises ExportError where there is none."""
        if name not in self._read:
            self._read[name] = read(sys.modules[name])
        return self._read[name]

    def target(self, module: Module, name: str, chain: tuple[str, ...]) -> tuple[Target, int]:
        """What `name.chain...` stands for in a module, and how much of the chain that took.

        Raises ExportError for a name that the module does not define.
        """
        found = self._find(module, name)
        for taken, attribute in enumerate((*chain, None)):
            if not isinstance(found, Whole):
                return found, taken
            if attribute is None:
                break
            found = self._member(found, attribute)
        if isinstance(found, Whole):
            return Foreign(f"{found.module} as a whole"), len(chain)
        return found, len(chain)

    def of_object(self, cls: Callable[..., Any]) -> External | Internal:
        """What a class or a function is. Raises ExportError for one made inside a function."""
        outer = cls.__qualname__.partition(".")[0]
        if allowed(cls.__module__):
            return External(cls.__module__, outer)
        if "<locals>" in cls.__qualname__ or cls.__module__ not in sys.modules:
            raise ExportError(
                f"{cls.__module__}.{cls.__qualname__} is made while the program runs, so there is "
                "no source to export.  define it at the top level of its file"
            )
        module = self.module(cls.__module__)
        found, _ = self.target(module, outer, ())
        if isinstance(found, Foreign):
            raise ExportError(f"{module.file}: {outer} is {found.what}, which cannot be exported")
        return found

    def _find(self, module: Module, name: str) -> Target | Whole:
        if module.binding(name):
            return Internal(module.name, name)
        if name in module.imports:
            return self._import(module, module.imports[name])
        for origin in module.stars:
            if hasattr(sys.modules.get(origin), name):
                return self._import(module, Import(origin, name))
        if name in _KNOWN_TO_PYTHON or hasattr(builtins, name):
            return External("builtins", name)
        if name == "__file__":
            return Foreign("__file__, the place of its own file")
        raise ExportError(f"{module.file}: '{name}' is not defined at the top of the file")

    def _import(self, module: Module, origin: Import) -> Target | Whole:
        name = origin.module if origin.attr is None else f"{origin.module}.{origin.attr}"
        whole = origin.attr is None or _is_submodule(origin.module, origin.attr)
        if allowed(origin.module):
            return External(name) if whole else External(origin.module, origin.attr)
        if not _own(module, origin.module):
            return Foreign(name)
        if whole:
            return Whole(name)
        assert origin.attr is not None
        return self._member(Whole(origin.module), origin.attr)

    def _member(self, whole: Whole, name: str) -> Target | Whole:
        if _is_submodule(whole.module, name):
            return Whole(f"{whole.module}.{name}")
        if whole.module not in sys.modules:
            return Foreign(f"{whole.module}.{name}")
        if whole.module.partition(".")[0] == "archdsl" and not vocabulary(whole.module):
            return Foreign(f"{whole.module}.{name}")
        return self._find(self.module(whole.module), name)


def runtime(module: Module, name: str, chain: tuple[str, ...]) -> object:
    """The object that `name.chain...` is in the running program, or None."""
    value = getattr(sys.modules.get(module.name), name, None)
    for attribute in chain:
        value = getattr(value, attribute, None)
    return value


def allowed(module: str) -> bool:
    """Whether exported code may import a module: it is torch's or the standard library's."""
    top = module.partition(".")[0]
    return top == "torch" or (top in sys.stdlib_module_names and top != "__main__")


def vocabulary(module: str) -> bool:
    """Whether a module of archdsl is one whose source may leave, such as the vocabulary."""
    return any(module == part or module.startswith(f"{part}.") for part in _CARRIED)


def _own(module: Module, other: str) -> bool:
    """Whether `other` belongs to the same work as `module`: its package, or its folder."""
    top = other.partition(".")[0]
    if top in ("archdsl", module.name.partition(".")[0]):
        return True
    file = getattr(sys.modules.get(other), "__file__", None)
    return file is not None and Path(file).parent == Path(module.file).parent


def _is_submodule(module: str, name: str) -> bool:
    inner = getattr(sys.modules.get(module), name, None)
    return isinstance(inner, types.ModuleType) and inner.__name__ == f"{module}.{name}"
