"""Which facts of two networks differ."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from archdsl.changes.facts import Fact, Key, block_facts, block_words, facts, place_of_blocks
from archdsl.compiler.network import Block, Network
from archdsl.compiler.spec_text import as_plain
from archdsl.components.component import Component
from archdsl.components.defaults import same
from archdsl.components.options import OptionValue
from archdsl.language.write import inline

ChangeSort: TypeAlias = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """What is another at an address, or at the same place of several blocks in a row.

    times: of how many blocks; before, after: in the words of a spec, None where nothing stands
    options: where both are components of one type, those that differ: name -> old, new
    """

    address: str
    before: str | None
    after: str | None
    times: int = 1
    options: tuple[tuple[str, str, str], ...] = ()

    @property
    def sort(self) -> ChangeSort:
        """Whether something came, went, or became another."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def words(self) -> str:
        """What came, what went, or what became what."""
        if self.options:
            return ", ".join(f"{name} {old} → {new}" for name, old, new in self.options)
        if self.before is None or self.after is None:
            return self.before or self.after or ""
        return f"{self.before} → {self.after}"

    def record(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "address": self.address,
            "change": self.sort,
            "blocks": self.times,
            "before": self.before,
            "after": self.after,
            "options": {name: [old, new] for name, old, new in self.options},
        }


def structure(a: Network, b: Network) -> tuple[Change, ...]:
    """Every difference, in the order of the forward pass; none for equal networks.

    Names are not compared: they are no structure. Blocks are compared with those of the same
    number in the same stage.
    """
    found = list(_differing(facts(a), facts(b)))
    for stage in range(max(len(a.stages), len(b.stages))):
        here, there = (
            network.stages[stage].blocks if stage < len(network.stages) else ()
            for network in (a, b)
        )
        found += [
            ((*place_of_blocks(stage), *key), replace(one, address=f"stages.{stage}.{one.address}"))
            for key, one in _folded(_blocks(here, there))
        ]
    return tuple(one for _, one in sorted(found, key=lambda item: item[0]))


def change(address: str, before: OptionValue, after: OptionValue) -> Change:
    """One thing that became another."""
    options: tuple[tuple[str, str, str], ...] = ()
    if (
        isinstance(before, Component)
        and isinstance(after, Component)
        and (before.kind, before.type) == (after.kind, after.type)
    ):
        options = tuple(
            (name, value_text(before[name]), value_text(after[name]))
            for name, _ in before.options
            if not same(before[name], after[name])
        )
    return Change(address, value_text(before), value_text(after), options=options)


def value_text(value: OptionValue) -> str:
    """A value as a spec would write it."""
    plain = as_plain(value)
    return plain if isinstance(plain, str) else inline(plain)


def _differing(a: Mapping[Key, Fact], b: Mapping[Key, Fact]) -> Iterator[tuple[Key, Change]]:
    for key in sorted({*a, *b}):
        here, there = a.get(key), b.get(key)
        if here is None or there is None:
            before, after = (
                None if one is None else value_text(one.value) for one in (here, there)
            )
            address = next(one.address for one in (here, there) if one is not None)
            yield key, Change(address, before, after)
        elif here.value != there.value:
            yield key, change(here.address, here.value, there.value)


def _blocks(a: tuple[Block, ...], b: tuple[Block, ...]) -> Iterator[list[tuple[Key, Change]]]:
    """Block by block what is another, with addresses that begin in the block."""
    for here, there in itertools.zip_longest(a, b):
        if here is None or there is None:
            before, after = (None if one is None else block_words(one) for one in (here, there))
            yield [((), Change("", before, after))]
        else:
            yield list(_differing(block_facts(here), block_facts(there)))


def _folded(blocks: Iterator[list[tuple[Key, Change]]]) -> Iterator[tuple[Key, Change]]:
    """The changes of a stage's blocks; one that comes in several in a row is one."""
    going: dict[Key, tuple[int, Change]] = {}  # since which block
    for number, changes in enumerate(itertools.chain(blocks, [[]])):
        now = dict(changes)
        for key, (first, one) in list(going.items()):
            if now.get(key) != one:
                del going[key]
                yield (first, *key), _of_blocks(one, first, number)
        for key, one in now.items():
            going.setdefault(key, (number, one))


def _of_blocks(one: Change, first: int, end: int) -> Change:
    """A change of the blocks from `first` to the one before `end`."""
    many = end - first
    place = f"blocks.{first}" if many == 1 else f"blocks.{first}–{end - 1}"
    return replace(one, address=f"{place}.{one.address}".rstrip("."), times=many)
