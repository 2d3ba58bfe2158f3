"""One pass over a file after another, until nothing more follows from the network."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from archdsl.exporters.specialise.calls import Calls, bound
from archdsl.exporters.specialise.fold import Fold, Lines, Rules, literal
from archdsl.exporters.specialise.headers import header
from archdsl.exporters.specialise.inline import inlined, single
from archdsl.exporters.specialise.known import (
    Facts,
    Unknown,
    World,
    Written,
    alike,
    is_constructor,
    is_plain,
    value,
)
from archdsl.exporters.specialise.observed import Observed
from archdsl.exporters.specialise.program import Program, docstring, is_pure, parameters, stored

PASSES = 30

DEPLOYED = "fused"
"""The method that makes the deployed form of a module, once that of its parts is made."""


@dataclass(frozen=True, slots=True)
class Option:
    """A parameter that has one value in every use.

    found: that value; text: that stands for it
    maker: for a constructor its class, and the options bound to it
    """

    found: Any
    text: str
    maker: tuple[str, list[str]] | None = None


@dataclass(slots=True)
class Dropped:
    """Parameters that go: owner (a class or a function) -> name -> what stands for it, if anything.

    loops: functions whose `*parameter` is a single one -> its new name
    """

    options: dict[str, dict[str, Option | None]] = field(default_factory=dict)
    loops: dict[str, str] = field(default_factory=dict)


class Pass:
    """One pass over a file.

    roots: functions that others call, and that stay as they are called
    """

    def __init__(self, program: Program, seen: Observed, roots: set[str]) -> None:
        self.program, self.seen, self.roots = program, seen, roots
        self.calls = Calls(program, seen.names)
        self.facts = Facts(seen.names, _changing(program))
        self.literal = _set_in_constructors(program) - self.facts.changing
        self._read, self._own = _read_attributes(program)
        self._written = _written(program)
        self._stores = {name: _stores(node) for name, node in program.classes.items()}
        self._identities = set(_identities(program, seen))
        self._sure: dict[str, set[str]] = {}
        self._at: dict[ast.Call, list[World] | None] = {}
        self._worlds: dict[str, list[World]] = {}
        self.dropped = Dropped()

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
        self._drop_options()
        edits = {node: lines for node, lines in self._functions(note=False)}
        return self._put_together(edits)

    def _functions(self, *, note: bool) -> Iterator[tuple[ast.FunctionDef, Lines]]:
        for name, node in self.program.functions.items():
            worlds = [{}] if name in self.roots else self._worlds.get(name, [{}])
            yield node, self._folded(node, name, worlds or [{}], note=note)
        for name, cls in self.program.classes.items():
            for method in cls.body:
                if isinstance(method, ast.FunctionDef):
                    yield method, self._folded(method, name, self._of_method(name, method),
                                               note=note)  # fmt: skip

    def _of_method(self, name: str, method: ast.FunctionDef) -> list[World]:
        cls = self.seen.names.get(name)
        if not isinstance(cls, type) or not issubclass(cls, nn.Module):
            return [{"self": Written(self._written.get(name, {}))}] if _on_self(method) else [{}]
        if method.name == "__init__":
            return self.seen.calls.get(cls, []) or [{}]
        if not _on_self(method):
            return [{}]
        return [{"self": one} for one in self.seen.instances(cls)] or [{}]

    def _folded(
        self, node: ast.FunctionDef, owner: str, worlds: list[World], *, note: bool
    ) -> Lines:
        facts = self.facts
        is_init = node.name == "__init__" and owner in self.program.classes
        if node.name == DEPLOYED:
            facts = Facts(facts.names, facts.changing, parts_change=True)
        settled: dict[str, ast.Attribute] = {}
        if is_init:
            twice = self._set_twice(owner)
            facts = Facts(facts.names, facts.changing | twice)
            settled = self._settled(owner, twice - self.facts.changing)
        options = {} if note else self.dropped.options.get(owner, {})
        options = options if is_init or owner in self.program.functions else {}
        rules = Rules(
            options={name: one.text for name, one in options.items() if one is not None},
            makers={name: one.maker for name, one in options.items()
                    if one is not None and one.maker is not None},
            literal=self.literal,
            call=self._noted if note else self._called,
            is_identity=self._is_identity,
            settled=settled,
            drops=(lambda statement, here: False) if note or not is_init else self._drops,
        )  # fmt: skip
        fold = Fold(self.program, node, worlds, facts, rules)
        if not fold.free:
            return self.program.lines[node.body[0].lineno - 1 : node.end_lineno]
        lines = fold.body()
        return lines

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

    def _noted(self, node: ast.Call, worlds: list[World], fold: Fold) -> None:
        if isinstance(node.func, ast.Name) and self.calls.is_function(node.func):
            self._at[node] = self._given(node, worlds, fold.facts)

    def _given(self, call: ast.Call, worlds: list[World], facts: Facts) -> list[World] | None:
        assert isinstance(call.func, ast.Name)
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
            given = self._at.get(call, [{}])  # one that is never reached is not noted
            if call not in self._at:
                continue
            if given is None:
                return [{}]
            found += given
        return found if len(found) <= 2_000 else [{}]

    # parameters that go

    def _drop_options(self) -> None:
        fixed_classes, fixed_options = self.calls.fixed()
        for name, node in self.program.classes.items():
            init = next((m for m in node.body if isinstance(m, ast.FunctionDef)
                         and m.name == "__init__"), None)  # fmt: skip
            cls = self.seen.names.get(name)
            if init is None or name in fixed_classes or not isinstance(cls, type):
                continue
            worlds = self.seen.calls.get(cls, [])
            names = [arg.arg for arg in init.args.kwonlyargs if arg.arg not in fixed_options]
            self._drop(name, init, names, worlds)
        for name, node in self.program.functions.items():
            if name in self.roots or name in self.calls.escaping or _recursive(node):
                continue
            if any(bound(node, call) is None for call in self.calls.called_as.get(name, [])):
                continue
            worlds = self._worlds.get(name, [])
            if worlds and all(worlds):
                names = [arg.arg for arg in (*node.args.args, *node.args.kwonlyargs)]
                self._drop(name, node, names, worlds)
            if alone := single(node, self.calls.called_as.get(name, [])):
                self.dropped.loops[name] = alone
        self._say_constructors_anew()

    def _say_constructors_anew(self) -> None:
        """Of constructors that stand for parameters, some options may have gone since."""
        for options in self.dropped.options.values():
            for name, option in options.items():
                if option is not None and option.maker is not None:
                    options[name] = self._constructor(option.found)

    def _drop(
        self, owner: str, node: ast.FunctionDef, names: list[str], worlds: list[World]
    ) -> None:
        stores = stored(node.body)
        read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)
                and isinstance(n.ctx, ast.Load)}  # fmt: skip
        in_strings = {n.id for one in ast.walk(node) if isinstance(one, ast.JoinedStr)
                      for n in ast.walk(one) if isinstance(n, ast.Name)}  # fmt: skip
        self._sure[owner] = {
            arg.arg for arg in parameters(node)
            if worlds and all(world.get(arg.arg) is not None for world in worlds)
        }  # fmt: skip
        for name in names:
            if name in in_strings:
                continue
            option = self._option(name, worlds)
            if name not in read and name not in stores:
                self.dropped.options.setdefault(owner, {})[name] = None
            elif option is not None:
                self.dropped.options.setdefault(owner, {})[name] = option

    def _option(self, name: str, worlds: list[World]) -> Option | None:
        if not worlds or any(name not in world for world in worlds):
            return None
        first, *rest = [world[name] for world in worlds]
        if not all(alike(first, other) for other in rest):
            return None
        if is_plain(first):
            return Option(first, literal(first))
        return self._constructor(first) if is_constructor(first) else None

    def _constructor(self, found: Any) -> Option | None:
        maker = self._maker(found)
        if maker is None:
            return None
        cls, bound_to = maker
        text = cls if not bound_to else f"partial({', '.join([cls, *bound_to])})"
        if bound_to and self.seen.names.get("partial") is not functools.partial:
            return None
        return Option(found, text, maker)

    def _maker(self, given: Any) -> tuple[str, list[str]] | None:
        """A constructor as the file calls it, and its options."""
        if isinstance(given, functools.partial):
            inner = self._maker(given.func)
            if inner is None:
                return None
            texts: list[str] = []
            dropped = self.dropped.options.get(inner[0], {})
            for name, found in given.keywords.items():
                if name in dropped:
                    continue
                if is_plain(found):
                    texts.append(f"{name}={literal(found)}")
                    continue
                nested = self._maker(found) if is_constructor(found) else None
                if nested is None or nested[1]:
                    return None
                texts.append(f"{name}={nested[0]}")
            return inner[0], [*inner[1], *texts]
        if given.__name__ in self.program.classes and self.seen.names[given.__name__] is given:
            return given.__name__, []
        if self.seen.names.get("nn") is nn and getattr(nn, given.__name__, None) is given:
            return f"nn.{given.__name__}", []
        return None

    # what becomes of calls and statements

    def _called(self, node: ast.Call, worlds: list[World], fold: Fold) -> str | None:
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
        if name not in self.roots and not _recursive(function):
            given = self._given(node, worlds, fold.facts)
            text = None if given is None else inlined(self, function, node, given, worlds, fold)
            if text is not None:
                return text
        gone = self.dropped.options.get(name, {})
        if not gone:
            return None
        plain = [arg.arg for arg in function.args.args]
        places = {index for index, arg in enumerate(plain) if arg in gone}
        return self._without(node, set(gone), places, worlds, fold)

    def _without(
        self, node: ast.Call, names: set[str], places: set[int], worlds: list[World], fold: Fold
    ) -> str:
        """A call without some of its arguments."""
        given = [fold.expression(arg, worlds) for place, arg in enumerate(node.args)
                 if place not in places]  # fmt: skip
        given += [f"{one.arg}={fold.expression(one.value, worlds)}" for one in node.keywords
                  if one.arg not in names]  # fmt: skip
        if len(given) == 1 and self.calls.is_partial(node):
            return given[0]
        return f"{fold.expression(node.func, worlds)}({', '.join(given)})"

    def _without_defaults(self, node: ast.Call, worlds: list[World], fold: Fold) -> str | None:
        """A call of something of torch, without options that have come to be its own defaults."""
        try:
            called = self._above(node) or value(node.func, {}, self.facts)
        except Unknown:
            return None
        if not isinstance(called, type) or not called.__module__.startswith("torch."):
            return None
        known = inspect.signature(called).parameters
        gone = {
            one.arg for one in node.keywords
            if one.arg in known and not isinstance(one.value, ast.Constant)
            and (text := fold.expression(one.value, worlds)) in (
                literal(known[one.arg].default) if is_plain(known[one.arg].default) else None,
            ) and text
        }  # fmt: skip
        named = {one for one in gone if one is not None}
        return self._without(node, named, set(), worlds, fold) if named else None

    def _above(self, node: ast.Call) -> object:
        """The class whose constructor `super().__init__` is, where it is one of torch."""
        match node.func:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[]), attr="__init__"):
                cls = self.seen.names.get(self.calls.within.get(node, ""))
                bases = getattr(cls, "__bases__", ())
                return bases[0] if len(bases) == 1 else None
        return None

    def _is_identity(self, module: object) -> bool:
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
        if any(_is_torchs(type(one), name) for one in owners):
            return False
        held = [getattr(one, name) for one in owners]
        if all(map(self._is_identity, held)):
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

    # the file

    def _put_together(self, edits: dict[ast.FunctionDef, Lines]) -> str:
        lines: Lines = []
        done = 0
        for statement in self.program.tree.body:
            first = self.program.first_line(statement)
            lines += self.program.lines[done : first - 1]
            if isinstance(statement, ast.FunctionDef):
                lines += self._definition(statement, statement.name, edits)
            elif isinstance(statement, ast.ClassDef):
                lines += self._class(statement, edits)
            else:
                lines += self.program.lines[first - 1 : statement.end_lineno]
            done = statement.end_lineno or statement.lineno
        return "\n".join([*lines, *self.program.lines[done:]])

    def _class(self, node: ast.ClassDef, edits: dict[ast.FunctionDef, Lines]) -> Lines:
        lines: Lines = []
        done = self.program.first_line(node) - 1
        gone = self.dropped.options.get(node.name, {})
        for statement in node.body:
            first = self.program.first_line(statement)
            lines += self.program.lines[done : first - 1]
            if isinstance(statement, ast.FunctionDef):
                owner = node.name if statement.name == "__init__" else "a method"
                lines += self._definition(statement, owner, edits)
            elif statement is docstring(node.body) and gone:
                lines += _without_entries(self._raw(statement), set(gone))
            else:
                lines += self._raw(statement)
            done = statement.end_lineno or statement.lineno
        return lines

    def _raw(self, node: ast.stmt) -> Lines:
        return self.program.lines[self.program.first_line(node) - 1 : node.end_lineno]

    def _definition(
        self, node: ast.FunctionDef, owner: str, edits: dict[ast.FunctionDef, Lines]
    ) -> Lines:
        gone = self.dropped.options.get(owner, {})
        alone = self.dropped.loops.get(owner)
        body = edits[node]
        if not body or all(not line.strip() or line.lstrip().startswith("#") for line in body):
            body = [" " * node.body[0].col_offset + "pass"]
        head = header(self.program, node, set(gone), alone, self._sure.get(owner, set()))
        if alone is not None:
            body = _unlooped(body, node)
        if gone and docstring(node.body) is not None:
            body = _without_entries(body, set(gone))
        return [*head, *body]


def _unlooped(body: Lines, node: ast.FunctionDef) -> Lines:
    """A body whose loop over one parameter is taken once."""
    loop = next(line for line in body if line.lstrip().startswith("for ")
                and line.rstrip().endswith(f" in {node.args.vararg.arg}:"))  # type: ignore[union-attr]  # fmt: skip
    at, indent = body.index(loop), len(loop) - len(loop.lstrip())
    inside = at + 1
    while inside < len(body) and (
        not body[inside].strip() or len(body[inside]) - len(body[inside].lstrip()) > indent
    ):
        inside += 1
    return [*body[:at], *(line[4:] if line.strip() else line for line in body[at + 1 : inside]),
            *body[inside:]]  # fmt: skip


def _without_entries(lines: Lines, names: set[str]) -> Lines:
    """A docstring without what it says of some parameters."""
    kept: Lines = []
    dropping, column = False, 0
    end = next((n for n, line in enumerate(lines) if n and line.strip() == '"""'), len(lines))
    for number, line in enumerate(lines):
        word = line.strip().partition(":")[0]
        indent = len(line) - len(line.lstrip())
        if number == 0 or number >= end:
            dropping = False
        elif word in names:
            dropping, column = True, indent
        elif line.strip() and indent <= column or not line.strip():
            dropping = False
        if not dropping:
            kept.append(line)
    return _closed_docstring(kept)


