"""The rules of `specs/names` carried out, for tests that need published names."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "specs" / "names"

Shape = tuple[int, ...]

_PLACE = re.compile(r"\{([^}]*)\}")
_TERM = re.compile(r"(?:(\d+)\*)?([ijk])(?:([+-])(\d+))?")


class Template:
    """A name with places: `network.{2*i}.{j}.{rest}`."""

    def __init__(self, text: str) -> None:
        parts = _PLACE.split(text)
        self.texts, self.places = parts[::2], parts[1::2]
        pattern = re.escape(self.texts[0])
        for place, after in zip(self.places, self.texts[1:], strict=True):
            group = {"leaf": r"([^.]+)", "rest": r"(.+)"}.get(place, r"(\d+)")
            pattern += group + re.escape(after)
        self.pattern = re.compile(pattern)

    def read(self, name: str) -> dict[str, str] | None:
        """What stands in the places of a name, or None if it is another name."""
        match = self.pattern.fullmatch(name)
        if match is None:
            return None
        found: dict[str, str] = {}
        for place, text in zip(self.places, match.groups(), strict=True):
            variable, value = place, text
            if place not in ("leaf", "rest"):
                factor, variable, shift = _term(place)
                number, remainder = divmod(int(text) - shift, factor)
                if remainder or number < 0:
                    return None
                value = str(number)
            if found.setdefault(variable, value) != value:
                return None
        return found

    def write(self, found: dict[str, str]) -> str:
        """The name with these things in its places."""
        text = self.texts[0]
        for place, after in zip(self.places, self.texts[1:], strict=True):
            if place in ("leaf", "rest"):
                text += found[place]
            else:
                factor, variable, shift = _term(place)
                text += str(factor * int(found[variable]) + shift)
            text += after
        return text


def _term(place: str) -> tuple[int, str, int]:
    match = _TERM.fullmatch(place)
    assert match is not None, place
    factor, variable, sign, shift = match.groups()
    return int(factor or 1), variable, int(f"{sign}{shift}" if sign else 0)


class Names:
    """One naming of a spec's tensors, in both directions."""

    def __init__(self, rules: Iterable[dict[str, str]]) -> None:
        self.rules = [
            (Template(rule["theirs"]), Template(rule["ours"]), *map(rule.get, ("axes", "our_axes")))
            for rule in rules
        ]

    def ours(self, name: str) -> str:
        """Our name of what is published as `name`."""
        for theirs, ours, *_ in self.rules:
            found = theirs.read(name)
            if found is not None:
                return ours.write(found)
        raise KeyError(name)

    def theirs(self, name: str) -> str:
        """The published name of our `name`."""
        return self.published(name, ())[0]

    def published(self, name: str, shape: Shape) -> tuple[str, Shape]:
        """The published name and shape of our tensor."""
        for theirs, ours, axes, our_axes in self.rules:
            found = ours.read(name)
            if found is not None:
                return theirs.write(found), _their_shape(shape, axes, our_axes)
        raise KeyError(name)


def _their_shape(shape: Shape, axes: str | None, our_axes: str | None) -> Shape:
    if our_axes == "*,1,1":
        assert shape[-2:] in ((1, 1), ())
        return shape[:-2]
    if axes == "*,1,1":
        return (*shape, 1, 1)
    assert axes is None and our_axes is None
    return shape


@cache
def tables() -> list[dict[str, Any]]:
    """Every table of every file, in order."""
    found: list[dict[str, Any]] = []
    for path in sorted(FOLDER.glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += content.get("tables", [content])
    return found


def names(spec: str, naming: str = "official") -> Names | None:
    """A naming of a shipped spec; None where it has none."""
    for table in tables():
        if naming in table and any(fnmatch.fnmatchcase(spec, glob) for glob in table["for"]):
            return Names(table[naming])
    return None
