"""The defaults of a component's signature, held to the types beside them.

A component used by its bare name has its defaults, and one written out may say the same: both
must be one. So a default is read once, as the value in a spec that it stands for, and what no
spec could say is refused.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from archdsl.components.options import (
    KindOf,
    ListOf,
    Maybe,
    Mismatch,
    OptionType,
    OptionValue,
    article,
    written,
)
from archdsl.errors import Misfit
from archdsl.spelling import did_you_mean
from archdsl.units import counted

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "required"})()
"""The default of an option that has none."""


CHANGE = "change the default or the type"


class DefaultRefused(ValueError):
    """A default that no spec could say; the text says why, `cure` what to write instead."""

    def __init__(self, problem: str, cure: str) -> None:
        super().__init__(problem)
        self.cure = cure


class Unregistered(DefaultRefused):
    """A default of a class that nothing is registered under, and that may be later."""


@dataclass(frozen=True, slots=True)
class ComponentDefault:
    """A default that is a component: its registered name, and the options that it changes."""

    kind: str
    type: str
    options: tuple[tuple[str, OptionValue], ...] = ()


class DescribedOption(Protocol):
    """What is asked of an option of a class that a default names."""

    @property
    def type(self) -> OptionType:
        """What the option takes."""

    @property
    def default(self) -> OptionValue:
        """Its own default, converted, or REQUIRED."""


class Described(Protocol):
    """What is asked of a registered class that a default names."""

    @property
    def name(self) -> str:
        """The name that it is registered under."""

    @property
    def context(self) -> tuple[str, ...]:
        """What the compiler gives it."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Its options by name."""

    @property
    def described(self) -> Callable[..., Misfit | None] | None:
        """The check of options that need no context."""

    def usage(self) -> str:
        """What it takes, in words."""


Find: TypeAlias = Callable[[str, type], Described]
"""The registered component of a kind that a class is. Raises DefaultRefused without its subject."""


def converted(name: str, default: Any, type_: OptionType, find: Find) -> OptionValue:
    """The default of the option `name` as a value: classes become Parts, lists tuples.

    Raises DefaultRefused for one that is not of its type, and for one that no spec could say;
    Unregistered for a class that nothing is registered under.
    """
    return _Reader(find).value(default, type_, f"the default of '{name}' is")


