"""What a member costs, looked up by its answers.

Nothing is lowered. The answers say which row of each part the member has; what the rows cost
together is what counting its network comes to. A row is measured when somebody first has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from archdsl.amounts import Amounts, kinds, times, total
from archdsl.compiler.geometry import MapState
from archdsl.language.holes import Answer
from archdsl.spaces.decision_tree import DecisionTree, tree
from archdsl.spaces.parts import BlockParts, Layers, Parts

Decisions: TypeAlias = Mapping[str, Answer]


class Unlisted(LookupError):
    """Answers that lead to no member of the space."""


class BlockPrices:
    """The blocks of a run on one map.

    frame: norm and scales, in the order in which they are asked
    mixers: token and channel mixer; without layers there is no branch
    """

    def __init__(self, parts: BlockParts[Layers, Layers], stage: str, run: str | None) -> None:
        self.frame = tuple(map(tree, parts.frame))
        self.mixers = tuple(map(tree, parts.mixers))
        self._stage, self._run = stage, run
        self._frames_differ = any(map(self._differs, self.frame))
        self._differ = list(map(self._differs, self.mixers))
        self._placed: dict[int, list[PlacedBlock]] = {}
        self._equal: dict[tuple[Amounts, int], Amounts] = {}
        self._frames: dict[tuple[Amounts, ...], Amounts] = {}

    def placed(self, offset: int, depth: int) -> list[PlacedBlock]:
        """The first `depth` blocks of the run, which begins `offset` blocks into its stage."""
        known = self._placed.setdefault(offset, [])
        while len(known) < depth:
            k = len(known)
            moves = [(f"{self._stage}.blocks.0.", f"{self._stage}.blocks.{offset + k}.")]
            if self._run is not None:
                moves.append((f"{self._run}.blocks.0.", f"{self._run}.blocks.{k}."))
            known.append(
                PlacedBlock(
                    tuple(one.moved(moves) for one in self.frame),
                    tuple(one.moved(moves) for one in self.mixers),
                )
            )
        return known[:depth]

    def add(self, decisions: Decisions, depth: int, offset: int, parts: list[Amounts]) -> None:
        """Add to `parts` what `depth` blocks cost."""
        if self._frames_differ:
            for block in self.placed(offset, depth):
                found = [one.row(decisions) for one in block.mixers]
                own = [made.amounts for made in found if made.layers]
                parts += own
                parts.append(self._times(self._together(block.frame, decisions), len(own)))
            return
        branches = 0
        for number, mixer in enumerate(self.mixers):
            if self._differ[number]:
                blocks = self.placed(offset, depth)
                found = [block.mixers[number].row(decisions) for block in blocks]
                own = [made.amounts for made in found if made.layers]
                parts += own
                branches += len(own)
            elif depth and (made := mixer.row(decisions)).layers:
                parts.append(self._times(made.amounts, depth))
                branches += depth
        if branches:
            parts.append(self._times(self._together(self.frame, decisions), branches))

    def _times(self, amounts: Amounts, count: int) -> Amounts:
        """`times`, remembered: a member has the same few again and again."""
        key = amounts, count
        if key not in self._equal:
            self._equal[key] = times(amounts, count)
        return self._equal[key]

    def _together(self, frame: Iterable[DecisionTree[Layers]], decisions: Decisions) -> Amounts:
        key = tuple([one.row(decisions).amounts for one in frame])
        if key not in self._frames:
            self._frames[key] = total(key)
        return self._frames[key]

    def shared(self) -> Iterator[str]:
        """What is asked, but not of each block anew."""
        for one in (*self.frame, *self.mixers):
            yield from (address for address in one.addresses() if not self._own(address))

    def _differs(self, one: DecisionTree[Any]) -> bool:
        return any(map(self._own, one.addresses()))

    def _own(self, address: str) -> bool:
        """Whether a question is asked of each block anew."""
        return any(
            address.startswith(f"{where}.blocks.0.") for where in (self._stage, self._run) if where
        )


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block in its place, asking by its own addresses."""

    frame: tuple[DecisionTree[Layers], ...]
    mixers: tuple[DecisionTree[Layers], ...]


@dataclass(frozen=True, slots=True)
class StagePrices:
    """A stage on one map.

    runs: the blocks of each run, or of the stage itself; sides: positions and norm of the stage
    leave: into the next stage, or the head of the last one
    """

    runs: tuple[BlockPrices, ...]
    sides: tuple[DecisionTree[Layers], ...]
    leave: DecisionTree[Layers]


class PriceList:
    """Every part of a space as the questions that it asks.

    depths: of every run of every stage; stages: by the map of each
    under: what its figures follow from beside the parts
    """

    def __init__(self, parts: Parts) -> None:
        self.under = under()
        self.stem, self.rate = tree(parts.stem), tree(parts.rate)
        self.depths: list[list[DecisionTree[int]]] = []
        self.stages: list[dict[MapState, StagePrices]] = []
        last = len(parts.document.stages) - 1
        for index, stage in enumerate(parts.document.stages):
            names = [None] if stage.runs is None else [run.address for run in stage.runs]
            self.depths.append([tree(parts.depths[index, n]) for n in range(len(names))])
            self.stages.append({
                state: StagePrices(
                    tuple(
                        BlockPrices(parts.blocks[index, n, state], stage.address, name)
                        for n, name in enumerate(names)
                    ),
                    tuple(map(tree, parts.sides[index, state])),
                    tree(
                        parts.entries[index + 1, state] if index < last else parts.heads[state]
                    ),
                )
                for state in parts.states[index]
            })  # fmt: skip

    def of(self, decisions: Decisions) -> Amounts:
        """What the member with these answers costs.

        Raises Unlisted where there is none, and CountError for a layer that is asked for the
        first time and whose cost is not known exactly.
        """
        parts: list[Amounts] = []
        try:
            self.rate.row(decisions)
            arrival = self.stem.row(decisions)
            for depths, by_state in zip(self.depths, self.stages, strict=True):
                parts.append(arrival.amounts)
                stage, offset = by_state[arrival.leads_to], 0
                for depth, blocks in zip(depths, stage.runs, strict=True):
                    count = depth.row(decisions)
                    blocks.add(decisions, count, offset, parts)
                    offset += count
                if not offset:
                    raise Unlisted
                parts.extend(one.row(decisions).amounts for one in stage.sides)
                arrival = stage.leave.row(decisions)
        except (KeyError, TypeError):  # TypeError: an answer that can be no key
            raise Unlisted from None
        return total((*parts, arrival.amounts))


def under() -> tuple[object, ...]:
    """What every measured cost follows from beside the layer itself."""
    from archdsl.cost.operators import registered_rules

    return kinds(), registered_rules()
