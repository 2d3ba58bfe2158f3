"""Parameters that one network gives one value: which they are, and what stands for them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from archdsl.exporters.literals import literal
from archdsl.exporters.specialise.call_sites import CallSites, bound
from archdsl.exporters.specialise.inline import is_recursive, single
from archdsl.exporters.specialise.known import World, alike, is_constructor, is_plain
from archdsl.exporters.specialise.observed import Observed
from archdsl.exporters.specialise.source_file import SourceFile, constructor, parameters, stored
from archdsl.exporters.trees import walk


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
    sure: owner -> parameters that are never None
    """

    options: dict[str, dict[str, Option | None]] = field(default_factory=dict)
    loops: dict[str, str] = field(default_factory=dict)
    sure: dict[str, set[str]] = field(default_factory=dict)


class Options:
    """Finds the parameters of a file that go.

    given: function -> what is known of its parameters in each call
    roots: functions that others call, and that stay as they are called
    """

    def __init__(
        self, program: SourceFile, calls: CallSites, seen: Observed,
        given: Mapping[str, list[World]], roots: set[str],
    ) -> None:  # fmt: skip
        self._program, self._calls, self._seen = program, calls, seen
        self._given, self._roots = given, roots
        self.dropped = Dropped()

    def find(self) -> Dropped:
        """The parameters that go."""
        fixed_classes, fixed_options = self._calls.fixed()
        for name, node in self._program.classes.items():
            init = constructor(node)
            cls = self._seen.names.get(name)
            if init is None or name in fixed_classes or not isinstance(cls, type):
                continue
            worlds = self._seen.calls.get(cls, [])
            names = [arg.arg for arg in init.args.kwonlyargs if arg.arg not in fixed_options]
            self._drop(name, init, names, worlds)
        for name, function in self._program.functions.items():
            self._drop_of(name, function)
        self._say_constructors_anew()
        return self.dropped

    def _drop_of(self, name: str, node: ast.FunctionDef) -> None:
        """What goes of a function's parameters: all who call it are known."""
        if name in self._roots or name in self._calls.escaping or is_recursive(node):
            return
        calls = self._calls.called_as.get(name, [])
        if any(bound(node, call) is None for call in calls):
            return
        worlds = self._given.get(name, [])
        if worlds and all(worlds):
            names = [arg.arg for arg in (*node.args.args, *node.args.kwonlyargs)]
            self._drop(name, node, names, worlds)
        if alone := single(node, calls):
            self.dropped.loops[name] = alone

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
        read = {n.id for n in walk(node) if isinstance(n, ast.Name)
                and isinstance(n.ctx, ast.Load)}  # fmt: skip
        in_strings = {n.id for one in walk(node) if isinstance(one, ast.JoinedStr)
                      for n in walk(one) if isinstance(n, ast.Name)}  # fmt: skip
        self.dropped.sure[owner] = {
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
        if bound_to and self._seen.names.get("partial") is not functools.partial:
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
        name = getattr(given, "__name__", "")
        if name in self._program.classes and self._seen.names[name] is given:
            return name, []
        if self._seen.names.get("nn") is nn and getattr(nn, name, None) is given:
            return f"nn.{name}", []
        return None