class _Reader:
    """Reads one default. `subject` begins its errors: "the default of 'act' is"."""

    def __init__(self, find: Find) -> None:
        self.find = find

    def value(self, value: Any, type_: OptionType, subject: str) -> OptionValue:
        if isinstance(type_, Maybe):
            return None if value is None else self.value(value, type_.inner, subject)
        if isinstance(type_, ListOf):
            if not isinstance(value, (list, tuple)):
                raise _mismatch(value, article(type_.takes()), subject)
            if type_.length not in (None, len(value)):
                raise _mismatch(list(value), article(type_.takes()), subject)
            return tuple(self.value(item, type_.inner, f"{subject} a list with") for item in value)
        if isinstance(type_, KindOf):
            return self._part(value, type_, subject)
        try:
            found = type_.convert(value)
        except Mismatch as wanted:
            raise _mismatch(value, str(wanted), subject) from None
        # Python sees the default itself: `2k` would be a text there, a numpy number is written
        # in another way, and an infinity in none.
        alike = type(found) is type(value) or (type(value) is int and type(found) is float)
        if not alike or found != value or not _finite(value):
            raise _mismatch(value, article(type_.takes()), subject)
        if isinstance(value, str) and value.startswith("$"):
            raise DefaultRefused(
                f"{subject} '{value}', which a spec reads as an expression", CHANGE
            )
        if type(value) not in (bool, int, float, str, type(None)):
            raise DefaultRefused(
                f"{subject} {value!r}, which is no plain value", "write the plain value"
            )
        return found

    def _part(self, value: Any, type_: KindOf, subject: str) -> ComponentDefault:
        kind = type_.kind
        cls = value.func if isinstance(value, functools.partial) else value
        if not isinstance(cls, type):
            raise self._no_class(cls, type_, subject)
        try:
            known = self.find(kind, cls)
        except DefaultRefused as error:
            raise type(error)(f"{subject} {cls.__name__}, which {error}", error.cure) from None
        begin = _begin(subject)
        given = self._given(known, _arguments(value, cls, begin), begin)
        for name, option in known.options.items():
            if option.default is REQUIRED and name not in given:
                raise DefaultRefused(
                    f"{begin} gives {known.name} without its option '{name}'", known.usage()
                )
        if known.described is not None:
            own = {name: option.default for name, option in known.options.items()}
            misfit = known.described(**{**own, **given})
            if misfit is not None:
                raise DefaultRefused(
                    f"{begin} gives {known.name}, which {misfit.problem}", misfit.cure
                )
        return ComponentDefault(kind, known.name, tuple(given.items()))

    def _given(
        self, known: Described, arguments: Iterable[tuple[str, Any]], begin: str
    ) -> dict[str, OptionValue]:
        """The options that differ from the class's own defaults."""
        given: dict[str, OptionValue] = {}
        for name, argument in arguments:
            if name in known.context:
                raise DefaultRefused(
                    f"{begin} sets '{name}', which the compiler gives",
                    f"leave {name} out of the partial",
                )
            if name not in known.options:
                problem = f"{begin} sets '{name}', which {known.name} does not have"
                raise DefaultRefused(problem, _misnamed(name, known))
            option = known.options[name]
            found = self.value(argument, option.type, f"{begin} sets '{name}' to")
            if not same(found, option.default):
                given[name] = found
        return given

    def _no_class(self, value: Any, type_: KindOf, subject: str) -> DefaultRefused:
        if value is None or isinstance(value, (bool, int, float, list, tuple)):
            return _mismatch(value, article(type_.takes()), subject)
        if isinstance(value, str):
            return DefaultRefused(
                f"{subject} the text '{value}', and Python calls it as a class",
                f"give the class that is {value} in a spec  (archdsl list {type_.kind})",
            )
        if inspect.isroutine(value):
            return DefaultRefused(
                f"{subject} a function, which no spec can say",
                "give a registered class, or functools.partial of one",
            )
        return DefaultRefused(
            f"{subject} an instance of {type(value).__name__}, which all layers would share",
            "give the class, or functools.partial of it",
        )


def _begin(subject: str) -> str:
    """The subject of what a component among the defaults sets, before its verb."""
    if subject.endswith(" to"):
        return subject.removesuffix(" to") + ", which"
    if subject.endswith(" a list with"):
        return subject.removesuffix(" with") + ", an element of which"
    return subject.removesuffix(" is")


def same(one: OptionValue, other: OptionValue) -> bool:
    """Whether two values of one option are equal: 1 is 1.0, and not true."""
    return bool(one == other and isinstance(one, bool) == isinstance(other, bool))


def _misnamed(name: str, known: Described) -> str:
    if name == "inplace":
        return "leave it out: it changes no result"
    return did_you_mean(name, known.options, after="  ") + known.usage()


def _arguments(value: Any, cls: type, begin: str) -> Iterator[tuple[str, Any]]:
    """What a `functools.partial` of a class sets, by name; nothing for the class itself."""
    if not isinstance(value, functools.partial):
        return
    names = [
        parameter.name
        for parameter in inspect.signature(cls).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    if len(value.args) > len(names):
        raise DefaultRefused(
            f"{begin} has "
            f"{counted(len(value.args), 'argument')} without a name, and {cls.__name__} takes "
            f"{len(names) or 'none'}",
            "name them, as in  partial(nn.LeakyReLU, negative_slope=0.1)",
        )
    positional = dict(zip(names, value.args, strict=False))
    if twice := next((name for name in positional if name in value.keywords), None):
        raise DefaultRefused(f"{begin} sets '{twice}' twice", "say it once")
    yield from {**positional, **value.keywords}.items()


def _mismatch(value: Any, wanted: str, subject: str) -> DefaultRefused:
    if value is None:
        cure = "write the type with  | None, or another default"
    elif not _finite(value):
        cure = "a spec holds finite numbers; write one, or the type with  | None"
    else:
        cure = CHANGE
    return DefaultRefused(f"{subject} {_shown(value)}, which is not {wanted}", cure)


def _finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}'"
    if value is None:
        return "None"
    if isinstance(value, (bool, int, float, list, tuple)):
        return written(value)
    return value.__name__ if isinstance(value, type) else repr(value)
