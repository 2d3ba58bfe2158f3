"""What an option may be: the types that a component's signature turns into.

A type here checks one plain value (a scalar, or a list of scalars) and says in words what it
takes. Options that are components (`Act`, `Norm`, ...) carry a `KindOf`; the checker fills
those in, because only it knows the registry.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, Union

from archdsl.units import UNITS

OptionValue: TypeAlias = Any
"""A resolved option: None, bool, int, float, str, a tuple of values, or a Component."""

_WITH_UNIT = re.compile(r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s?([kMGT])")

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_TIME = re.compile("".join(rf"(?:(\d+(?:\.\d+)?){unit})?" for unit in _SECONDS))


def with_unit(value: OptionValue) -> OptionValue:
    """A number written with a unit, `2G` or `1.5M`, as a number; anything else as it is."""
    if not isinstance(value, str) or (found := _WITH_UNIT.fullmatch(value)) is None:
        return value
    from fractions import Fraction as Exact

    number = Exact(found[1]) * UNITS[found[2]]
    return int(number) if number.denominator == 1 else float(number)


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition on a number. `words` replaces the type's name: "odd int"."""

    words: str
    holds: Callable[[Any], bool]


class Mismatch(ValueError):
    """A value that an option does not take; the text says what it takes: "an odd int"."""


@dataclass(frozen=True, slots=True)
class Number:
    """An int, or with `integer=False` any finite number, which is a float however it is written:
    4 and 4.0 are one value, and `torch.full((dim,), 4)` would be of integers.
    """

    integer: bool
    bounds: tuple[Bound, ...] = ()

    def takes(self) -> str:
        """The type as listings print it."""
        plain = "int" if self.integer else "number"
        return " and ".join(bound.words for bound in self.bounds) or plain

    def convert(self, value: OptionValue) -> OptionValue:
        """`value` as this type. Raises Mismatch."""
        value = with_unit(value)
        wanted = int if self.integer else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted):
            raise Mismatch(article(self.takes()))
        if not all(bound.holds(value) for bound in self.bounds):
            raise Mismatch(article(self.takes()))
        try:
            # 0.0 + -0.0 is 0.0
            return value if self.integer else 0.0 + float(value)
        except OverflowError:
            raise Mismatch(article(self.takes())) from None


@dataclass(frozen=True, slots=True)
class Bool:
    """true or false."""

    def takes(self) -> str:
        """The type as listings print it."""
        return "true or false"

    def convert(self, value: OptionValue) -> OptionValue:
        """`value` as this type. Raises Mismatch."""
        if not isinstance(value, bool):
            raise Mismatch(self.takes())
        return value


@dataclass(frozen=True, slots=True)
class Text:
    """Any word or text."""

    def takes(self) -> str:
        """The type as listings print it."""
        return "text"

    def convert(self, value: OptionValue) -> OptionValue:
        """`value` as this type. Raises Mismatch."""
        if not isinstance(value, str):
            raise Mismatch("a text")
        return value


@dataclass(frozen=True, slots=True)
class Duration:
    """A time above zero as people write it, in seconds once it is read.

    A bare number is refused: it does not say of what.
    """

    def takes(self) -> str:
        """The type as listings print it."""
        return "time such as 90s, 30m, 1h30m or 2d"

    def convert(self, value: OptionValue) -> OptionValue:
        """`value` in seconds. Raises Mismatch."""
        found = _TIME.fullmatch(value) if isinstance(value, str) else None
        parts = zip(found.groups(), _SECONDS.values(), strict=True) if found is not None else ()
        seconds = sum(float(number) * unit for number, unit in parts if number is not None)
        if not 0 < seconds < float("inf"):
            raise Mismatch(article(self.takes()))
        return seconds


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words or numbers, from `Literal`."""

    values: tuple[Any, ...]

    def takes(self) -> str:
        """The type as listings print it."""
        return " | ".join(written(value) for value in self.values)

    def convert(self, value: OptionValue) -> OptionValue:
        """`value` as this type. Raises Mismatch."""
        value = self.word(value)
        for known in self.values:
            if value == known and type(value) is type(known):
                return known
        raise Mismatch(f"one of {self.takes()}")

    def word(self, value: OptionValue) -> OptionValue:
        """`value`; but the word `none` where one of these is called so, as `gelu` has it."""
        named = value is None and None not in self.values and "none" in self.values
        return "none" if named else value


@dataclass(frozen=True, slots=True)
class Maybe:
    """Another type, or `none`."""

    inner: OptionType

    def takes(self) -> str:
        """The type as listings print it."""
        return f"{self.inner.takes()} | none"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of another type.

    bare: one element may stand without the brackets; length: how many there are, if that is fixed
    """

    inner: OptionType
    bare: bool = False
    length: int | None = None

    def takes(self) -> str:
        """The type as listings print it."""
        many = "" if self.length is None else f"{self.length} "
        return f"list of {many}{self.inner.takes()}"


