"""Holes: a mapping with `choice` or `range` and no `type`.

A hole knows its possible answers and nothing of who gives them.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from numbers import Integral, Real
from typing import Literal, TypeAlias

from archdsl.components.options import with_unit, written
from archdsl.errors import SpecError
from archdsl.language.labels import labels, without_labels
from archdsl.language.nodes import Mapping, Mark, Node, Scalar, Sequence
from archdsl.printable import shown

Answer: TypeAlias = "bool | int | float | str"
Per: TypeAlias = Literal["stage", "block"] | None

MAX_NUMBERS = 100_000
"""Of a range, and of all ranges of a spec together."""


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceOption:
    """One option of a choice. `answer` is what a record of the decision says.

    node: its value, without a label: that is a name and no part of the value
    """

    label: str
    answer: Answer
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A decision between values of any form, nested holes included."""

    options: tuple[ChoiceOption, ...]
    per: Per
    default_node: Node | None
    mark: Mark | None

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What can be answered, in the order written."""
        return _listed(self)

    def option(self, answer: object) -> ChoiceOption | None:
        """The option of an answer; its label as a text is accepted too."""
        by_answer, by_label = _named(self)
        if isinstance(answer, Hashable):
            found = by_answer.get((isinstance(answer, bool), answer))
            if found is not None:
                return found
        return by_label.get(answer if isinstance(answer, str) else _said(answer))


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """A decision between evenly spaced numbers, both ends included."""

    low: int | float
    high: int | float
    step: int | float
    per: Per
    default_node: Node | None
    mark: Mark | None

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What can be answered, from low to high."""
        return _spaced(self.low, self.high, self.step)

    @property
    def count(self) -> int:
        """How many numbers it spans."""
        return len(self.answers)


Hole: TypeAlias = Choice | Range


@lru_cache(maxsize=256)
def _listed(choice: Choice) -> tuple[Answer, ...]:
    """The answers of a choice; asked for anew in every combination of answers."""
    return tuple(option.answer for option in choice.options)


@lru_cache(maxsize=256)
def _named(
    choice: Choice,
) -> tuple[dict[tuple[bool, Hashable], ChoiceOption], dict[str, ChoiceOption]]:
    """The options of a choice under their answers, 1 being 1.0 and not true, and their labels."""
    by_answer: dict[tuple[bool, Hashable], ChoiceOption] = {}
    by_label: dict[str, ChoiceOption] = {}
    for option in choice.options:
        by_answer.setdefault((isinstance(option.answer, bool), option.answer), option)
        by_label.setdefault(option.label, option)
    return by_answer, by_label


@lru_cache(maxsize=1024, typed=True)
def _spaced(low: int | float, high: int | float, step: int | float) -> tuple[Answer, ...]:
    """The numbers from low to high; asked for anew in every combination of answers."""
    start, by = Fraction(str(low)), Fraction(str(step))
    count = int((Fraction(str(high)) - start) / by) + 1
    numbers = (start + index * by for index in range(count))
    return tuple(int(n) if n.denominator == 1 else float(n) for n in numbers)


def is_hole(node: Node) -> bool:
    """Whether a node is a hole and no component."""
    return (
        isinstance(node, Mapping) and "type" not in node and ("choice" in node or "range" in node)
    )


def read_hole(node: Mapping) -> Hole:
    """A hole's mapping as a Choice or a Range. Raises SpecError."""
    is_choice = "choice" in node
    known = ("choice", "per", "default") if is_choice else ("range", "step", "per", "default")
    for key in node:
        if key not in known:
            words = "a choice" if is_choice else "a range"
            raise SpecError(
                f"{words} has no '{key}'",
                mark=node.marks.get(key, node.mark),
                cure=f"{words} takes: {', '.join(known)}",
            )
    per = _per(node)
    if is_choice:
        return Choice(_options(node), per, node.get("default"), node.mark)
    low, high, step = _span(node)
    return Range(low, high, step, per, node.get("default"), node.mark)


def _per(node: Mapping) -> Per:
    per = node.get("per")
    if per is None:
        return None
    if isinstance(per, Scalar) and per.value in ("stage", "block"):
        return per.value  # type: ignore[return-value]
    raise SpecError(
        "per is stage or block",
        mark=per.mark,
        cure="drop it to ask once for the whole model",
    )


