"""Options of a choice that stand for the same value, under whatever names they are written.

Every value has a *form*, a number that is the same for equal values: a component is resolved,
its own defaults filled in. A hole within an option stands for the set of its values. A param
with holes is answered once for all options, so that what is computed from it is compared answer
by answer.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from archdsl.components.component import Component, of_definition
from archdsl.components.options import KindOf, ListOf, Maybe, Number, OptionType
from archdsl.errors import SpecError
from archdsl.language import typed
from archdsl.language.decisions import Holes
from archdsl.language.document import Document
from archdsl.language.expression import Expression, ExpressionError
from archdsl.language.holes import Answer, Choice, is_hole, keep_one
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from archdsl.language.holes import Hole

_MOST = 1_000
"""Answers that a value is looked at for, one by one. More are told apart as they are written,
so that at worst an option that is there twice is not seen."""

_MOST_STEPS = 100_000
"""Steps of arithmetic in one document, where the same holds."""


class EqualOptions:
    """Finds the forms of checked values of one document."""

    def __init__(self, document: Document, holes: Holes) -> None:
        self.document = document
        self.holes = holes
        self._numbers: dict[Hashable, int] = {}
        self._params: dict[tuple[str, str], int] = {}
        self._open_params: dict[str, bool] = {}
        self._steps = 0

    def refuse_number(self, hole: Choice, address: str) -> None:
        """The same for a param that arithmetic alone uses, where its options are numbers."""
        nodes = [option.node for option in hole.options]
        if all(
            isinstance(node, Scalar) and (typed.expression(node) or _is_number(node.value))
            for node in nodes
        ):
            self.refuse(hole, Number(integer=False), address)

    def refuse(self, hole: Choice, type_: OptionType, address: str) -> None:
        """Refuse a choice with two options that are equal under every answer."""
        seen: dict[int, Any] = {}
        for option in hole.options:
            first = seen.setdefault(self.form(option.node, type_), option)
            if first is not option:
                raise SpecError(
                    f"the option {option.label} gives the same as {first.label}",
                    address=address,
                    mark=option.node.mark,
                    cure=keep_one(first),
                )

    def form(self, node: Node, type_: OptionType) -> int:
        """The form of a value of a type."""
        found = typed.expression(node)
        if found is not None:
            return self._expression(found, type_)
        if is_hole(node):
            return self._hole(self.holes.hole(node), type_)
        match type_:
            case Maybe(inner):
                return self._plain(None) if typed.is_none(node) else self.form(node, inner)
            case KindOf(kind):
                return self._component(node, kind)
            case ListOf(inner):
                items = node.items if isinstance(node, Sequence) else (node,)
                return self._list(self.form(item, inner) for item in items)
        return self._plain(typed.scalar(node, type_))

    def _number(self, form: Hashable) -> int:
        return self._numbers.setdefault(form, len(self._numbers))

    def _list(self, items: Iterable[int]) -> int:
        return self._number(("list", tuple(items)))

    def _plain(self, value: Any) -> int:
        """The form of a resolved value, such as a signature's default."""
        if isinstance(value, Component):
            options = tuple((name, self._plain(inner)) for name, inner in value.options)
            return self._number(("component", value.kind, value.type, options, None))
        if isinstance(value, tuple):
            return self._list(self._plain(item) for item in value)
        return self._number(("value", isinstance(value, bool), value))

    def _component(self, node: Node, kind: str) -> int:
        read = typed.component(node, kind)
        known = read.definition.options
        given = {name: self.form(value, known[name].type) for name, value in read.options.items()}
        filled = of_definition(read.definition, given)
        options = tuple(
            (name, given[name] if name in given else self._plain(value))
            for name, value in filled.options
        )
        dim = None if read.dim is None else self.form(read.dim, Number(True))
        return self._number(("component", kind, filled.type, options, dim))

    def _hole(self, hole: Hole, type_: OptionType) -> int:
        if isinstance(hole, Choice):
            return self._any(self.form(option.node, type_) for option in hole.options)
        if hole.count > _MOST:
            return self._number(("range", hole.low, hole.high, hole.step))
        return self._any(self._plain(number) for number in hole.answers)

    def _any(self, forms: Iterable[int]) -> int:
        """The form of what has one of several values, freely."""
        distinct = frozenset(forms)
        [first, *rest] = distinct
        return first if not rest else self._number(("one of", distinct))

    def _expression(self, found: Expression, type_: OptionType) -> int:
        if found.alone is not None:
            key = found.alone, repr(type_)
            if key not in self._params:
                self._params[key] = self._param(found, found.alone, type_)
            return self._params[key]
        return self._arithmetic(found)

    def _param(self, found: Expression, name: str, type_: OptionType) -> int:
        """The form of a param: one of its own where it depends on answers."""
        node = self.document.params[name]
        if not self._open(node) or typed.expression(node) is not None:
            return self.form(node, type_)
        return self._arithmetic(found) if typed.numeric(type_) else self._number(("param", name))

    def _open(self, node: Node) -> bool:
        """Whether a value depends on answers."""
        match node:
            case Scalar():
                found = typed.expression(node)
                names = found.names if found else ()
                return any(map(self._open_param, names))
            case Mapping():
                return is_hole(node) or any(map(self._open, node.items.values()))
            case Sequence():
                return any(map(self._open, node.items))

    def _open_param(self, name: str) -> bool:
        if name not in self._open_params:
            self._open_params[name] = self._open(self.document.params[name])
        return self._open_params[name]

    def _arithmetic(self, found: Expression) -> int:
        """The form of a number that is computed: itself, or what it is for each answer."""
        try:
            names, values = self._numbers_of(found)
        except (ExpressionError, _Unknown):
            return self._number(("written", found.text))
        if len(set(values)) == 1:
            return self._plain(values[0])
        return self._number(("for each", names, values))

    def _numbers_of(self, found: Expression) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        """The open params behind an expression, and its value for each of their answers."""
        behind, steps = self._behind(found)
        answers = [self._answers(name) for name in behind]
        count = 1
        for several in answers:
            count *= len(several)
        if count > _MOST or self._steps + count * steps > _MOST_STEPS:
            raise _Unknown
        self._steps += count * steps
        values = []
        for combination in product(*answers):
            given: dict[str, Any] = dict(zip(behind, combination, strict=True))
            values.append(found.value(partial(self._value, given=given)))
        return behind, tuple(values)

    def _behind(self, found: Expression) -> tuple[tuple[str, ...], int]:
        """The params with holes that an expression is computed from, in a fixed order.

        And the steps of arithmetic from there to its value.
        """
        holes, steps = set[str](), found.steps
        waiting, reached = list(found.names), set(found.names)
        while waiting:
            name = waiting.pop()
            node = self.document.params[name]
            inner = typed.expression(node)
            if inner is not None:
                steps += inner.steps
                waiting += [name for name in inner.names if name not in reached]
                reached.update(inner.names)
            elif is_hole(node):
                holes.add(name)
        return tuple(sorted(holes)), steps

    def _answers(self, name: str) -> tuple[Answer, ...]:
        """The numbers that a hole of numbers gives. Raises _Unknown for another."""
        hole = self.holes.hole(self.document.params[name])
        if isinstance(hole, Choice) and not all(
            isinstance(option.node, Scalar) and _is_number(option.node.value)
            for option in hole.options
        ):
            raise _Unknown
        return hole.answers

    def _value(self, name: str, given: dict[str, Any]) -> Any:
        """The number of a param, computed once for what is given."""
        if name in given:
            return given[name]
        node = self.document.params[name]
        inner = typed.expression(node)
        if inner is not None:
            given[name] = inner.value(lambda other: self._value(other, given))
            return given[name]
        if not isinstance(node, Scalar) or not _is_number(node.value):
            raise _Unknown
        return node.value


class _Unknown(Exception):
    """A number that is not looked for: too many answers, or none that are plain numbers."""


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
