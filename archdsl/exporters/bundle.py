"""The classes of a network, and all that they use, as one stretch of torch-only source."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from archdsl.exporters.annotations import TORCH_NN
from archdsl.exporters.carry import Carried, Carrier
from archdsl.exporters.names import Names, preferred
from archdsl.exporters.rewrite import name_uses, text_of
from archdsl.exporters.scopes import Function
from archdsl.exporters.targets import External, Sources


class Bundle:
    """Source for some classes and functions.

    reserved: names that the rest of the file has for itself

    Raises ExportError for a class that cannot leave, in words that say why.
    """

    def __init__(
        self,
        wanted: Iterable[Callable[..., Any]],
        reserved: Iterable[str],
    ) -> None:
        self._sources = Sources()
        carrier = Carrier(self._sources)
        wanted = list(wanted)
        carrier.collect(wanted)
        self._items = list(carrier.ordered())
        self._names = Names(reserved, _identifiers(self._items))
        for item in self._items:
            name_uses(item, self._names)
        for thing in wanted:
            self.expression(thing)

    def expression(self, cls: Callable[..., Any]) -> str:
        """How the file calls a class: `SepConv`, `nn.GELU`."""
        target = self._sources.of_object(cls)
        inner = cls.__qualname__.partition(".")[2]
        suffix = f".{inner}" if inner else ""
        if not isinstance(target, External):
            return self._names.give(target, target.name) + suffix
        from torch import nn

        if getattr(nn, cls.__name__, None) is cls:
            return f"{self._names.give(TORCH_NN, 'nn')}.{cls.__name__}"
        return self._names.give(target, preferred(target)) + suffix

    def external(self, target: External) -> str:
        """How the file calls something of torch or the standard library."""
        return self._names.give(target, preferred(target))

    def definitions(self) -> list[str]:
        """The statements, each below what it is built on, spaced as ruff spaces them."""
        lines: list[str] = []
        above: Carried | None = None
        for item in self._items:
            lines += [""] * _blank_lines(above, item) + text_of(item, self._names)
            above = item
        return lines

    def imports(self) -> list[str]:
        """The import statements; complete once the rest of the file has been written."""
        return self._names.imports()


def _blank_lines(above: Carried | None, item: Carried) -> int:
    if above is None:
        return 0
    if _defines(above) or _defines(item):
        return 2
    same = above.unit.module is item.unit.module
    return 0 if same and above.unit.last + 1 == item.unit.first else 1


def _defines(item: Carried) -> bool:
    return any(isinstance(node, Function | ast.ClassDef) for node in item.unit.nodes)


def _identifiers(items: Iterable[Carried]) -> set[str]:
    """Every name that the sources use for anything of their own."""
    found: set[str] = set()
    for item in items:
        for statement in item.unit.nodes:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name):
                    found.add(node.id)
                elif isinstance(node, ast.arg):
                    found.add(node.arg)
    return found