def _closed_docstring(lines: Lines) -> Lines:
    """Without blank lines in a row, and on one line where there is only one."""
    found: Lines = []
    for line in lines:
        if not line.strip() and found and not found[-1].strip():
            continue
        found.append(line)
    for number, line in enumerate(found):
        if line.strip() == '"""' and number and not found[number - 1].strip():
            del found[number - 1]
            break
    if len(found) > 1 and found[1].strip() == '"""' and found[0].lstrip().startswith('"""'):
        found[:2] = [found[0].rstrip() + '"""']
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


def _recursive(node: ast.FunctionDef) -> bool:
    return any(isinstance(n, ast.Name) and n.id == node.name for n in ast.walk(node))


def _changing(program: Program) -> set[str]:
    """Attributes that something sets anywhere but in the constructor of the object they are of."""
    found: set[str] = set()

    def look(node: ast.AST, own: bool) -> None:
        for child in ast.iter_child_nodes(node):
            inside = own
            if isinstance(child, ast.FunctionDef):
                inside = isinstance(node, ast.ClassDef) and child.name == "__init__"
            match child:
                case ast.Attribute(value=base, attr=name, ctx=ast.Store() | ast.Del()):
                    if not (own and isinstance(base, ast.Name) and base.id == "self"):
                        found.add(name)
            look(child, inside)

    look(program.tree, False)
    return found


