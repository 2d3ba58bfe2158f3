"""What every member of a space costs, in the order in which members are enumerated.

Members that agree in all that is still asked cost the same from there on: that is found once,
as an array of all that may follow, and put behind each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np

from archdsl.amounts import Amounts, arrays, combine, nothing
from archdsl.amounts.arrays import Ints
from archdsl.compiler.geometry import MapState
from archdsl.language.holes import Answer
from archdsl.spaces.decision_tree import DecisionTree
from archdsl.spaces.parts import Layers
from archdsl.spaces.price_list import PriceList

T = TypeVar("T")
Known: TypeAlias = "Mapping[str, Answer]"


@dataclass(frozen=True, slots=True)
class _Step:
    """A part of a stage. role: what its amounts belong to: "first" of a frame begins a block."""

    tree: DecisionTree[Layers]
    role: str

    def taken(self, own: Amounts, frame: Amounts, made: Layers) -> tuple[Amounts, Amounts]:
        """What the stage and the frame of its block come to with this part."""
        match self.role:
            case "first":
                return own, made.amounts
            case "frame":
                return own, combine(frame, made.amounts)
            case "mixer":
                branch = combine(made.amounts, frame) if made.layers else nothing()
                return combine(own, branch), frame
            case _:
                return combine(own, made.amounts), frame


class EveryCost:
    """All members of a price list, which are few enough to be held."""

    def __init__(self, prices: PriceList) -> None:
        self.prices = prices
        self._depths = [one for depths in prices.depths for one in depths]
        self._below = self._shared()
        self._steps: dict[Any, list[_Step]] = {}
        self._ends: dict[Any, Ints] = {}

    def rows(self) -> Ints:
        """(n, kinds): a row for each member."""
        return self._each(self.prices.stem, {}, lambda arrival, known: _plus(
            arrival.amounts, self._deep((), arrival.leads_to, known)
        ))  # fmt: skip

    def _each(self, tree: DecisionTree[T], known: Known, then: Callable[[T, Known], Ints]) -> Ints:
        """What follows each record of answers to what a tree still asks, one after another."""
        here = tree.open(known)
        if here.address is None:
            return then(here.value, known)
        return np.concatenate([
            self._each(after, {**known, here.address: answer}, then)
            for (_, answer), after in here.answers.items()
        ])  # fmt: skip

    def _deep(self, depths: tuple[int, ...], state: MapState, known: Known) -> Ints:
        """Depths are asked before anything in the stages, and then the rate."""
        if len(depths) < len(self._depths):
            return self._each(
                self._depths[len(depths)], known,
                lambda depth, known: self._deep((*depths, depth), state, known),
            )  # fmt: skip
        return self._each(
            self.prices.rate, known, lambda _, known: self._stage(0, depths, state, known)
        )

    def _stage(self, index: int, depths: tuple[int, ...], state: MapState, known: Known) -> Ints:
        """From the first block of a stage on. depths: of the runs of this stage and later ones."""
        runs = len(self.prices.depths[index])
        steps = self._laid_out(index, depths[:runs], state)
        return self._from(_Place(index, steps, 0, depths, state), nothing(), known)

    def _from(self, place: _Place, frame: Amounts, known: Known) -> Ints:
        own = nothing()
        for position in range(place.position, len(place.steps)):
            step = place.steps[position]
            here = step.tree.open(known)
            if here.address is not None:
                return _plus(own, self._branch(place.at(position), here, frame, known))
            own, frame = step.taken(own, frame, here.value)
        return _plus(own, self._leave(place, known))

    def _branch(
        self, place: _Place, here: DecisionTree[Layers], frame: Amounts, known: Known
    ) -> Ints:
        assert here.address is not None, "something is asked here"
        key = (*place.key(), frame, id(here), self._kept(place.index, known))
        if key not in self._ends:
            self._ends[key] = np.concatenate([
                self._from(place, frame, {**known, here.address: answer})
                for _, answer in here.answers
            ])  # fmt: skip
        return self._ends[key]

    def _leave(self, place: _Place, known: Known) -> Ints:
        index, prices = place.index, self.prices
        leave = prices.stages[index][place.state].leave
        rest = place.depths[len(prices.depths[index]) :]
        key = ("leave", index, place.state, rest, self._kept(index + 1, known))
        if key not in self._ends:
            self._ends[key] = self._each(leave, known, lambda arrival, known: _plus(
                arrival.amounts,
                self._stage(index + 1, rest, arrival.leads_to, known)
                if index + 1 < len(prices.stages)
                else arrays.zeros(1),
            ))  # fmt: skip
        return self._ends[key]

    def _laid_out(self, index: int, depths: tuple[int, ...], state: MapState) -> list[_Step]:
        """The parts of a stage in the order in which a network asks them."""
        key = index, depths, state
        if key in self._steps:
            return self._steps[key]
        stage, offset, steps = self.prices.stages[index][state], 0, list[_Step]()
        for blocks, depth in zip(stage.runs, depths, strict=True):
            for block in blocks.placed(offset, depth):
                steps += [
                    _Step(one, "frame" if n else "first") for n, one in enumerate(block.frame)
                ]
                steps += [_Step(one, "mixer") for one in block.mixers]
            offset += depth
        steps += [_Step(one, "side") for one in stage.sides]
        self._steps[key] = steps
        return steps

    def _kept(self, index: int, known: Known) -> tuple[Any, ...]:
        """The answers that anything from a stage on may ask for again."""
        return tuple((type(known[a]), known[a]) if a in known else None for a in self._below[index])

    def _shared(self) -> list[tuple[str, ...]]:
        """By stage, what its parts or later ones ask and others may have asked before."""
        found: list[tuple[str, ...]] = [()]
        below = set[str]()
        for by_state in reversed(self.prices.stages):
            for stage in by_state.values():
                below.update(a for one in (*stage.sides, stage.leave) for a in one.addresses())
                below.update(a for blocks in stage.runs for a in blocks.shared())
            found.append(tuple(sorted(below)))
        return found[::-1]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a stage a walk stands."""

    index: int
    steps: list[_Step]
    position: int
    depths: tuple[int, ...]
    state: MapState

    def at(self, position: int) -> _Place:
        return _Place(self.index, self.steps, position, self.depths, self.state)

    def key(self) -> tuple[Any, ...]:
        return self.index, self.position, self.depths, self.state


def _plus(own: Amounts, rest: Ints) -> Ints:
    return arrays.combined(np.array(own, np.int64), rest)