def _options(node: Mapping) -> tuple[ChoiceOption, ...]:
    listed = node.items["choice"]
    if not isinstance(listed, Sequence):
        raise SpecError(
            "choice takes a list of options",
            mark=listed.mark,
            cure="write  choice: [a, b]",
        )
    if not listed.items:
        raise SpecError("a choice of nothing", mark=listed.mark, cure="write  choice: [a, b]")
    for item in listed.items:
        if is_hole(item):
            raise SpecError(
                "a hole directly inside a choice",
                mark=item.mark,
                cure="put its options into the choice itself",
            )
    given = labels(listed.items)
    options: dict[str, ChoiceOption] = {}
    by_answer: dict[tuple[bool, Answer], ChoiceOption] = {}
    for item, label in zip(listed.items, given, strict=True):
        if label in options:
            raise SpecError(
                f"two options are called '{label}'",
                mark=item.mark,
                cure=f"drop one, or give them labels:  {_LABELLED[type(item)]}",
            )
        answer = _answer(item, label)
        option = ChoiceOption(label, answer, without_labels(item))
        first = by_answer.setdefault((isinstance(answer, bool), answer), option)
        if first is not option:
            raise SpecError(
                f"the option {label} is there twice", mark=item.mark, cure=keep_one(first)
            )
        options[label] = option
    return tuple(options.values())


_NAMED = "{type: ..., label: name}"
_LABELLED = {Mapping: _NAMED, Scalar: _NAMED, Sequence: f"[{_NAMED}, ...]"}


def keep_one(first: ChoiceOption) -> str:
    """The cure for an option that says again what an earlier one says."""
    if first.node.mark is None:
        return "keep one of them"
    return f"the other stands at {first.node.mark}; keep one of them"


def _answer(node: Node, label: str) -> Answer:
    if isinstance(node, Scalar) and isinstance(node.value, (bool, int, float)):
        return node.value
    return label


def _span(node: Mapping) -> tuple[int | float, int | float, int | float]:
    ends = node.items["range"]
    numbers = [_number(item) for item in ends.items] if isinstance(ends, Sequence) else []
    if len(numbers) != 2 or any(number is None for number in numbers):
        raise SpecError(
            "range takes two numbers",
            mark=ends.mark,
            cure="write  range: [low, high]; both ends are included",
        )
    low, high = numbers
    assert low is not None and high is not None
    if low > high:
        raise SpecError(
            f"the range ends at {high}, before it begins at {low}",
            mark=ends.mark,
            cure=f"write  range: [{high}, {low}]",
        )
    step_node = node.get("step")
    integers = isinstance(low, int) and isinstance(high, int)
    if step_node is None:
        if not integers:
            raise SpecError(
                "a range of numbers that are not integers needs a step",
                mark=node.mark,
                cure=f"write  {{range: [{low}, {high}], step: ...}}",
            )
        step: int | float | None = 1
    else:
        step = _number(step_node)
        if step is None or step <= 0:
            raise SpecError(
                "step is a positive number",
                mark=step_node.mark,
                cure="write  step: 1, or leave it out for integers",
            )
    assert step is not None
    steps = (Fraction(str(high)) - Fraction(str(low))) / Fraction(str(step))
    if steps.denominator != 1:
        raise SpecError(
            f"the step {step} does not divide the range from {low} to {high}",
            mark=step_node.mark if step_node else node.mark,
            cure="both ends are answers; choose a step that leads from one to the other",
        )
    if steps >= MAX_NUMBERS:
        raise SpecError(
            f"the range has more than {MAX_NUMBERS} numbers",
            mark=ends.mark,
            cure="write a larger step",
        )
    return low, high, step


def _number(node: Node) -> int | float | None:
    value = with_unit(node.value) if isinstance(node, Scalar) else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def equal(one: object, other: object) -> bool:
    """Whether two answers are one: 1 is 1.0, and not true."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def normalise(hole: Hole, answer: object, address: str) -> Answer:
    """An answer as the hole records it. Raises SpecError for one it does not have."""
    answer = _plain(answer, address)
    if isinstance(hole, Choice):
        option = hole.option(answer)
        if option is not None:
            return option.answer
        known = " ".join(o.label for o in hole.options)
        raise SpecError(
            f"{_said(answer)} is not among its options",
            address=address,
            cure=f"choose from {known}",
        )
    if not isinstance(answer, bool) and isinstance(answer, (int, float, str)):
        found = _by_number_and_text(hole).get(answer)
        if found is not None:
            return found
    raise SpecError(
        f"{_said(answer)} is not in its range",
        address=address,
        cure=f"choose from {hole.low} to {hole.high} in steps of {hole.step}",
    )


def _plain(answer: object, address: str) -> Answer | None:
    """One of Python's own values; numpy's numbers are taken as those."""
    if answer is None or isinstance(answer, bool):
        return answer
    if isinstance(answer, str):
        return str.__str__(answer)
    if isinstance(answer, Integral):
        return int(answer)
    if isinstance(answer, Real):
        return float(answer)
    raise SpecError(f"{shown(answer)} is no answer", address=address, cure="write one value")


def _said(answer: object) -> str:
    if isinstance(answer, (bool, float, str)) or answer is None:
        return written(answer)
    return shown(answer)  # Python writes no integer of over 4,300 digits


@lru_cache(maxsize=256)
def _by_number_and_text(hole: Range) -> dict[int | float | str, Answer]:
    """The answers of a range under the numbers themselves and under how they are written."""
    numbers = {number: number for number in hole.answers}
    return {**numbers, **{written(number): number for number in hole.answers}}
