"""Answering the holes: a document and `ask` in, a tree with nothing left to decide out.

`ask(address, hole)` is the whole search interface: the default, a random draw, an Optuna
trial, a recorded answer, a person. Stages are resolved outward-in, a param on its first use;
one address is asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import TypeAlias, TypeVar

from archdsl.components.component import Component, of_definition
from archdsl.components.options import KindOf, ListOf, Maybe, OptionType, OptionValue, written
from archdsl.errors import SpecError
from archdsl.language import typed
from archdsl.language.decisions import Holes, Place
from archdsl.language.document import Document
from archdsl.language.expression import Expression, ExpressionError
from archdsl.language.holes import Answer, Choice, Hole, is_hole, normalise
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence
from archdsl.language.remembered import Remembered

T = TypeVar("T")

Ask: TypeAlias = Callable[[str, Hole], object]

TOP = Place()


class Noting:
    """Notes what a resolver answers; a class, because one is entered for every layer."""

    __slots__ = ("_outer", "_resolver")

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def __enter__(self) -> dict[str, Answer]:
        noted: dict[str, Answer] = {}
        self._outer, self._resolver._noted = self._resolver._noted, noted
        return noted

    def __exit__(self, *_: object) -> None:
        self._outer |= self._resolver._noted
        self._resolver._noted = self._outer


class Resolver:
    """One walk over a document. `answers` records what was asked, in order.

    kept: what earlier walks over the same document made
    """

    def __init__(
        self,
        document: Document,
        holes: Holes,
        ask: Ask | None = None,
        kept: Remembered | None = None,
    ) -> None:
        self.document = document
        self.holes = holes
        self.answers: dict[str, Answer] = {}
        self._noted: dict[str, Answer] = {}
        self._ask = ask
        self._params: dict[str, tuple[Node, dict[str, Hole]]] = {}
        self._numbers: dict[str, tuple[int | float, dict[str, Hole]]] = {}
        self._leant_on: dict[str, Hole] = {}
        self._kept = kept

    def noting(self) -> Noting:
        """`with` it, what is answered inside, or found answered: address -> answer, in order.

        What is noted inside is noted outside, too.
        """
        return Noting(self)

    def fill(self, node: Node, place: Place = TOP, inside: str | None = None) -> Node:
        """`node` with its holes answered; `$` expressions stay as they are written.

        inside: the address of the option that the node is in, if any
        """
        if isinstance(node, Mapping) and is_hole(node):
            return self._answered(node, place, inside)
        if isinstance(node, Mapping):
            filled = {
                key: self.fill(value, place, None if inside is None else f"{inside}.{key}")
                for key, value in node.items.items()
            }
            if all(filled[key] is value for key, value in node.items.items()):
                return node
            return Mapping(filled, node.marks, node.mark)
        if isinstance(node, Sequence):
            items = tuple(
                self.fill(item, place, None if inside is None else f"{inside}.{index}")
                for index, item in enumerate(node.items)
            )
            if all(one is other for one, other in zip(items, node.items, strict=True)):
                return node
            return Sequence(items, node.mark)
        return node

    def remembered(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, or gave to an earlier walk that had the same answers.

        key: what is made; it follows from the document and from answers alone
        """
        if self._kept is None:
            return make()
        known = self._kept.find(key, self._answer)
        if known is None:
            made, leant_on = self._leaning(make)
            asked = [((address, hole), self.answers[address]) for address, hole in leant_on.items()]
            self._kept.keep(key, asked, made)
            return made
        found: T = known[0]
        return found

    def _leaning(self, make: Callable[[], T]) -> tuple[T, dict[str, Hole]]:
        """What `make` gives, and the questions whose answers it follows from, in order."""
        outer, self._leant_on = self._leant_on, {}
        try:
            return make(), self._leant_on
        finally:
            outer |= self._leant_on
            self._leant_on = outer

    def param(self, name: str) -> Node:
        """A param's value with its holes answered."""
        if name not in self._params:
            self._params[name] = self._leaning(lambda: self.fill(self.document.params[name]))
        node, leant_on = self._params[name]
        self._leant_on |= leant_on
        return node

    def number(self, name: str) -> int | float:
        """A param as a number, for arithmetic. Raises SpecError if it is none."""
        if name not in self._numbers and not self._find_number(name):
            for each in self._unknown_behind(name):
                compute = partial(self._number, each)
                self._numbers[each] = self._leaning(
                    partial(self.remembered, ("number", each), compute)
                )
        number, leant_on = self._numbers[name]
        self._leant_on |= leant_on
        return number

    def _find_number(self, name: str) -> bool:
        """Whether an earlier walk computed a param, from the answers that there are here."""
        if self._kept is None:
            return False
        known, leant_on = self._leaning(partial(self._kept.find, ("number", name), self._answer))
        if known is not None:
            self._numbers[name] = known[0], leant_on
        return known is not None

    def _unknown_behind(self, name: str) -> list[str]:
        """A param and those that it is computed from, as far as they are not known; it is last.

        In the order in which they are asked, which is that of the expressions.
        """
        order: list[str] = []
        waiting, seen = [(name, False)], set(self._numbers)
        while waiting:
            each, done = waiting.pop()
            if done:
                order.append(each)
            elif each not in seen:
                seen.add(each)
                found = typed.expression(self.document.params[each])
                waiting.append((each, True))
                waiting += [(other, False) for other in reversed(found.names if found else ())]
        return order

    def _number(self, name: str) -> int | float:
        node = self.param(name)
        inner = typed.expression(node)
        if inner is not None:
            return self._arithmetic(inner, node, f"params.{name}")
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise SpecError(
                "arithmetic needs a number",
                address=f"params.{name}",
                mark=node.mark,
                cure=f"write a number, or use ${name} by itself",
            )
        return value

    def used(self, node: Node) -> list[str]:
        """`params.width = 48` for the params in a node's expression, in order."""
        found = typed.expression(node)
        if found is None:
            return []
        return [f"params.{name} = {written(self.number(name))}" for name in found.names]

    def value(self, node: Node, type_: OptionType, address: str) -> OptionValue:
        """A filled node as a value of its type. Raises SpecError."""
        try:
            return self._value(node, type_, address)
        except SpecError as error:
            raise error.at(address) from None

    def _value(self, node: Node, type_: OptionType, address: str) -> OptionValue:
        found = typed.expression(node)
        if found is not None:
            if found.alone is not None:
                return self.value(self.param(found.alone), type_, address)
            number = self._arithmetic(found, node, address)
            bare = type_.inner if isinstance(type_, Maybe) else type_
            return typed.convert(number, bare, node.mark, found.text)
        match type_:
            case Maybe(inner):
                return None if typed.is_none(node) else self.value(node, inner, address)
            case KindOf(kind):
                return self.component(node, kind, address)
            case ListOf(inner):
                if type_.bare and not isinstance(node, Sequence):
                    return (self.value(node, inner, address),)
                if not isinstance(node, Sequence):
                    raise SpecError("a list belongs here", mark=node.mark)
                return tuple(
                    self.value(item, inner, f"{address}.{index}")
                    for index, item in enumerate(node.items)
                )
        return typed.scalar(node, type_)

    def component(self, node: Node, kind: str, address: str) -> Component:
        """A filled node as a component of `kind`. Raises SpecError."""
        found = typed.expression(node)
        if found is not None and found.alone is not None:
            return self.component(self.param(found.alone), kind, address)
        read = typed.component(node, kind)
        options = {
            name: self.value(option, read.definition.options[name].type, f"{address}.{name}")
            for name, option in read.options.items()
        }
        return of_definition(read.definition, options)

    def _answered(self, node: Node, place: Place, inside: str | None) -> Node:
        hole = self.holes.hole(node)
        if inside is None:
            home = self.holes.home(node)
            assert home is not None, "a hole outside an option was placed when it was read"
            address = home.address(hole, place)
        else:
            address = inside
        if self._ask is None and address not in self.answers:
            self.answers[address] = normalise(hole, self.holes.default(node), address)
        answer = self._answer(address, hole)
        if isinstance(hole, Choice):
            option = hole.option(answer)
            assert option is not None
            return self.fill(option.node, place, f"{address}.{option.label}")
        assert not isinstance(answer, str)
        return Scalar(answer, written(answer), False, hole.mark)

    def _answer(self, address: str, hole: Hole) -> Answer:
        """The answer to a question, asked if it was not."""
        answer = self.answers.get(address)
        if answer is None:
            assert self._ask is not None, "a default was taken where there is nobody to ask"
            answer = self.answers[address] = normalise(hole, self._ask(address, hole), address)
        self._noted[address] = answer
        self._leant_on[address] = hole
        return answer

    def _arithmetic(self, found: Expression, node: Node, address: str) -> int | float:
        if self._kept is not None:
            self._kept.steps += found.steps
        try:
            return found.value(self.number)
        except ExpressionError as error:
            raise SpecError(
                str(error), address=address, mark=node.mark, cure="mend it, or write the number"
            ) from None
