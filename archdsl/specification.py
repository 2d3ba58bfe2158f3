"""A spec in hand: its document, the answers that fix it, and the network that it stands for."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl import given
from archdsl.compiler.combinations import check_combinations
from archdsl.compiler.lower import lower
from archdsl.compiler.network import Layer, Network, SpecText
from archdsl.compiler.outline import ends, outline
from archdsl.errors import SpecError
from archdsl.language import flatten, winner
from archdsl.language.check import check
from archdsl.language.decisions import Holes
from archdsl.language.document import Document
from archdsl.language.holes import Answer, Hole
from archdsl.language.nodes import Mapping, Mark, Node, Scalar, plain
from archdsl.language.python_values import plain_values
from archdsl.language.resolve import Ask
from archdsl.language.search_notes import notes
from archdsl.language.search_section import search_settings
from archdsl.language.settings import SearchSettings
from archdsl.language.write import write
from archdsl.printable import printable_line, shown
from archdsl.units import counted

if TYPE_CHECKING:
    from archdsl.drawing.drawing import Drawing


class Spec:
    """An architecture, or a space of them, as a checked spec.

    decisions: the address -> answer mapping that made it; empty for a spec read from a file
    own: the distinct layers that have a component of the user's own; none for a member
    """

    def __init__(
        self,
        document: Document,
        holes: Holes,
        decisions: MappingOf[str, Answer] | None = None,
        network: Network | None = None,
        own: tuple[Layer, ...] = (),
    ) -> None:
        self.document = document
        self.own = own
        self.holes = holes
        self.decisions: dict[str, Answer] = dict(decisions or {})
        self._member = decisions is not None
        self._network = network
        self._made_of = self._answered()

    @property
    def name(self) -> str:
        """The spec's name."""
        node = self.document.top["name"]
        assert isinstance(node, Scalar)
        return str(node.value)

    @property
    def folder(self) -> Path:
        """What relative paths in the spec are relative to."""
        return self.document.folder

    @property
    def is_space(self) -> bool:
        """Whether holes are left: whether it stands for more than one architecture."""
        return bool(self.holes.by_node) and not self._member

    @property
    def discarded(self) -> tuple[str, ...]:
        """What inheriting threw away, one line each."""
        return tuple(self.document.discarded)

    @property
    def notes(self) -> tuple[str, ...]:
        """What else inheriting led to and is to be known, one line each."""
        return tuple(notes(self.document))

    @property
    def tree(self) -> dict[str, Any]:
        """The spec as plain values: `extends` followed, and a member's holes filled."""
        tree = plain(self._flat())
        assert isinstance(tree, dict)
        return tree

    def dump(self, found: MappingOf[str, Any] | None = None) -> str:
        """The spec as canonical YAML that reads back as itself.

        found: what is to stand under `found:`, such as a winner's metrics
        """
        node = self._flat()
        if found is not None:
            if not isinstance(found, MappingOf):
                raise SpecError(f"found maps names to values, and is {shown(found)}")
            return write({**node.items, **plain_values({"found": found})})
        return write(node)

    def as_text(self) -> SpecText:
        """The network's own spec: a space's default member, `extends` followed, no `search`."""
        _, answers = self.resolve(self._recorded if self._member else None)
        node = winner.filled(self.document, self.holes, answers)
        found = self.document.top.get("found")
        items = node.items if found is None else {**node.items, "found": found}
        return SpecText(write(items), tuple(self.document.import_folders.items()))

    def network(self) -> Network:
        """The network; a space stands for its default member. Raises SpecError."""
        if self._network is None or self._made_of != self._answered():
            self._network = self.resolve(self._recorded if self._member else None)[0]
            self._made_of = self._answered()
        return self._network

    def resolve(self, ask: Ask | None) -> tuple[Network, dict[str, Answer]]:
        """The network that `ask` leads to, and the record of its answers."""
        given.function("what is asked", ask, SpecError)
        return lower(self.document, self.holes, ask)

    def settings(self) -> SearchSettings:
        """The `search:` section with its defaults filled in."""
        return search_settings(self.document)

    def mark(self, address: str) -> Mark | None:
        """Where the key of a `search.` address is written, for errors; None if it is not."""
        if not isinstance(address, str):
            raise SpecError(f"an address is a text, and not {shown(address)}")
        node: Node | None = Mapping(dict(self.document.top))
        mark = None
        for key in address.split("."):
            if not isinstance(node, Mapping) or key not in node:
                return None
            mark = node.marks.get(key, node.items[key].mark)
            node = node.items[key]
        return mark

    def _answered(self) -> tuple[tuple[str, type, Answer], ...]:
        """The answers as they are now, which may be changed after the network was made."""
        return tuple((address, type(answer), answer) for address, answer in self.decisions.items())

    def _recorded(self, address: str, hole: Hole) -> Answer:
        return self.decisions[address]

    def _flat(self) -> Mapping:
        if self._member:
            return winner.filled(self.document, self.holes, self.decisions)
        return flatten.flat(self.document, self.holes)

    def draw(self) -> Drawing:
        """A picture: stages as blocks, a colour for each mixer, and what everything costs.

        A space is drawn with what it leaves open; its costs are those of its default member.
        Raises SpecError for decisions that were changed to what is no answer.
        """
        from archdsl.drawing.drawing import Drawing
        from archdsl.drawing.layout import layout
        from archdsl.drawing.planned import planned

        left_open = (self.document, self.holes) if self.is_space else None
        return Drawing(layout([planned(self.network(), left_open)]), self._words())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and self.tree == other.tree

    def __hash__(self) -> int:
        return hash(self.dump())

    def __repr__(self) -> str:
        return f"<Spec {self._words()}>"

    def _repr_html_(self) -> str:
        from archdsl.views.card import CardTable, card
        from archdsl.views.rows import Column, TableRow

        columns = (Column("address"), Column("layer"), Column("out", right=True))
        try:
            rows = [TableRow((row.name, row.layer, row.out)) for row in outline(self.network())]
        except SpecError as error:
            return card(f"Spec {self.name}", notes=[str(error)])
        notes = ["a space, shown at its default member"] if self.is_space else []
        return card("Spec", self._words(), [CardTable(columns, rows)], notes)

    def _words(self) -> str:
        """The spec on one line; a repr raises nothing."""
        try:
            words = f"{printable_line(self.name)}: {ends(self.network())}"
        except SpecError:  # decisions that somebody changed to what is no answer
            return printable_line(self.name)
        holes = counted(len(self.holes.by_node), "hole")
        return f"{words}, a space with {holes}" if self.is_space else words


def checked(document: Document) -> Spec:
    """A spec that has passed every check. Raises SpecError."""
    try:
        holes = check(document)
        own = check_combinations(document, holes)
    except RecursionError:
        raise SpecError(
            f"{document.file}: its values lean on each other too deeply",
            cure="write params with fewer steps from one to the next",
        ) from None
    return Spec(document, holes, own=own)