def _stores(node: ast.ClassDef) -> list[ast.Attribute]:
    """Where attributes are set inside a class, from top to bottom."""
    found = [part for part in ast.walk(node)
             if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)]  # fmt: skip
    return sorted(found, key=lambda part: (part.lineno, part.col_offset))


def _on_self(method: ast.FunctionDef) -> bool:
    args = method.args.args
    return not method.decorator_list and bool(args) and args[0].arg == "self"


def _written(program: Program) -> dict[str, dict[str, Any]]:
    """Class -> attributes that are set once, to a constant, in its constructor."""
    stores: dict[str, int] = {}
    for node in ast.walk(program.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            stores[node.attr] = stores.get(node.attr, 0) + 1
    found: dict[str, dict[str, Any]] = {}
    for name, cls in program.classes.items():
        init = next((m for m in cls.body if isinstance(m, ast.FunctionDef)
                     and m.name == "__init__"), None)  # fmt: skip
        for statement in [] if init is None else init.body:
            match statement:
                case (
                    ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)],
                               value=ast.Constant(value=given))
                    | ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=attribute),
                                    value=ast.Constant(value=given))
                ) if stores[attribute] == 1:  # fmt: skip
                    found.setdefault(name, {})[attribute] = given
    return found


def _set_in_constructors(program: Program) -> set[str]:
    return {
        node.attr
        for node in ast.walk(program.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }


def _read_attributes(program: Program) -> tuple[set[str], dict[str, set[str]]]:
    """Names of attributes that are read of anything, or said in a string; and by class of `self`."""
    found: set[str] = set()
    own: dict[str, set[str]] = {}
    for statement in program.tree.body:
        owner = statement.name if isinstance(statement, ast.ClassDef) else None
        for node in ast.walk(statement):
            match node:
                case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Load()) if owner:
                    own.setdefault(owner, set()).add(name)
                case ast.Attribute(attr=name, ctx=ast.Load()):
                    found.add(name)
                case ast.Constant(value=str(name)) if name.isidentifier():
                    found.add(name)
    return found, own


def _identities(program: Program, seen: Observed) -> Iterator[str]:
    """Classes whose forward gives what it gets."""
    for name, node in program.classes.items():
        for method in node.body:
            match method:
                case ast.FunctionDef(name="forward", body=[*_, ast.Return(value=ast.Name(id=got))]):
                    rest = [one for one in method.body if one is not docstring(method.body)]
                    args = method.args.args
                    if len(rest) == 1 and len(args) == 2 and args[1].arg == got:
                        yield name


def _is_torchs(cls: type, name: str) -> bool:
    """Whether an attribute may be one that a class of torch reads."""
    return any(one.__module__.startswith("torch.") and one is not nn.Module
               and issubclass(one, nn.Module) for one in cls.__mro__)  # fmt: skip
