"""Which top-level statements must leave with a class, transitively, and what of them may stay.

A component carries things that only the compiler reads: the decorator that registers it, the
torch-free `check` and `out_size`, option types such as `Odd`. None of that leaves.
"""

from __future__ import annotations

import ast
import typing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from archdsl.errors import ExportError
from archdsl.exporters.scopes import Function, Use, uses
from archdsl.exporters.source import Module, Unit, absolute
from archdsl.exporters.targets import External, Foreign, Internal, Sources, allowed, runtime
from archdsl.options import KindOf

STATIC = {"check", "out_size", "dim_out"}
METHODS = {"macs", "fused"}
ATTRIBUTES = {"sequence", "tokens", "elementwise"}
COMPILE_TIME = STATIC | METHODS | ATTRIBUTES
"""Members that archdsl alone reads from a class; they leave only if carried code reads them."""

Plain: typing.TypeAlias = tuple[str | External, ...]
"""An annotation in plain types: text, with names of torch or the standard library between."""


TORCH_NN = External("torch.nn")
_CALLABLE = External("collections.abc", "Callable")


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
            more = {name for item in self.carried.values() for name in _read(item)}
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
        return Resolved(resolved.use, (TORCH_NN, ".Module"), len(resolved.use.chain))

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
            for node in (*self._decorators(module, statement), *_compile_time(statement, read))
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
                if typing.get_origin(value) is typing.Annotated:
                    return Resolved(use, plain(value), taken)
        target, taken = self.sources.target(module, use.name, use.chain)
        if isinstance(target, Foreign):
            if use.annotation:  # it means something to a type checker alone
                return Resolved(use, (External("typing", "Any"),), len(use.chain))
            raise ExportError(_foreign(module, use.nodes[0].lineno, target))
        return Resolved(use, target, taken)

    def _decorators(self, module: Module, statement: ast.stmt) -> Iterator[ast.AST]:
        if not isinstance(statement, Function | ast.ClassDef):
            return
        for decorator in statement.decorator_list:
            found = uses(ast.Expr(decorator.func if isinstance(decorator, ast.Call) else decorator))
            for use in found[:1]:
                target, _ = self.sources.target(module, use.name, use.chain)
                if isinstance(target, Foreign) and target.what.startswith("archdsl."):
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


def plain(annotation: object) -> Plain:
    """An option type as the plain type that Python sees: `Odd` is an int."""
    base, *notes = typing.get_args(annotation)
    if any(isinstance(note, KindOf) for note in notes):
        return (_CALLABLE, "[..., ", TORCH_NN, ".Module]")
    if isinstance(base, type) and typing.get_origin(base) is None:
        return (base.__name__,)
    return (str(base).replace("typing.", ""),)


def elements(node: ast.Subscript) -> list[ast.expr]:
    """The arguments of a subscript."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _compile_time(statement: ast.stmt, read: set[str]) -> Iterator[ast.AST]:
    """The members of a class that only the compiler reads."""
    if not isinstance(statement, ast.ClassDef):
        return
    starts = Counter(node.lineno for node in statement.body)
    for node in statement.body:
        if starts[node.lineno] > 1:  # `sequence = True; kernel = 3` can only be cut as a whole
            continue
        match node:
            case ast.FunctionDef(name=name) if name in METHODS - read:
                yield node
            case ast.FunctionDef(name=name) if name in STATIC - read:
                if any(_is_static(decorator) for decorator in node.decorator_list):
                    yield node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if name in ATTRIBUTES - read:
                    yield node


def _is_static(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id == "staticmethod"


def _read(item: Carried) -> Iterator[str]:
    """The compile-time names that the carried part of a unit reads from some object."""
    waiting: list[ast.AST] = list(item.unit.nodes)
    while waiting:
        node = waiting.pop()
        if node in item.cut:
            continue
        waiting += ast.iter_child_nodes(node)
        match node:
            case ast.Attribute(attr=name, ctx=ast.Load()) if name in COMPILE_TIME:
                yield name
            case ast.Call(
                func=ast.Name(id="getattr" | "hasattr"), args=[_, ast.Constant(value=name), *_]
            ) if name in COMPILE_TIME:
                yield str(name)


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
