"""What the cost of a layer follows from, as a digest: its options, its code, and the counter's.

A cost that was measured before may be given again only if nothing that it follows from has
changed. Where that cannot be told, there is no digest.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from archdsl.compiler.network import Layer
from archdsl.components.component import Component
from archdsl.language.neighbours import loaded_text
from archdsl.version import VERSION

PURE = frozenset((
    "__future__", "abc", "archdsl", "collections", "dataclasses", "enum", "functools", "itertools",
    "math", "numpy", "operator", "torch", "typing",
))  # fmt: skip
"""What code may import whose own text says everything that it does."""

_DOORS = frozenset(("__file__", "__import__", "compile", "eval", "exec", "input", "open"))


def origin(layer: Layer, modules: Iterable[str]) -> str | None:
    """A digest of everything that a layer's cost follows from; None where that cannot be told.

    modules: the names of the modules that its classes and the registered rules are from
    """
    counter = counter_version()
    if not counter:
        return None
    parts = [counter]
    for name in sorted(set(modules)):
        text = _text(name)
        if text is None:
            return None
        parts.append(f"{name}: {text}")
    parts.append(repr((layer.component, layer.context, layer.in_shape, layer.out_shape)))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def modules_of(component: Component) -> set[str]:
    """The modules of a component's classes, nested ones and bases included."""
    return {
        base.__module__
        for one in (component, *component.nested())
        for base in one.definition.cls.__mro__
    }


def _text(module: str) -> str | None:
    """The text of a module; its name where versions speak for it, None where it cannot be told."""
    if module == "builtins" or module.partition(".")[0] in ("archdsl", "torch"):
        return module
    text = loaded_text(module)  # the file may be another one by now
    return text if text is not None and _is_pure(text) else None


@lru_cache(maxsize=256)
def _is_pure(text: str) -> bool:
    """Whether a module's text alone, with torch and archdsl, says what the module is."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import():
                if any(name.name.partition(".")[0] not in PURE for name in node.names):
                    return False
            case ast.ImportFrom():
                if node.level or (node.module or "").partition(".")[0] not in PURE:
                    return False
            case ast.Name():
                if node.id in _DOORS:
                    return False
    return True


@lru_cache(maxsize=1)
def counter_version() -> str:
    """Versions, and a digest of archdsl's own text; empty where it cannot be read."""
    from importlib.metadata import PackageNotFoundError, version

    import torch

    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    try:
        fvcore = version("fvcore")
        files = sorted(package.rglob("*.py"))
        for path in files:
            text = path.read_bytes()
            digest.update(f"{path.relative_to(package).as_posix()} {len(text)}\n".encode())
            digest.update(text)
    except (OSError, PackageNotFoundError):
        return ""
    if not files:
        return ""
    python = ".".join(map(str, sys.version_info[:2]))
    return f"{VERSION} {torch.__version__} {fvcore} {python} {digest.hexdigest()}"
