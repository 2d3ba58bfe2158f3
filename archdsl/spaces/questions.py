"""Every question that a space can ask, whichever way the others are answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archdsl.compiler.blocks import depth
from archdsl.compiler.combinations import every_record
from archdsl.language import typed
from archdsl.language.decisions import Holes, Place
from archdsl.language.document import Document, Scope
from archdsl.language.holes import Choice, Hole, is_hole
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence
from archdsl.language.positions import AFTER_STAGES
from archdsl.language.resolve import Resolver


def questions(document: Document, holes: Holes) -> dict[str, Hole]:
    """Address -> hole for every decision, in the order of the forward pass; params first."""
    walk = _Walk(document, holes)
    found: dict[str, Hole] = {}
    for node, place in positions(document, holes):
        walk.visit(node, place, None, found)
    params = {address: hole for address, hole in found.items() if address.startswith("params.")}
    return params | found


def positions(document: Document, holes: Holes) -> Iterator[tuple[Node, Place]]:
    """Every place in a document where a value stands, blocks up to the greatest depth."""
    for position, node in document.top_values():
        if position.turn < AFTER_STAGES:
            yield node, Place()
    for index, stage in enumerate(document.stages):
        place = Place(stage=index)
        for _, node in document.stage_values(stage):
            yield node, place
        before = 1  # as bits, how many blocks the earlier runs can have
        for number, run in enumerate(stage.runs) if stage.runs is not None else [(None, None)]:
            scope = run or stage
            yield scope.plain["depth"], place
            own = depths(document, holes, scope)
            most = max(own)
            for k, block in enumerate(_bits(_shifted(before, range(most)))):
                # an address has a place in the stage or one in the run, and never both
                for _, node in document.block_values(stage, run):
                    yield node, Place(index, block, number, min(k, most - 1))
            before = _shifted(before, own)
    for position, node in document.top_values():
        if position.turn >= AFTER_STAGES:
            yield node, Place()


def _shifted(bits: int, by: Iterable[int]) -> int:
    """The sums of a number in `bits` and one in `by`."""
    found = 0
    for shift in by:
        found |= bits << shift
    return found


def _bits(bits: int) -> Iterator[int]:
    """The places of the bits that are set, from the lowest."""
    return (place for place, bit in enumerate(reversed(f"{bits:b}")) if bit == "1")


def depths(document: Document, holes: Holes, scope: Scope) -> set[int]:
    """The depths that a stage or a run can have."""
    found = every_record(lambda ask: depth(Resolver(document, holes, ask), scope))
    return {blocks for _, blocks in found}


class _Walk:
    def __init__(self, document: Document, holes: Holes) -> None:
        self.document = document
        self.holes = holes

    def visit(self, node: Node, place: Place, inside: str | None, found: dict[str, Hole]) -> None:
        if isinstance(node, Scalar):
            expression = typed.expression(node)
            for name in expression.names if expression else ():
                self.visit(self.document.params[name], Place(), None, found)
            return
        if is_hole(node):
            hole = self.holes.hole(node)
            home = self.holes.home(node)
            address = inside if inside is not None or home is None else home.address(hole, place)
            assert address is not None
            found.setdefault(address, hole)
            if isinstance(hole, Choice):
                for option in hole.options:
                    self.visit(option.node, place, f"{address}.{option.label}", found)
            return
        items = node.items.items() if isinstance(node, Mapping) else enumerate(node.items)
        assert isinstance(node, (Mapping, Sequence))
        for key, value in items:
            self.visit(value, place, None if inside is None else f"{inside}.{key}", found)
