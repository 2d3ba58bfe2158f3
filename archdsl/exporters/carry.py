"""Which top-level statements must leave with a class, transitively, and what of them may stay.

A component carries things that only the compiler reads: the decorator that registers it, the
torch-free `check` and `out_size`, option types such as `Odd`. None of that leaves.
"""

from __future__ import annotations

import ast
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from archdsl.errors import ExportError
from archdsl.exporters.annotations import ANY, MODULE, Plain, holds_option_type, plain
from archdsl.exporters.members import compile_time, reads
from archdsl.exporters.scopes import Function, Use, uses
from archdsl.exporters.source import Module, Unit, absolute
from archdsl.exporters.targets import (
    External,
    Foreign,
    Internal,
    Sources,
    allowed,
    runtime,
    vocabulary,
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A use and what it stands for: a target, or the plain types that replace it.

    taken: how much of the chain the target took
    """

    use: Use
    target: External | Internal | Plain
    taken: int


@dataclass(eq=False, slots=True)
class Carried:
    """A unit that leaves.

    cut: decorators and members of it that stay behind
    annotated: subscripts of `Annotated`, of which only the first argument leaves
    quotes: annotations that lose their quotes
    """

    unit: Unit
    cut: frozenset[ast.AST]
    annotated: tuple[ast.Subscript, ...]
    quotes: list[ast.Constant] = field(default_factory=list)
    uses: list[Resolved] = field(default_factory=list)

    @property
    def skip(self) -> frozenset[ast.AST]:
        """Every node that does not leave."""
        notes = {note for node in self.annotated for note in elements(node)[1:]}
        return self.cut | notes | {node.value for node in self.annotated}


class Carrier:
    """Collects what the given classes need."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.carried: dict[int, Carried] = {}
        self._order: list[str] = []

    def collect(self, wanted: Iterable[Callable[..., Any]]) -> None:
        """Carry classes and functions with all they use. Raises ExportError for what cannot."""
        roots = [self.sources.of_object(thing) for thing in wanted]
        inside = [root for root in roots if isinstance(root, Internal)]
        read: set[str] = set()
        while True:
            self.carried, self._order = {}, []
            links = self._need(inside, read)
            for root in inside:
                self._place(root.module, links, set())
            more = {
                name for item in self.carried.values() for name in reads(item.unit.nodes, item.cut)
            }
            if more <= read:
                break
            read |= more  # carried code reads such a member: carry it, and what it needs
        for item in self.carried.values():
            item.uses = [self._said(item.unit.module, resolved) for resolved in item.uses]

    def ordered(self) -> Iterator[Carried]:
        """The carried units so that each stands below what it was built on.

        Modules in the order in which their imports finish, and a module's statements in its own
        order: the order in which Python ran them.
        """
        for name in self._order:
            inside = [c for c in self.carried.values() if c.unit.module.name == name]
            yield from sorted(inside, key=lambda item: item.unit.first)

    def _need(self, wanted: list[Internal], read: set[str]) -> dict[str, list[str]]:
        """Carry what is wanted; returns the modules that each module's statements build on."""
        waiting = list(wanted)
        links: dict[str, list[str]] = {}
        while waiting:
            target = waiting.pop(0)
            module = self.sources.module(target.module)
            for unit in module.binding(target.name):
                if id(unit) in self.carried:
                    continue
                item = self._carry(unit, read)
                self.carried[id(unit)] = item
                for resolved in item.uses:
                    if isinstance(resolved.target, Internal) and not _only_said(
                        module, resolved.use
                    ):
                        waiting.append(resolved.target)
                        links.setdefault(module.name, []).append(resolved.target.module)
        return links

    def _said(self, module: Module, resolved: Resolved) -> Resolved:
        """A class that an annotation alone mentions, and nothing carries, is a plain module."""
        target = resolved.target
        if not isinstance(target, Internal) or not _only_said(module, resolved.use):
            return resolved
        units = self.sources.module(target.module).binding(target.name)
        if any(id(unit) in self.carried for unit in units):
            return resolved
        return Resolved(resolved.use, MODULE, len(resolved.use.chain))

    def _place(self, name: str, links: dict[str, list[str]], seen: set[str]) -> None:
        if name in seen:
            return
        seen.add(name)
        for other in links.get(name, []):
            self._place(other, links, seen)
        if name not in self._order:
            self._order.append(name)

    def _carry(self, unit: Unit, read: set[str]) -> Carried:
        module = unit.module
        cut = {
            node
            for statement in unit.nodes
            for node in (
                *self._decorators(module, statement),
                *compile_time(module, statement, read),
            )
        }
        item = Carried(unit, frozenset(cut), tuple(self._annotated(unit)))
        skip = item.skip
        for statement in unit.nodes:
            _refuse_inner_imports(module, statement, skip)
            for use in uses(statement, skip, item.quotes):
                item.uses.append(self._resolve(module, use))
        return item

    def _resolve(self, module: Module, use: Use) -> Resolved:
        if use.annotation:
            for taken in range(len(use.chain) + 1):
                value = runtime(module, use.name, use.chain[:taken])
                if holds_option_type(value):
                    return Resolved(use, plain(value), taken)
        target, taken = self.sources.target(module, use.name, use.chain)
        if isinstance(target, Foreign):
            if use.annotation:  # it means something to a type checker alone
                return Resolved(use, ANY, len(use.chain))
            raise ExportError(_foreign(module, use.nodes[0].lineno, target))
        return Resolved(use, target, taken)

    def _decorators(self, module: Module, statement: ast.stmt) -> Iterator[ast.AST]:
        if not isinstance(statement, Function | ast.ClassDef):
            return
        for decorator in statement.decorator_list:
            found = uses(ast.Expr(decorator.func if isinstance(decorator, ast.Call) else decorator))
            for use in found[:1]:
                origin = getattr(runtime(module, use.name, use.chain), "__module__", None) or ""
                if origin.startswith("archdsl.") and not vocabulary(origin):
                    yield decorator

    def _annotated(self, unit: Unit) -> Iterator[ast.Subscript]:
        for statement in unit.nodes:
            for node in ast.walk(statement):
                if isinstance(node, ast.Subscript):
                    for use in uses(ast.Expr(node.value))[:1]:
                        if runtime(unit.module, use.name, use.chain) is typing.Annotated:
                            yield node


def _only_said(module: Module, use: Use) -> bool:
    """Whether a use is an annotation by a class of modules, which can do without its source."""
    from torch import nn

    value = runtime(module, use.name, use.chain) if use.annotation else None
    return isinstance(value, type) and issubclass(value, nn.Module)


def elements(node: ast.Subscript) -> list[ast.expr]:
    """The arguments of a subscript."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _refuse_inner_imports(module: Module, statement: ast.stmt, skip: frozenset[ast.AST]) -> None:
    """Imports inside a function or a `try` leave as they stand, so they must be ones that may."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if node in skip:
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [absolute(module, node.level, node.module) if node.level else node.module or ""]
        else:
            continue
        for name in names:
            if not allowed(name):
                raise ExportError(_foreign(module, node.lineno, Foreign(name)))


def _foreign(module: Module, line: int, target: Foreign) -> str:
    return (
        f"{module.file}:{line}: uses {target.what}, which exported code cannot: it imports torch "
        "and the standard library alone.  write that part with torch"
    )