@dataclass(frozen=True, slots=True)
class KindOf:
    """A component of a kind; the class receives it as a factory."""

    kind: str

    def takes(self) -> str:
        """The type as listings print it."""
        return self.kind.replace("_", " ")


OptionType: TypeAlias = Number | Bool | Text | Duration | OneOf | Maybe | ListOf | KindOf

# The annotations that a component's author writes.
Odd = Annotated[int, Bound("odd int", lambda v: v > 0 and v % 2 == 1)]
Positive = Annotated[int, Bound("positive int", lambda v: v > 0)]
NonNegative = Annotated[int, Bound("int from 0", lambda v: v >= 0)]
PositiveNumber = Annotated[float, Bound("positive number", lambda v: v > 0)]
NonNegativeNumber = Annotated[float, Bound("number from 0", lambda v: v >= 0)]
Fraction = Annotated[float, Bound("number from 0 to 1", lambda v: 0 <= v <= 1)]
Act = Annotated[Callable[..., Any], KindOf("act")]
Norm = Annotated[Callable[..., Any], KindOf("norm")]
Layer = Annotated[Callable[..., Any], KindOf("layer")]
Query = Annotated[Callable[..., Any], KindOf("query")]
Key = Annotated[Callable[..., Any], KindOf("key")]
Value = Annotated[Callable[..., Any], KindOf("value")]
Out = Annotated[Callable[..., Any], KindOf("out")]


def from_annotation(annotation: Any) -> OptionType:
    """The option type for one annotation of a signature. Raises TypeError for any other."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        base, *extra = typing.get_args(annotation)
        for note in extra:
            if isinstance(note, KindOf):
                return note
        inner = from_annotation(base)
        bounds = tuple(note for note in extra if isinstance(note, Bound))
        if not bounds:
            return inner
        if not isinstance(inner, Number):
            raise TypeError(f"a Bound belongs on an int or a float, not on {base!r}")
        return Number(inner.integer, inner.bounds + bounds)
    if origin is Literal:
        return OneOf(typing.get_args(annotation))
    if origin in (Union, types.UnionType):
        args = typing.get_args(annotation)
        rest = [arg for arg in args if arg is not types.NoneType]
        if len(rest) == 1 and len(args) == 2:
            return Maybe(from_annotation(rest[0]))
    if origin in (list, tuple):
        args = typing.get_args(annotation)
        inside = {repr(a): a for a in args if a is not Ellipsis}
        if len(inside) == 1:
            length = len(args) if origin is tuple and Ellipsis not in args else None
            return ListOf(from_annotation(next(iter(inside.values()))), length=length)
    simple: dict[Any, OptionType] = {
        bool: Bool(),
        int: Number(integer=True),
        float: Number(integer=False),
        str: Text(),
    }
    if annotation in simple:
        return simple[annotation]
    raise TypeError(
        f"{annotation!r} is no type for an option; options are int, float, bool, str, Literal, "
        "X | None, list[X], Annotated bounds, and kinds such as Act, Norm, Layer"
    )


def written(value: OptionValue) -> str:
    """A plain value as a spec writes it: none, true, 1e-05, [3, 5], gelu."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, float):
        return re.sub(r"e([-+])0+", r"e\1", repr(value))
    return str(value)


def without_point(value: OptionValue) -> OptionValue:
    """A whole float as an int, as specs have it; anything else as it is."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return int(value) if whole else value


def article(words: str) -> str:
    """The words with "a" or "an" before them."""
    return f"an {words}" if words[0] in "aeio" else f"a {words}"
