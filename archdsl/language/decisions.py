"""Every hole of a document: where it was written, and what its question is called.

An address is where the answer holds: `params.width`, `block.norm`, `stages.0.token_mixer`
(per stage), `stages.2.blocks.4.token_mixer` (per block). A hole keeps its identity through
inheritance and patching, because the node stays the same object.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.errors import SpecError
from archdsl.language import positions
from archdsl.language.document import Document, Scope
from archdsl.language.holes import Answer, Choice, Hole, is_hole, read_hole
from archdsl.language.nodes import Mapping, Node, Sequence


@dataclass(frozen=True, slots=True)
class Place:
    """Where blocks are being resolved. Indices are None outside their level."""

    stage: int | None = None
    block: int | None = None
    run: int | None = None
    run_block: int | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """Where a hole was written: the scope's address and level, and the path inside it."""

    scope: str
    level: str
    path: str

    def address(self, hole: Hole, place: Place) -> str:
        """The address of the question when it is asked at `place`."""
        if hole.per is None:
            return f"{self.scope}.{self.path}" if self.scope else self.path
        if hole.per == "block":
            if self.level == "run":
                return f"{self.scope}.blocks.{place.run_block}.{self.path}"
            return f"stages.{place.stage}.blocks.{place.block}.{self.path}"
        if self.level == "block":
            return f"stages.{place.stage}.{self.path}"
        return f"{self.scope}.{self.path}"


@dataclass(slots=True)
class Holes:
    """The holes of a document by their node. Nodes are kept alive by the document."""

    by_node: dict[int, Hole] = field(default_factory=dict)
    homes: dict[int, Home] = field(default_factory=dict)
    defaults: dict[int, Answer] = field(default_factory=dict)
    nested: dict[str, int] = field(default_factory=dict)
    """Where in an option it was written -> a hole's node."""

    def hole(self, node: Node) -> Hole:
        """The hole that a node is."""
        return self.by_node[id(node)]

    def home(self, node: Node) -> Home | None:
        """Where it was written; None for a hole inside an option of another."""
        return self.homes.get(id(node))

    def default(self, node: Node) -> Answer:
        """Its default answer: given, inherited, or the first."""
        answer = self.defaults.get(id(node))
        return self.hole(node).answers[0] if answer is None else answer


def collect(document: Document) -> Holes:
    """Find, read and place every hole. Raises SpecError."""
    holes = Holes()
    for key, node in document.top.items():
        if positions.at("top")[key].role != "settings":
            _walk(holes, node, Home("", "top", key), per_allowed=False)
    for name, node in document.params.items():
        _walk(holes, node, Home("params", "params", name), per_allowed=False)
    for scope in document.scopes():
        _collect_scope(holes, scope)
    return holes


def _collect_scope(holes: Holes, scope: Scope) -> None:
    of_a_block = positions.at(scope.level, "block")
    for key, node in scope.plain.items():
        _walk(holes, node, Home(scope.address, scope.level, key), key in of_a_block)
    for path, patch in scope.patches.items():
        home = Home(scope.address, scope.level, ".".join(path))
        _walk(holes, patch.value, home, path[0] in of_a_block)


def _walk(holes: Holes, node: Node, home: Home, per_allowed: bool, inside: bool = False) -> None:
    address = f"{home.scope}.{home.path}" if home.scope else home.path
    if isinstance(node, Mapping) and is_hole(node):
        try:
            hole = read_hole(node)
        except SpecError as error:
            raise error.at(address) from None
        if hole.per is not None and (inside or not per_allowed):
            where = "inside an option of another choice" if inside else "here"
            raise SpecError(
                f"per: {hole.per} cannot stand {where}",
                address=address,
                mark=node.items["per"].mark,
                cure="it asks again for block keys and their options; "
                "everywhere else a hole is one decision",
            )
        holes.by_node[id(node)] = hole
        if not inside:
            holes.homes[id(node)] = home
        elif holes.nested.setdefault(address, id(node)) != id(node):
            raise SpecError(
                "two decisions would have this address",
                address=address,
                mark=node.mark,
                cure="a label with dots reads like a path; give the option another label",
            )
        if isinstance(hole, Choice):
            for option in hole.options:
                below = Home(home.scope, home.level, f"{home.path}.{option.label}")
                _walk(holes, option.node, below, per_allowed, inside=True)
    elif isinstance(node, Mapping):
        for key, value in node.items.items():
            below = Home(home.scope, home.level, f"{home.path}.{key}")
            _walk(holes, value, below, per_allowed, inside)
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            below = Home(home.scope, home.level, f"{home.path}.{index}")
            _walk(holes, item, below, per_allowed, inside)
