"""What a module registers as it is imported, in the registry only while it is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archdsl import loading
from archdsl.components import registry
from archdsl.components.registry import Definition

Own = list[tuple[str, str, Definition]]
"""Kind, name and definition of what is set apart."""


@contextmanager
def set_apart() -> Iterator[Own]:
    """Take what is registered inside out again, and give it when all is done."""
    loading.fill_registry()
    before = {kind: dict(known) for kind, known in registry._registered.items()}
    own: Own = []
    yield own
    for kind, known in registry._registered.items():
        for name in known.keys() - before[kind].keys():
            own.append((kind, name, known.pop(name)))


@contextmanager
def registered(own: Own) -> Iterator[None]:
    """Have it in the registry inside."""
    for kind, name, definition in own:
        registry._registered[kind][name] = definition
    try:
        yield
    finally:
        for kind, name, _ in own:
            registry._registered[kind].pop(name, None)
