"""One pass over a file after another, until nothing more follows from the network."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from archdsl.exporters.literals import literal
from archdsl.exporters.specialise.assembled import assembled
from archdsl.exporters.specialise.attributes import (
    changing,
    identities,
    is_torchs,
    on_self,
    read_attributes,
    set_in_constructors,
    stores,
    written,
)
from archdsl.exporters.specialise.call_sites import CallSites, bound
from archdsl.exporters.specialise.expressions import Expressions, Lines, Rules
from archdsl.exporters.specialise.fold import Fold
from archdsl.exporters.specialise.inline import inlined, is_recursive
from archdsl.exporters.specialise.known import (
    HIDDEN,
    Facts,
    Unknown,
    World,
    Written,
    is_plain,
    value,
)
from archdsl.exporters.specialise.observed import Observed
from archdsl.exporters.specialise.options import Dropped, Options
from archdsl.exporters.specialise.source_file import SourceFile, is_pure, parameters

PASSES = 30


class Pass:
    """One pass over a file.

    roots: functions that others call, and that stay as they are called
    """

    def __init__(self, program: SourceFile, seen: Observed, roots: set[str]) -> None:
        self.program, self.seen, self.roots = program, seen, roots
        self.calls = CallSites(program, seen.names)
        self.facts = Facts(seen.names, changing(program))
        self.literal = set_in_constructors(program) - self.facts.changing
        self._read, self._own = read_attributes(program)
        self._written = written(program)
        self._stores = {name: stores(node) for name, node in program.classes.items()}
        self._identities = set(identities(program, seen))
        self._at: dict[ast.Call, list[World] | None] = {}
        self._worlds: dict[str, list[World]] = {}
        self.dropped = Dropped()
        self._plain = Rules(literal=self.literal, call=self.called, is_identity=self.is_identity)

    def run(self) -> str:
        """The file after the pass."""
        for _ in range(4):  # what functions are given follows from who calls them with what
            before = {name: len(worlds) for name, worlds in self._worlds.items()}
            self._at = {}
            for _ in self._functions(note=True):
                pass
            self._worlds = {name: self._worlds_of(name) for name in self.program.functions}
            if before == {name: len(worlds) for name, worlds in self._worlds.items()}:
                break
        options = Options(self.program, self.calls, self.seen, self._worlds, self.roots)
        self.dropped = options.find()
        bodies = dict(self._functions(note=False))
        return assembled(self.program, self.dropped, bodies)

    def _functions(self, *, note: bool) -> Iterator[tuple[ast.FunctionDef, Lines]]:
        for name, node in self.program.functions.items():
            if note and node not in self.calls.callers:
                continue
            worlds = [{}] if name in self.roots else self._worlds.get(name, [{}])
            yield node, self._folded(node, name, worlds or [{}], note=note)
        for name, cls in self.program.classes.items():
            for method in cls.body:
                if isinstance(method, ast.FunctionDef) and (
                    not note or method in self.calls.callers
                ):
                    yield method, self._folded(method, name, self._of_method(name, method),
                                               note=note)  # fmt: skip

    def _of_method(self, name: str, method: ast.FunctionDef) -> list[World]:
        cls = self.seen.names.get(name)
        if not isinstance(cls, type) or not issubclass(cls, nn.Module):
            return [{"self": Written(self._written.get(name, {}))}] if on_self(method) else [{}]
        if method.name == "__init__":
            return self.seen.calls.get(cls, []) or [{}]
        if not on_self(method):
            return [{}]
        return [{"self": one} for one in self.seen.instances(cls, method.name)] or [{}]

    def _folded(
        self, node: ast.FunctionDef, owner: str, worlds: list[World], *, note: bool
    ) -> Lines:
        facts = self.facts
        is_init = node.name == "__init__" and owner in self.program.classes
        settled: dict[str, ast.Attribute] = {}
        if is_init:
            twice = self._set_twice(owner)
            facts = Facts(facts.names, facts.changing | twice)
            settled = self._settled(owner, twice - self.facts.changing)
        options = {} if note else self.dropped.options.get(owner, {})
        options = options if is_init or owner in self.program.functions else {}
        rules = replace(
            self._plain,
            options={name: one.text for name, one in options.items() if one is not None},
            makers={name: one.maker for name, one in options.items()
                    if one is not None and one.maker is not None},
            call=self._noted if note else self.called,
            settled=settled,
            drops=(lambda statement, here: False) if note or not is_init else self._drops,
        )  # fmt: skip
        fold = Fold(self.program, node, worlds, facts, rules)
        if not fold.free:
            return self.program.lines[node.body[0].lineno - 1 : node.end_lineno]
        return fold.body()

    def _set_twice(self, owner: str) -> set[str]:
        """Attributes that constructors set more than once: in one they have other values, too."""
        cls = self.seen.names.get(owner)
        family = [one.__name__ for one in getattr(cls, "__mro__", ())]
        found = [part.attr for name in family for part in self._stores.get(name, ())]
        return {name for name in found if found.count(name) > 1}

    def _settled(self, owner: str, names: set[str]) -> dict[str, ast.Attribute]:
        """Where attributes are set last that this constructor alone sets."""
        found: dict[str, ast.Attribute] = {}
        for part in self._stores.get(owner, ()):
            if part.attr in names:
                found[part.attr] = part
        others = {part.attr for name, parts in self._stores.items() if name != owner
                  for part in parts}  # fmt: skip
        return {name: part for name, part in found.items() if name not in others}

    # what functions are given

    def _noted(self, node: ast.Call, worlds: list[World], fold: Expressions) -> None:
        if isinstance(node.func, ast.Name) and self.calls.is_function(node.func):
            self._at[node] = self._given(node, worlds, fold)

    def _given(self, call: ast.Call, worlds: list[World], fold: Expressions) -> list[World] | None:
        """What is known of a function's parameters in a call; None for what cannot be told.

        A width that a constructor hands on is no constant, even where there is one width alone.
        """
        assert isinstance(call.func, ast.Name)
        facts = fold.facts
        if fold.node.name == "__init__":
            hidden = {arg.arg: HIDDEN for arg in fold.node.args.args if arg.arg != "self"}
            worlds = [{**world, **hidden} for world in worlds]
        node = self.program.functions[call.func.id]
        given = bound(node, call)
        if given is None:
            return None
        defaults = _defaults(node)
        found: list[World] = []
        for world in worlds:
            here: World = {}
            for arg in parameters(node):
                expression = given.get(arg.arg, defaults.get(arg.arg))
                try:
                    if isinstance(expression, list):
                        here[arg.arg] = _many(expression, world, facts)
                    elif expression is not None:
                        own = arg.arg in given
                        here[arg.arg] = value(expression, world if own else {}, facts)
                except Unknown:
                    continue
            found.append(here)
        return found

    def _worlds_of(self, name: str) -> list[World]:
        if name in self.roots or name in self.calls.escaping:
            return [{}]
        found: list[World] = []
        for call in self.calls.called_as.get(name, []):
            if call not in self._at:  # it is never reached
                continue
            given = self._at[call]
            if given is None:
                return [{}]
            found += given
        return found if len(found) <= 2_000 else [{}]

    # what becomes of calls and statements

    def called(self, node: ast.Call, worlds: list[World], fold: Expressions) -> str | None:
        """What stands for a call: without the arguments that go, or what it comes down to."""
        owner = self.calls.constructed(node)
        if owner is not None:
            gone = self.dropped.options.get(owner, {})
            if any(one.arg in gone for one in node.keywords):
                return self._without(node, set(gone), set(), worlds, fold)
            return None
        if not isinstance(node.func, ast.Name) or not self.calls.is_function(node.func):
            return self._without_defaults(node, worlds, fold)
        name = node.func.id
        if name in self.seen.idle:
            return ""
        function = self.program.functions[name]
        if name not in self.roots and not is_recursive(function):
            given = self._given(node, worlds, fold)
            if given is not None:
                parts = self.program, self._plain, function, node
                text = inlined(*parts, given, worlds, fold)
                if text is not None:
                    return text
        gone = self.dropped.options.get(name, {})
        if not gone:
            return None
        plain = [arg.arg for arg in function.args.args]
        places = {index for index, arg in enumerate(plain) if arg in gone}
        return self._without(node, set(gone), places, worlds, fold)

    def _without(
        self,
        node: ast.Call,
        names: set[str],
        places: set[int],
        worlds: list[World],
        fold: Expressions,
    ) -> str:
        """A call without some of its arguments."""
        given = [fold.expression(arg, worlds) for place, arg in enumerate(node.args)
                 if place not in places]  # fmt: skip
        given += [f"{one.arg}={fold.expression(one.value, worlds)}" for one in node.keywords
                  if one.arg not in names]  # fmt: skip
        if len(given) == 1 and self.calls.is_partial(node):
            return given[0]
        return f"{fold.expression(node.func, worlds)}({', '.join(given)})"

    def _without_defaults(
        self, node: ast.Call, worlds: list[World], fold: Expressions
    ) -> str | None:
        """A call of something of torch, without options that have come to be its own defaults."""
        try:
            called = self._above(node) or value(node.func, {}, self.facts)
        except Unknown:
            return None
        if not isinstance(called, type) or not called.__module__.startswith("torch."):
            return None
        known = inspect.signature(called).parameters
        gone: set[str] = set()
        for one in node.keywords:
            if one.arg is None or one.arg not in known or isinstance(one.value, ast.Constant):
                continue
            usual = known[one.arg].default
            if is_plain(usual) and fold.expression(one.value, worlds) == literal(usual):
                gone.add(one.arg)
        return self._without(node, gone, set(), worlds, fold) if gone else None

    def _above(self, node: ast.Call) -> object:
        """The class whose constructor `super().__init__` is, where it is one of torch."""
        match node.func:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[]), attr="__init__"):
                cls = self.seen.names.get(self.calls.within.get(node, ""))
                bases: tuple[type, ...] = getattr(cls, "__bases__", ())
                return bases[0] if len(bases) == 1 else None
        return None

    def is_identity(self, module: object) -> bool:
        """Whether a module gives what it gets, in training too, and holds nothing."""
        if type(module) is nn.Identity or (type(module) is nn.Dropout and module.p == 0):
            return True
        return (
            type(module).__name__ in self._identities
            and isinstance(module, nn.Module)
            and (
                not any(True for _ in module.parameters())
                and not any(True for _ in module.buffers())
            )
        )

    def _drops(self, statement: ast.stmt, worlds: list[World]) -> bool:
        """Whether a statement sets an attribute that nothing reads and that holds no weights."""
        match statement:
            case (
                ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=given
                )
                | ast.AnnAssign(
                    target=ast.Attribute(value=ast.Name(id="self"), attr=name),
                    value=ast.expr() as given,
                )
            ):
                pass
            case _:
                return False
        if name in self._read or name in self.facts.changing:
            return False
        if any(name in self._own.get(one, ()) for one in self._family(worlds)):
            return False
        owners = [world.get("self") for world in worlds]
        if owners and all(isinstance(one, Written) for one in owners):
            return is_pure(given) and self._knows(worlds, name)
        if not owners or not all(isinstance(one, nn.Module) and hasattr(one, name)
                                 for one in owners):  # fmt: skip
            return False
        if any(is_torchs(type(one)) for one in owners):
            return False
        held = [getattr(one, name) for one in owners]
        if all(map(self.is_identity, held)):
            return True
        return is_pure(given) and not any(isinstance(one, nn.Module | Tensor) for one in held)

    def _knows(self, worlds: list[World], name: str) -> bool:
        """Whether an attribute of a class that is no module is one that nothing in it reads."""
        held = [world["self"].held for world in worlds]
        return all(name in one for one in held) and not any(
            name in reads for reads in self._own.values()
        )

    def _family(self, worlds: list[World]) -> set[str]:
        """The classes of instances, and those that any class of the file has in common with them.

        A method of any of these may read what a constructor of another sets.
        """
        found: set[str] = set()
        for cls in {type(world.get("self")) for world in worlds}:
            for one in cls.__mro__:
                found.add(one.__name__)
        return found


def _many(given: list[ast.expr], world: World, facts: Facts) -> tuple[Any, ...]:
    found: list[Any] = []
    for one in given:
        if isinstance(one, ast.Starred):
            items = value(one.value, world, facts)
            if not isinstance(items, tuple):
                raise Unknown
            found += items
        else:
            found.append(value(one, world, facts))
    return tuple(found)


def _defaults(node: ast.FunctionDef) -> dict[str, ast.expr]:
    args = node.args
    plain = [*args.posonlyargs, *args.args]
    found = dict(zip([arg.arg for arg in reversed(plain)], reversed(args.defaults), strict=False))
    found |= {arg.arg: one for arg, one in zip(args.kwonlyargs, args.kw_defaults, strict=True)
              if one is not None}  # fmt: skip
    return found
