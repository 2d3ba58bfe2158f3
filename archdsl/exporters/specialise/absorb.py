"""Parts that every use of a class is given alike: the class makes them itself.

Five stages of equal blocks need the block's recipe once. What differs from use to use, a width or
a rate, becomes a parameter, named as the part that takes it names it.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import nn

from archdsl.exporters.scopes import uses
from archdsl.exporters.specialise.call_sites import CallSites
from archdsl.exporters.specialise.observed import Observed
from archdsl.exporters.specialise.source_file import (
    SourceFile,
    constructor,
    laid,
    parameters,
    stored,
)
from archdsl.exporters.trees import walk

WORTH = 2
"""Parts that a class makes itself, at the least: below that nothing is gained."""


@dataclass(slots=True)
class _Parameter:
    """What differs from use to use. values: in each; note: its annotation; default: if any"""

    name: str
    values: tuple[str, ...]
    note: str
    default: str | None = None

    def said(self) -> str:
        """As it stands in the header of a constructor."""
        said = f"{self.name}: {self.note}" if self.note else self.name
        return said if self.default is None else f"{said} = {self.default}"


class _Differ(Exception):
    """Uses of a class are not alike."""


@dataclass(slots=True)
class _Recipe:
    """What the uses of one class have in common."""

    program: SourceFile
    seen: Observed
    top: set[ast.expr]
    taken: set[str]
    widths: str | None = None
    found: list[_Parameter] = field(default_factory=list)

    def of(self, nodes: Sequence[ast.expr], name: str, note: str) -> str:
        """The text for all of these expressions. Raises _Differ."""
        texts = tuple(self.program.segment(node) for node in nodes)
        if all(map(_is_constant, nodes)):
            if len(set(texts)) == 1 and texts[0] != self.widths:
                return texts[0]
            return self._parameter(name, texts, note)
        if all(isinstance(node, ast.Name) for node in nodes):
            within = {node in self.top for node in nodes}
            if within == {True} and len(set(texts)) == 1:
                return texts[0]
            if len(within) == 1 and (within == {False} or note):
                return self._parameter(name, texts, note)
        if all(isinstance(node, ast.Attribute) for node in nodes) and len(set(texts)) == 1:
            return texts[0]
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        called = {self.program.segment(call.func) for call in calls}
        if len(calls) == len(nodes) and len(called) == 1:
            return self._call(calls, called.pop())
        raise _Differ

    def sometimes(self, nodes: Sequence[ast.expr | None], name: str) -> str:
        """The text for a part that only some uses have, which say so. Raises _Differ.

        It may depend on nothing else that differs but on what others depend on, too.
        """
        has = [place for place, node in enumerate(nodes) if node is not None]
        made: list[str] = []
        for node in (nodes[place] for place in has):
            match node:
                case ast.Call(func=ast.Name() as called, args=args, keywords=[]) if all(
                    map(_is_constant, args)
                ):
                    made.append(self.program.segment(called))
                case _:
                    raise _Differ
        given = [[self.program.segment(one) for one in getattr(nodes[place], "args")]  # noqa: B009
                 for place in has]  # fmt: skip
        if len(set(made)) != 1 or len({len(one) for one in given}) != 1:
            raise _Differ
        texts: list[str] = []
        for values in zip(*given, strict=True):
            alike = [one.name for one in self.found
                     if tuple(one.values[place] for place in has) == values]  # fmt: skip
            if not alike and len(set(values)) > 1:
                raise _Differ
            texts.append(alike[0] if alike else values[0])
        flags = tuple(str(place in has) for place in range(len(nodes)))
        flag = self._parameter(name.rstrip("0123456789"), flags, "bool", "False")
        return f"{made[0]}({', '.join(texts)}) if {flag} else None"

    def part(self, nodes: Sequence[ast.expr], option: str) -> str:
        """The text for a part that an option was given in each use. Raises _Differ.

        Parts of several classes that are made alike leave the class to the option.
        """
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        if len(calls) < len(nodes):
            raise _Differ
        names = tuple(self.program.segment(call.func) for call in calls)
        if len(set(names)) == 1:
            return self._call(calls, names[0])
        if any(call.keywords or name not in self.program.classes
               for call, name in zip(calls, names, strict=True)):  # fmt: skip
            raise _Differ
        self.found.append(_Parameter(option, names, "type[nn.Module]"))
        return self._call(calls, option)

    def _call(self, calls: list[ast.Call], called: str) -> str:
        first = calls[0]
        places = len(first.args)
        for call in calls:
            if len(call.args) != places or any(
                one.arg is None for one in call.keywords
            ) or any(isinstance(one, ast.Starred) for one in call.args):  # fmt: skip
                raise _Differ
        taken = self._taken_by(self.program.segment(first.func))
        names = [*taken]
        given: list[str] = []
        for place in range(places):
            name = names[place] if place < len(names) else "value"
            note, _ = taken.get(name, ("", None))
            given.append(self.of([call.args[place] for call in calls], name, note))
        for keyword in dict.fromkeys(one.arg for call in calls for one in call.keywords):
            assert keyword is not None
            note, default = taken.get(keyword, ("", None))
            values: list[ast.expr] = []
            for call in calls:
                own = next((one.value for one in call.keywords if one.arg == keyword), default)
                if own is None:
                    raise _Differ
                values.append(own)
            given.append(f"{keyword}={self.of(values, keyword, note)}")
        return f"{called}({', '.join(given)})"

    def _taken_by(self, called: str) -> dict[str, tuple[str, ast.expr | None]]:
        """Parameter -> its annotation and its default, of what is called."""
        found: dict[str, tuple[str, ast.expr | None]] = {}
        for name in [one.__name__ for one in getattr(self.seen.names.get(called), "__mro__", ())]:
            cls = self.program.classes.get(name)
            init = None if cls is None else constructor(cls)
            if init is not None:
                args = init.args
                plain = args.args[1:]
                for arg in plain:
                    found[arg.arg] = (self._note(arg), None)
                for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
                    found[arg.arg] = (self._note(arg), default)
                return found
        part: object = nn if called.startswith("nn.") else None
        for name in called.split(".")[1:]:
            part = getattr(part, name, None)
        if isinstance(part, type):
            for one in inspect.signature(part).parameters.values():
                found[one.name] = ("", None)
        return found

    def _note(self, arg: ast.arg) -> str:
        return "" if arg.annotation is None else self.program.segment(arg.annotation)

    def _parameter(
        self, name: str, values: tuple[str, ...], note: str, default: str | None = None
    ) -> str:
        for one in self.found:
            if one.values == values:
                return one.name
        free, count = name, 2
        while free in self.taken or any(one.name == free for one in self.found):
            free, count = f"{name}_{count}", count + 1
        if not note:
            kinds = {
                type(ast.literal_eval(value)).__name__ for value in values if value[0].isdigit()
            }
            note = kinds.pop() if len(kinds) == 1 else ""
        self.found.append(_Parameter(free, values, note, default))
        return free


def absorbed(text: str, seen: Observed, factory: str) -> str:
    """A file whose classes make what they were given alike in every use."""
    for name, node in SourceFile(text).classes.items():
        init = constructor(node)
        if init is not None and _takes_options_alone(init):
            text = _absorbed(text, seen, factory, name) or text
    return text


def _takes_options_alone(init: ast.FunctionDef) -> bool:
    args = init.args
    return len(args.args) == 1 and len(args.kwonlyargs) >= WORTH and not (args.vararg or args.kwarg)


def _absorbed(text: str, seen: Observed, factory: str, name: str) -> str | None:
    program = SourceFile(text)
    calls = CallSites(program, seen.names)
    init = constructor(program.classes[name])
    assert init is not None, "it is one of options"
    top = {use.nodes[0] for one in program.tree.body for use in uses(one) if not use.annotation}
    sites = [node for node in walk(program.functions[factory])
             if isinstance(node, ast.Call) and calls.constructed(node) == name
             and not calls.is_partial(node)]  # fmt: skip
    mentions = [node for node in top if isinstance(node, ast.Name) and node.id == name]
    if not sites or len(mentions) != len(sites) or _is_returned(program.functions[factory], sites):
        return None
    given = [{one.arg: one.value for one in site.keywords} for site in sites]
    order = [arg.arg for arg in init.args.kwonlyargs if all(arg.arg in one for one in given)]
    order = [arg for arg in given[0] if arg in order]
    own = {arg.arg for arg in parameters(init)}
    heard = {key for one in seen.calls.get(seen.names[name], []) for key in one}
    taken = own | heard | set(stored(init.body)) | {n.id for n in walk(init)
                                                    if isinstance(n, ast.Name)}  # fmt: skip
    widths = _width(program, sites) if len(sites) == 1 else None
    made: dict[str, str] = {}
    late = False  # something that draws weights is still given, and what is above comes before it
    for option in reversed(order):
        values = [one[option] for one in given]
        draws = any(_draws(value, seen) for value in values)
        if not (late and draws) and _once(init, option):
            with contextlib.suppress(_Differ):
                made[option] = _Recipe(program, seen, top, taken, widths).part(values, option)
        late = late or (draws and option not in made)
    if len(made) < WORTH or [one for one in _used_in(init) if one in made] != [
        one for one in order if one in made
    ]:
        return None
    recipe = _Recipe(program, seen, top, taken, widths)
    made = {option: recipe.part([one[option] for one in given], option)
            for option in order if option in made}  # fmt: skip
    for option, parts in _of_some(init, given).items():
        if not any(_draws(part, seen) for part in parts if part is not None):
            with contextlib.suppress(_Differ):
                made[option] = recipe.sometimes(parts, option)
    if len(recipe.found) > len(made) + 2:
        return None
    return _rewritten(program, init, sites, made, recipe.found)


def _of_some(
    init: ast.FunctionDef, given: Sequence[dict[str | None, ast.expr]]
) -> dict[str, list[ast.expr | None]]:
    """Options that are None in some uses and not in all, with what they are given in each."""
    found = {
        arg.arg: [one.get(arg.arg) for one in given]
        for arg, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
        if isinstance(default, ast.Constant) and default.value is None and _once(init, arg.arg)
    }
    return {name: parts for name, parts in found.items() if any(parts) and not all(parts)}


def _rewritten(
    program: SourceFile, init: ast.FunctionDef, sites: list[ast.Call], made: dict[str, str],
    found: list[_Parameter],
) -> str:  # fmt: skip
    lines = list(program.lines)
    edits: list[tuple[int, int, list[str]]] = []
    for statement in init.body:
        pieces = [(node, made[node.id]) for node in walk(statement)
                  if isinstance(node, ast.Name) and node.id in made
                  and isinstance(node.ctx, ast.Load)]  # fmt: skip
        if pieces:
            column = statement.col_offset
            edits.append((statement.lineno, statement.end_lineno or statement.lineno,
                          laid(program.spliced(statement, pieces), column, column)))  # fmt: skip
    plain = ["self", *(one.said() for one in found if one.default is None)]
    rest = [(arg, default) for arg, default in
            zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
            if arg.arg not in made]  # fmt: skip
    keyed = [one.said() for one in found if one.default is not None]
    keyed += [
        program.segment(arg) + ("" if default is None else f" = {program.segment(default)}")
        for arg, default in rest
    ]
    returns = "" if init.returns is None else f" -> {program.segment(init.returns)}"
    joined = ", ".join([*plain, *(["*", *keyed] if keyed else [])])
    end = program.first_line(init.body[0]) - 1
    edits.append((init.lineno, end, laid(f"def __init__({joined}){returns}:", init.col_offset,
                                         init.col_offset)))  # fmt: skip
    edits += _sites(program, sites, set(made), found)
    for first, last, new in sorted(edits, reverse=True):
        lines[first - 1 : last] = new
    return "\n".join(lines)


def _sites(
    program: SourceFile, sites: list[ast.Call], made: set[str], found: list[_Parameter]
) -> list[tuple[int, int, list[str]]]:
    """The statements that use the class, with its shorter calls."""
    statements: dict[ast.stmt, list[tuple[ast.AST, str]]] = {}
    for number, site in enumerate(sites):
        texts: list[str] = []
        for place, one in enumerate(found):
            if one.values[number] == one.default:
                continue
            texts.append(one.values[number] if not place else f"{one.name}={one.values[number]}")
        texts += [program.segment(one) for one in site.keywords if one.arg not in made]
        text = f"{program.segment(site.func)}({', '.join(texts)})"
        for function in program.functions.values():
            for statement in function.body:
                if site in set(walk(statement)):
                    statements.setdefault(statement, []).append((site, text))
    return [
        (one.lineno, one.end_lineno or one.lineno,
         laid(program.spliced(one, pieces), one.col_offset, one.col_offset))
        for one, pieces in statements.items()
    ]  # fmt: skip


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return all(map(_is_constant, node.elts))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _is_constant(node.operand)
    return isinstance(node, ast.Constant)


def _is_returned(function: ast.FunctionDef, sites: list[ast.Call]) -> bool:
    return any(isinstance(one, ast.Return) and one.value in sites for one in function.body)


def _once(init: ast.FunctionDef, name: str) -> bool:
    """Whether a parameter is used once, in a statement that is always reached."""
    loads = [n for n in walk(init) if isinstance(n, ast.Name) and n.id == name]
    simple = [n for one in init.body if isinstance(one, ast.Assign | ast.AnnAssign)
              for n in walk(one) if isinstance(n, ast.Name) and n.id == name]  # fmt: skip
    return len(loads) == len(simple) == 1


def _used_in(init: ast.FunctionDef) -> list[str]:
    """The names that a constructor reads, in the order in which it does."""
    return [n.id for one in init.body for n in walk(one)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]  # fmt: skip


def _draws(node: ast.expr, seen: Observed) -> bool:
    """Whether weights may be drawn where an expression is worked out."""
    for part in walk(node):
        if isinstance(part, ast.Call):
            cls = seen.names.get(part.func.id) if isinstance(part.func, ast.Name) else None
            if not isinstance(cls, type):
                return True
            if any(p.ndim > 1 for one in seen.instances(cls) for p in one.parameters()):
                return True
    return False


def _width(program: SourceFile, sites: list[ast.Call]) -> str | None:
    """The number that the parts of a single use have in common."""
    numbers = [program.segment(call.args[0]) for site in sites for call in walk(site)
               if isinstance(call, ast.Call) and call.args
               and isinstance(call.args[0], ast.Constant)]  # fmt: skip
    return max(numbers, key=numbers.count) if numbers else None
