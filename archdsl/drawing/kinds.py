"""Mixers that are one to a reader, their words, colours and letters."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from archdsl.compiler.spec_text import as_plain
from archdsl.components.component import Component
from archdsl.components.options import OptionValue
from archdsl.language.write import inline

COLOURS = (
    "#77AADD", "#EE8866", "#44BB99", "#EEDD88", "#FFAABB", "#BBCC33", "#99DDFF", "#AAAA00",
)  # fmt: skip
"""Paul Tol's light scheme (SRON/EPS/TN/09-002): told apart by the colour-blind, and all of them
light enough for dark letters. What comes after the last has the first again, striped."""

NEUTRAL = "#DDDDDD"
"""Of layers that are no mixers; the same scheme's grey."""

OR = " | "
"""Between what may stand at a place that is left open."""

META = "meta_mixer"
META_PARTS = ("query", "key", "act", "value", "out")


@dataclass(frozen=True, slots=True)
class Mixer:
    """What stands at one place of a block.

    name: what a spec calls it; components: one, or several where their options are left open, and
        none where nothing stands there
    """

    name: str
    components: tuple[Component, ...]

    @property
    def family(self) -> tuple[str, ...]:
        """What has one colour: a type, and of a meta_mixer also what sort of parts it has."""
        if not self.is_meta or len(self.components) > 1:
            return (self.name,)
        return (self.name, *map(_type, self.parts.values()))

    @property
    def is_meta(self) -> bool:
        """Whether it has parts to be opened."""
        return any(one.type == META for one in self.components)

    @property
    def parts(self) -> dict[str, list[OptionValue]]:
        """Of a meta_mixer: query, key, act, value and out, each with all that it may be."""
        return {name: [one[name] for one in self.components] for name in META_PARTS}


@dataclass(frozen=True, slots=True)
class Badge:
    """How a mixer is told from others: by its colour, and by its letter where colour is nothing."""

    code: str
    colour: str
    striped: bool


def badges(mixers: Iterable[Mixer]) -> dict[Mixer, Badge]:
    """A badge for every mixer; families in the order in which they come.

    Mixers of one family have one colour and one letter, and numbers where their options differ.
    """
    families: dict[tuple[str, ...], list[Mixer]] = {}
    for mixer in dict.fromkeys(mixers):
        families.setdefault(mixer.family, []).append(mixer)
    found = {}
    for index, members in enumerate(families.values()):
        letter, colour = _letters(index), COLOURS[index % len(COLOURS)]
        striped = index // len(COLOURS) % 2 == 1
        for number, mixer in enumerate(members, start=1):
            code = f"{letter}{number}" if len(members) > 1 else letter
            found[mixer] = Badge(code, colour, striped)
    return found


def option_words(components: Sequence[Component], among: Sequence[Component] = ()) -> Iterator[str]:
    """The options of components of one type that are not as by default: `kernel 3 | 5`.

    among: others of their type; an option that is not as by default there is said as well
    """
    changed = [one.changed() for one in (*components, *among)]
    for name in dict.fromkeys(name for options in changed for name in options):
        values = [one[name] for one in components]
        # a switch is said by its name alone; a 1 is none, though it is equal to true
        is_switch = len(values) == 1 and values[0] is True
        yield name if is_switch else f"{name} {value_words(values)}"


def value_words(values: Iterable[OptionValue]) -> str:
    """What an option is, or may be: `3 | 5`, `pointwise | depthwise (kernel 7)`."""
    found: dict[tuple[str, bool], list[Component]] = {}  # by what is said, and whether it is a type
    for value in values:
        if isinstance(value, Component):
            found.setdefault((value.type, True), []).append(value)
        else:
            found.setdefault((inline(as_plain(value)), False), [])
    words = []
    for (text, _), components in found.items():
        options = ", ".join(option_words(components))
        words.append(f"{text} ({options})" if options else text)
    return OR.join(words)


def _type(values: Sequence[OptionValue]) -> str:
    (value,) = values
    return value.type if isinstance(value, Component) else ""


def _letters(index: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    alphabet = string.ascii_uppercase
    first, last = divmod(index, len(alphabet))
    return f"{_letters(first - 1)}{alphabet[last]}" if first else alphabet[last]
