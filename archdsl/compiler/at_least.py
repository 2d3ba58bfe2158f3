"""How many combinations of answers meet in a layer, at the least, without going through them.

What a value asks is added up over the options of a choice and multiplied over what stands side
by side. A question that several places share (a param, a hole without `per`) counts where it is
met first; where it may have been asked already, everything shared below it counts once. So the
number is never too large, and each node is looked at once, however often it is met.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from archdsl.language import typed
from archdsl.language.decisions import Holes
from archdsl.language.document import Document
from archdsl.language.holes import Choice, is_hole
from archdsl.language.nodes import Mapping, Node, Sequence


class Asked(NamedTuple):
    """How many answers there are to what is asked, at the least.

    alone: where nothing shared was asked before; repeated: where all of it was
    shared: the shared questions among them, a bit each
    """

    alone: int
    repeated: int
    shared: int

    def beside(self, other: Asked) -> Asked:
        """What is asked where both are, this one first."""
        apart = not self.shared & other.shared
        return Asked(
            self.alone * (other.alone if apart else other.repeated),
            self.repeated * other.repeated,
            self.shared | other.shared,
        )


NOTHING = Asked(1, 1, 0)


class AtLeast:
    """Counts the combinations of a document's values."""

    def __init__(self, document: Document, holes: Holes) -> None:
        self._document, self._holes = document, holes
        self._known: dict[int, tuple[Node, Asked]] = {}
        self._params: dict[str, Asked] = {}
        self._maps: list[Asked] = []
        self._bits: dict[int | str, int] = {}

    def of(self, stage: int | None, nodes: Iterable[Node]) -> int:
        """The combinations of some nodes and of the map of a stage, if one is given."""
        asked = NOTHING if stage is None else self._map(stage)
        for node in nodes:
            asked = asked.beside(self._node(node))
        return asked.alone

    def _map(self, index: int) -> Asked:
        """What the map of a stage asks: what leads there, and its width."""
        document = self._document
        while len(self._maps) <= index:  # what leads to each stage, without its width
            number = len(self._maps)
            before = self._maps[-1] if self._maps else NOTHING
            stage = document.stages[number]
            down = document.stage_value(stage, "downsample") if number else document.top["stem"]
            self._maps.append(before if down is None else before.beside(self._node(down)))
        return self._maps[index].beside(self._node(document.stages[index].plain["dim"]))

    def _node(self, node: Node) -> Asked:
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = node, self._counted(node)
        return known[1]

    def _counted(self, node: Node) -> Asked:
        if is_hole(node):
            return self._hole(node)
        if isinstance(node, (Mapping, Sequence)):
            values = node.items.values() if isinstance(node, Mapping) else node.items
            return _beside(map(self._node, values))
        found = typed.expression(node)
        return _beside(map(self._param, found.names)) if found else NOTHING

    def _hole(self, node: Node) -> Asked:
        hole = self._holes.hole(node)
        if isinstance(hole, Choice):
            options = [self._node(option.node) for option in hole.options]
        else:
            options = [Asked(hole.count, hole.count, 0)]
        shared = 0
        for option in options:
            shared |= option.shared
        alone = sum(option.alone for option in options)
        if hole.per is not None or self._holes.home(node) is None:
            return Asked(alone, sum(option.repeated for option in options), shared)
        return Asked(alone, 1, shared | self._bit(id(node)))

    def _param(self, name: str) -> Asked:
        if name not in self._params:
            asked = self._node(self._document.params[name])
            self._params[name] = Asked(asked.alone, 1, asked.shared | self._bit(name))
        return self._params[name]

    def _bit(self, name: int | str) -> int:
        return 1 << self._bits.setdefault(name, len(self._bits))


def _beside(several: Iterable[Asked]) -> Asked:
    asked = NOTHING
    for one in several:
        asked = asked.beside(one)
    return asked
