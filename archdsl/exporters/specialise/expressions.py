"""The text of an expression with what is decided in it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from archdsl.exporters.literals import literal
from archdsl.exporters.specialise.known import (
    HIDDEN,
    Facts,
    Unknown,
    World,
    common,
    is_plain,
    truth,
    value,
)
from archdsl.exporters.specialise.source_file import SourceFile, parameters, parenthesised, stored
from archdsl.exporters.trees import children, walk

Lines = list[str]
Called = Callable[[ast.Call, list[World], "Expressions"], str | None]


@dataclass(slots=True)
class Rules:
    """What is done beside the folding of tests, in a pass over a file.

    options: name of a parameter -> the text that stands for it, in the function at hand
    makers: of those among them that are constructors -> class, and the options bound to it
    literal: attributes that a constructor of the file sets, and that are written as they are
    call: a call -> another text for it, or None; is_identity: whether a module gives what it gets
    drops: whether a statement that sets an attribute goes
    settled: attributes -> where a constructor sets them last
    """

    options: Mapping[str, str] = field(default_factory=dict)
    makers: Mapping[str, tuple[str, list[str]]] = field(default_factory=dict)
    literal: set[str] = field(default_factory=set)
    call: Called = lambda node, worlds, fold: None
    is_identity: Callable[[object], bool] = lambda module: False
    drops: Callable[[ast.stmt, list[World]], bool] = lambda node, worlds: False
    settled: Mapping[str, ast.Attribute] = field(default_factory=dict)


class Expressions:
    """Says what the expressions of one function are.

    worlds: its parameters, as far as they are known, in each call or for each instance
    """

    def __init__(
        self, program: SourceFile, node: ast.FunctionDef, worlds: list[World], facts: Facts,
        rules: Rules,
    ) -> None:  # fmt: skip
        self.program, self.node, self.facts, self.rules = program, node, facts, rules
        self._stores = stored(node.body)
        self._bound = {arg.arg for arg in parameters(node)} | set(self._stores)
        hidden = dict.fromkeys(self._bound, HIDDEN)
        self.worlds = [{**hidden, **world} for world in worlds]
        self._loads = [n.id for n in walk(node)
                       if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]  # fmt: skip
        self._literals: set[str] = set(rules.options)
        self._aliases: dict[ast.expr, str] = {}
        self.free = not any(isinstance(n, ast.Nonlocal | ast.Global) for n in walk(node))

    def expression(self, node: ast.expr, worlds: list[World]) -> str:
        """The text of an expression with what is decided in it."""
        if isinstance(node, ast.JoinedStr):  # Python does not say where its parts stand
            return self.program.segment(node)
        made = self._decided(node, worlds)
        return self.inside(node, worlds) if made is None else made

    def inside(self, node: ast.AST, worlds: list[World]) -> str:
        """The text of a node with what is decided inside it."""
        pieces: list[tuple[ast.AST, str]] = []
        waiting = [(child, worlds) for child in children(node)]
        if isinstance(node, _SCOPES):
            narrowed = self._narrowed(node, worlds)
            waiting = [(child, narrowed) for child, _ in waiting]
        while waiting:
            child, here = waiting.pop()
            if isinstance(child, ast.expr):
                new = self.expression(child, here)
                if isinstance(node, ast.Compare) and is_literal(new) and not _is_single(new, node):
                    continue  # Python warns of `is` beside a number
                if new != self.program.segment(child):
                    free = _stands_free(node, child) or _is_as_before(child, new)
                    pieces.append((child, new if free else parenthesised(new)))
            else:
                waiting += [(inner, here) for inner in children(child)]
        return self.program.spliced(node, pieces) if pieces else self.program.segment(node)

    def _decided(self, node: ast.expr, worlds: list[World]) -> str | None:
        if node in self._aliases:
            return self._aliases[node]
        match node:
            case ast.IfExp():
                return self._chosen(node, worlds)
            case ast.BoolOp():
                return self._boolean(node, worlds) or self._either(node, worlds)
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return self._boolean(node, worlds)
            case ast.Name(id=name, ctx=ast.Load()) if name in self._literals:
                return self._literal(node, worlds) or self.rules.options.get(name)
            case ast.Attribute(attr=name, ctx=ast.Load()) if name in self.rules.literal:
                return self._literal(node, worlds)
            case ast.Subscript(value=base, slice=ast.Constant(value=int(at)), ctx=ast.Load()):
                return self._item(base, at, worlds)
            case ast.BinOp(left=left, right=right):
                return self._reckoned(node, left, right, worlds)
            case ast.Call():
                return self._called(node, worlds)
        return None

    def _chosen(self, node: ast.IfExp, worlds: list[World]) -> str:
        """What is left of a choice; one between two that are the same is none."""
        if self._same(node, node.body, worlds):
            return self.expression(node.body, worlds)
        if self._same(node, node.orelse, worlds):
            return self.expression(node.orelse, worlds)
        branches = [(node.test, worlds), (node.body, self._where(node.test, worlds, True)),
                    (node.orelse, self._where(node.test, worlds, False))]  # fmt: skip
        pieces = [(part, self.expression(part, here)) for part, here in branches]
        return self.program.spliced(node, [
            (part, text) for part, text in pieces if text != self.program.segment(part)
        ])  # fmt: skip

    def _same(self, node: ast.IfExp, branch: ast.expr, worlds: list[World]) -> bool:
        """Whether a choice comes to the same as one of its branches would, whichever is taken."""
        holds = branch is node.body
        for world in worlds:
            if truth(node.test, [world], self.facts) is holds:
                continue
            try:
                one, other = (value(part, world, self.facts) for part in (node, branch))
            except Unknown:
                return False
            if one is not other:
                return False
        return bool(worlds)

    def _where(self, test: ast.expr, worlds: list[World], holds: bool) -> list[World]:
        """The worlds in which a test may come out so."""
        return [one for one in worlds if truth(test, [one], self.facts) in (None, holds)]

    def _literal(self, node: ast.expr, worlds: list[World]) -> str | None:
        try:
            found = common(node, worlds, self.facts)
        except Unknown:
            return None
        return literal(found) if is_plain(found) else None

    def _boolean(self, node: ast.expr, worlds: list[World]) -> str | None:
        try:
            found = common(node, worlds, self.facts)
        except Unknown:
            return None
        return repr(found) if isinstance(found, bool) else None

    def _either(self, node: ast.BoolOp, worlds: list[World]) -> str | None:
        """Parts that decide nothing go, and those after one that decides all."""
        any_of = isinstance(node.op, ast.Or)
        kept: list[ast.expr] = []
        here = worlds  # those in which the parts before decide nothing
        for part in node.values:
            holds = truth(part, here, self.facts)
            if holds is None or holds == any_of or part is node.values[-1]:
                kept.append(part)
            if holds == any_of:
                break
            if part is not node.values[-1]:
                here = self._where(part, here, not any_of)
        if len(kept) > 1 and kept[-1] is node.values[-1]:
            last = self._boolean(kept[-1], here)
            if last == repr(not any_of) and _is_test(kept[-2]):
                kept.pop()
        if len(kept) == len(node.values):
            return None
        texts = [self.expression(part, worlds) for part in kept]
        if len(texts) == 1:
            return texts[0]
        return (" or " if any_of else " and ").join(
            text if isinstance(part, ast.Compare | ast.UnaryOp) else parenthesised(text)
            for part, text in zip(kept, texts, strict=True)
        )  # fmt: skip

    def _item(self, base: ast.expr, at: int, worlds: list[World]) -> str | None:
        """One of the items that a name has come to."""
        text = self.expression(base, worlds)
        if text == self.program.segment(base) or not is_literal(text):
            return None
        items = ast.literal_eval(text)
        return literal(items[at]) if isinstance(items, tuple) and at < len(items) else None

    def _reckoned(
        self, node: ast.BinOp, left: ast.expr, right: ast.expr, worlds: list[World]
    ) -> str | None:
        texts = [self.expression(side, worlds) for side in (left, right)]
        own = [self.program.segment(side) for side in (left, right)]
        if texts == own or not all(text.isdecimal() for text in texts):
            return None
        whole = isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.FloorDiv | ast.Mod)
        numbers = [int(text) for text in texts]
        if not whole or (isinstance(node.op, ast.FloorDiv | ast.Mod) and not numbers[1]):
            return None
        reckoned = ast.BinOp(ast.Constant(numbers[0]), node.op, ast.Constant(numbers[1]))
        return str(value(reckoned, {}, self.facts))

    def _called(self, node: ast.Call, worlds: list[World]) -> str | None:
        match node:
            case ast.Call(func=ast.Name(id="float"), args=[arg], keywords=[]):
                text = self.expression(arg, worlds)
                if text != self.program.segment(arg) and is_literal(text) and "." in text:
                    return text
            case ast.Call(func=ast.Name(id=name)) if name in self.rules.makers:
                cls, bound = self.rules.makers[name]
                given = [self.expression(arg, worlds) for arg in node.args]
                given += [f"{one.arg}={self.expression(one.value, worlds)}" for one in
                          node.keywords]  # fmt: skip
                return f"{cls}({', '.join([*given, *bound])})"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self")), args=[arg], keywords=[]):
                if self._all(node.func, worlds, self.rules.is_identity):
                    return self.expression(arg, worlds)
            case ast.Call(func=ast.Name(id="getattr"), args=[base, ast.Constant(value=str(name)),
                                                             default]):  # fmt: skip
                has = [self._has(base, name, world) for world in worlds]
                if has and all(one is True for one in has):
                    return f"{parenthesised(self.expression(base, worlds))}.{name}"
                if has and all(one is False for one in has):
                    return self.expression(default, worlds)
        return self.rules.call(node, worlds, self)

    def _has(self, base: ast.expr, name: str, world: World) -> bool | None:
        try:
            return hasattr(value(base, world, self.facts), name)
        except Unknown:
            return None

    def _all(self, node: ast.expr, worlds: list[World], holds: Callable[[object], bool]) -> bool:
        try:
            found = [value(node, world, self.facts) for world in worlds]
        except Unknown:
            return False
        return bool(found) and all(map(holds, found))

    def _narrowed(self, node: ast.AST, worlds: list[World]) -> list[World]:
        """What is known inside a function of its own: what never changes around it."""
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            bound = {arg.arg for arg in parameters(node)}
            bound |= set(stored(node.body if isinstance(node, ast.FunctionDef) else []))
        else:
            bound = set(stored([node]))
        own = {arg.arg for arg in parameters(self.node)}
        fixed = {name for name in self._bound
                 if self._stores.count(name) <= (0 if name in own else 1)} - bound  # fmt: skip
        kept = [{n: v for n, v in world.items() if n in fixed} for world in worlds]
        hidden = dict.fromkeys(self._bound | bound, HIDDEN)
        return [{**hidden, **world} for world in kept]


INNER = ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp
_SCOPES = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def _is_single(text: str, node: ast.Compare) -> bool:
    """Whether a literal may stand in a comparison: beside `is`, only what there is one of."""
    identity = any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops)
    return not identity or text in ("None", "True", "False")


def _is_test(node: ast.expr) -> bool:
    match node:
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Call(func=ast.Name(id="isinstance")):
            return True
    return False


def _stands_free(parent: ast.AST, child: ast.AST) -> bool:
    """Whether any expression may stand in a place, without parentheses."""
    if isinstance(parent, ast.Call):
        return child is not parent.func
    return isinstance(
        parent, ast.keyword | ast.stmt | ast.Tuple | ast.List | ast.Dict | ast.FormattedValue
    )


def _is_as_before(child: ast.expr, new: str) -> bool:
    """Whether an operand is one of the same operator still: it needs no more than it had."""
    if not isinstance(child, ast.BinOp):
        return False
    made = ast.parse(f"({new})", mode="eval").body
    return isinstance(made, ast.BinOp) and type(made.op) is type(child.op)


def is_literal(text: str) -> bool:
    """Whether a text is a plain value."""
    try:
        return is_plain(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return False
