"""What differs between the data and the code of two starts of a search, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from archdsl.data.fingerprint import Fingerprint

_NAMED = 3

Value = TypeVar("Value")


def data_changes(old: Fingerprint, new: Fingerprint) -> list[str]:
    """What is gone, new, of other content, or in another split: a phrase with names for each."""
    olds, news = ({item.name: item for item in items} for items in (old, new))
    both = [name for name in olds if name in news]
    other = [
        name for name in both
        # of a sample that moved a little, some have a digest on one side only
        if olds[name].size != news[name].size
        or (olds[name].digest and news[name].digest and olds[name].digest != news[name].digest)
    ]  # fmt: skip
    moved = [
        name for name in both
        if (olds[name].split, olds[name].label) != (news[name].split, news[name].label)
    ]  # fmt: skip
    found = [*_gone_and_new(olds, news), *_phrase(other, "has other content", "have other content")]
    # where an image goes follows from what others its class has
    return found or _phrase(moved, "is in another split or class", "are in another split or class")


def file_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What is gone, new, or of another digest."""
    other = [name for name in old if name in new and old[name] != new[name]]
    return [
        *_gone_and_new(old, new),
        *_phrase(other, "has other content", "have other content"),
    ]


def value_changes(old: Mapping[str, Value], new: Mapping[str, Value]) -> list[str]:
    """What was one value and is another, each in full."""
    names = [*old, *(name for name in new if name not in old)]
    return [
        f"{name} was {_value(old, name)}, and now it is {_value(new, name)}"
        for name in names
        if old.get(name) != new.get(name)
    ]


def _value(values: Mapping[str, Value], name: str) -> str:
    return str(values[name]) if name in values else "not there"


def _gone_and_new(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return [
        *_phrase([name for name in old if name not in new], "is gone", "are gone"),
        *_phrase([name for name in new if name not in old], "is new", "are new"),
    ]


def _phrase(names: Iterable[str], one: str, many: str) -> list[str]:
    """`rose/0.png is gone`, `12 are gone (rose/0.png, rose/1.png, rose/2.png, ...)`."""
    found = sorted(names)
    if not found:
        return []
    if len(found) == 1:
        return [f"{found[0]} {one}"]
    more = ", ..." if len(found) > _NAMED else ""
    return [f"{len(found):,} {many} ({', '.join(found[:_NAMED])}{more})"]
