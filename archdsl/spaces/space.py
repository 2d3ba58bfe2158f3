"""A search space: the members of a spec with holes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archdsl import given
from archdsl.amounts import bounded, kinds, named
from archdsl.compiler.combinations import every_record
from archdsl.errors import CountError, SearchError, SpecError
from archdsl.language.holes import Answer, Hole, equal, normalise
from archdsl.language.resolve import Ask
from archdsl.language.write import inline
from archdsl.printable import shown
from archdsl.progress import Progress, unwatched
from archdsl.spaces.arguments import (
    Measure,
    Weights,
    answers_of,
    budget_of,
    check_measure,
    member_or_spec,
    weights_of,
    whole,
)
from archdsl.spaces.circuit import TooManyCases
from archdsl.spaces.count import Count
from archdsl.spaces.parts import Parts
from archdsl.spaces.price_list import PriceList, Unlisted, under
from archdsl.spaces.questions import questions
from archdsl.spaces.size import size
from archdsl.spaces.table import Table
from archdsl.specification import Spec
from archdsl.spelling import did_you_mean
from archdsl.units import counted as counted_words
from archdsl.units import integer, plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from archdsl.cost import Cost
    from archdsl.spaces.counting import Counting
    from archdsl.spaces.drawing import Drawn, Draws
    from archdsl.spaces.rejecting import Rejecting


MOST_SAMPLED = 1_000_000
"""Members that are drawn into one list; `draws` gives any number one after another."""

LISTED = 1_000_000
"""Members whose costs are listed: four columns of them are 32 MB."""


def _of_any_block(address: str) -> str:
    """An address without the number of its block: what is true of every block is asked of the
    first, and a stage in runs may ask it of later ones alone.
    """
    return re.sub(r"\.blocks\.\d+\.", ".blocks.", address, count=1)


class Space:
    """The architectures that a spec stands for. A spec without holes is a space of one."""

    def __init__(self, spec: Spec) -> None:
        self.spec = member_or_spec("a space is made of", spec)
        self._table: Table | None = None
        self._list: PriceList | None = None

    def __repr__(self) -> str:
        decisions = plural(len(self.decisions), "decision")
        return f"<Space {self.spec.name}: {self._words()}, {len(self.decisions):,} {decisions}>"

    def _repr_html_(self) -> str:
        from archdsl.views.card import CardTable, card
        from archdsl.views.rows import Column, TableRow

        asked = self.default().decisions
        rows = [
            TableRow(
                (
                    address,
                    " ".join(map(inline, hole.answers)),
                    inline(asked[address]) if address in asked else "not asked",
                )
            )
            for address, hole in self.decisions.items()
        ]
        columns = (Column("decision"), Column("answers"), Column("default"))
        tables = [CardTable(columns, rows, "decision")] if rows else []
        return card(f"Space {self.spec.name}", self._words(), tables)

    def _words(self) -> str:
        return counted_words(self.size, "architecture")

    @cached_property
    def decisions(self) -> dict[str, Hole]:
        """Address -> hole for every decision that some member takes."""
        return questions(self.spec.document, self.spec.holes)

    @cached_property
    def size(self) -> int:
        """The number of members, as an exact integer: distinct records of answers."""
        return size(self.spec.document, self.spec.holes)

    def default(self) -> Spec:
        """The member that every decision's default leads to."""
        return self.resolve(None)

    def default_answer(self, hole: Hole) -> Answer:
        """What a decision's hole is answered with where nobody says otherwise."""
        if id(hole) not in self._defaults:
            raise SpecError(f"{shown(hole)} is no decision of this space")
        return self._defaults[id(hole)]

    @cached_property
    def _defaults(self) -> dict[int, Answer]:
        holes = self.spec.holes
        return {
            id(hole): holes.defaults.get(node, hole.answers[0])
            for node, hole in holes.by_node.items()
        }

    def resolve(self, ask: Ask | None) -> Spec:
        """The member that `ask(address, hole) -> answer` leads to. Raises SpecError."""
        given.function("what is asked", ask, SpecError)
        network, answers = self.spec.resolve(ask)
        return Spec(self.spec.document, self.spec.holes, answers, network)

    def member(self, decisions: Mapping[str, object]) -> Spec:
        """The member with these answers, by address.

        Raises SpecError for a decision that is missing, unknown, or not taken by this member.
        """

        decisions = answers_of(decisions)

        def answered(address: str, hole: Hole) -> Answer:
            if address not in decisions:
                raise SpecError("this decision is missing", address=address, mark=hole.mark)
            return normalise(hole, decisions[address], address)

        member = self.resolve(answered)
        for address in decisions:
            if address in member.decisions:
                continue
            if address in self.decisions:
                raise SpecError(
                    "this member does not take the decision", address=address,
                    cure="it depends on an answer that was given otherwise; leave it out",
                )  # fmt: skip
            raise SpecError(
                "the space has no such decision",
                address=address,
                cure=did_you_mean(address, self.decisions, quoted="{}"),
            )
        return member

    def count(self, budget: Mapping[str, Any] | None = None) -> Count:
        """How many members are inside a budget: an int, exact where its `exact` is true.

        Elsewhere at least so many certainly are, and no more than its `high`. Raises CountError
        for a component whose cost is not known exactly.
        """
        bounds = budget_of(budget)
        try:
            return self.counting.count(bounds)
        except TooManyCases:
            return Count(0, self.size) if bounds else Count(self.size)

    def bounds(self, name: str) -> tuple[int, int]:
        """The smallest and the largest cost `name` ("macs", "params", "activations") there is.

        Raises SearchError for another name, and where shared answers have too many combinations.
        """
        if not isinstance(name, str) or name not in bounded():
            raise SearchError(
                f"no cost is called {shown(name)}.  choose from {', '.join(bounded())}"
            )
        try:
            return self.counting.bounds(name)
        except TooManyCases as error:
            raise SearchError(str(error)) from None

    def sample(
        self,
        n: int,
        budget: Mapping[str, Any] | None = None,
        seed: int = 0,
        measure: Measure = "uniform",
        weights: Weights | None = None,
    ) -> list[Spec]:
        """`n` random members inside a budget, drawn independently of each other.

        measure: "uniform" over the members inside, or "stagewise": every decision uniform in its
            turn, conditioned on the budget
        weights: address -> answer -> weight, instead of the measure for those decisions; a
            member is drawn as often as the product says, and an answer that is not named never.
            Of a space that cannot be counted, see `drawing`, by their shares in each decision
        The same seed gives the same members, and they are a list: `draws` gives their answers one
        after another. Raises SearchError where nothing is inside, for weights, a measure, a number
        or a seed that are none, and for more than a million.
        """
        if whole(n, "n") > MOST_SAMPLED:
            raise SearchError(
                f"sample gives a list, and {n:,} members are more than {MOST_SAMPLED:,}.  "
                "take them one after another from  space.draws(n)"
            )
        found = list(self.draws(n, budget, seed, measure, weights))  # n is checked there
        if len(found) < n:
            raise SearchError(
                f"{len(found):,} of {n:,} members could be drawn: the budget and the weights leave "
                "next to nothing.  loosen them"
            )
        return [self.of(drawn.decisions) for drawn in found]

    def draws(
        self,
        n: int,
        budget: Mapping[str, Any] | None = None,
        seed: int = 0,
        measure: Measure = "uniform",
        weights: Weights | None = None,
    ) -> Iterator[Drawn]:
        """The members that `sample` gives, as answers and exact costs, one after another."""
        import numpy as np

        count, draws = whole(n, "n"), np.random.default_rng(whole(seed, "a seed"))
        drawing = self.drawing(budget, measure, weights_of(self.decisions, weights))
        yield from drawing.members(count, draws)

    def drawing(
        self,
        budget: Mapping[str, Any] | None = None,
        measure: Measure = "uniform",
        weights: Weights | None = None,
        cells: int = 1 << 11,
    ) -> Draws | Rejecting:
        """What `sample` draws from, to be drawn from again. cells: see `Draws`.

        Where shared answers have too many combinations, a `Rejecting` is given: it draws every
        decision in its turn, by its weights as shares or else uniformly, and keeps what is
        inside. That is the measure "stagewise"; with weights it stands in for "uniform" too,
        which is refused without them, by SearchError.
        """
        from archdsl.spaces.circuit.circuit import Weights as AnswerWeights
        from archdsl.spaces.drawing import Draws
        from archdsl.spaces.rejecting import Rejecting

        check_measure(measure)
        bounds = budget_of(budget)
        key = (bounds, measure, cells)
        if weights is None and key in self._drawings:
            return self._drawings[key]
        each = self.per_answer if measure == "stagewise" else None
        try:
            made = Draws(self.counting, bounds, AnswerWeights(each, weights), cells)
        except TooManyCases as error:
            if measure == "uniform" and weights is None:
                raise SearchError(str(error)) from None
            return Rejecting(self._member_and_costs, bounds, weights)
        if weights is None:
            self._drawings[key] = made
        return made

    def _member_and_costs(self, ask: Ask) -> tuple[dict[str, Answer], dict[str, int]]:
        member = self.resolve(ask)
        return dict(member.decisions), self.cost(member).totals()

    def per_answer(self, address: str, answer: Answer) -> float:
        """What an answer weighs where every decision is uniform in its turn."""
        if not isinstance(address, str) or _of_any_block(address) not in self._shares:
            raise SpecError(f"the space has no decision {shown(address)}")
        return self._shares[_of_any_block(address)]

    @cached_property
    def _shares(self) -> dict[str, float]:
        """How much one answer weighs of those to a decision, which are as many in every block."""
        return {_of_any_block(a): 1.0 / len(hole.answers) for a, hole in self.decisions.items()}

    @cached_property
    def _drawings(self) -> dict[Any, Draws]:
        return {}

    def tabulate(self, progress: Progress = unwatched) -> Table:
        """The cost table: each distinct layer measured once. Made when it is first asked for.

        Raises CountError for a component whose cost is not known exactly, and SearchError where
        a kind of cost was registered since.
        """
        if not callable(progress):
            raise SearchError(f"progress is a function, and not {given.kind(progress)}")
        if self._table is None:
            self._table = Table(self._parts, progress)
        if self._table.kinds != kinds():
            raise SearchError(
                "kinds of cost were registered after this space was measured.  make it anew"
            )
        return self._table

    @property
    def counting(self) -> Counting:
        """Counts members by their costs. Raises TooManyCases."""
        self.tabulate()
        if isinstance(self._counting, TooManyCases):
            raise self._counting
        return self._counting

    @cached_property
    def _counting(self) -> Counting | TooManyCases:
        from archdsl.spaces.counting import Counting

        try:
            return Counting(self.tabulate())
        except TooManyCases as error:
            return error

    def of(self, decisions: Mapping[str, Answer]) -> Spec:
        """The member with these answers, which are known to be right and complete."""
        decisions = answers_of(decisions)
        if strange := next((address for address in decisions if address not in self._order), None):
            raise SpecError("the space has no such decision", address=strange)
        order = sorted(decisions, key=self._order.__getitem__)
        return Spec(
            self.spec.document, self.spec.holes, {address: decisions[address] for address in order}
        )

    @cached_property
    def _order(self) -> dict[str, int]:
        return {address: index for index, address in enumerate(self.decisions)}

    def neighbours(self, member: Spec, budget: Mapping[str, Any] | None = None) -> Iterator[Spec]:
        """The members inside a budget that answer one question otherwise than `member`.

        Questions that only the new answer raises are answered by their defaults. Raises SpecError
        for what is no member of this space.
        """
        bounds = budget_of(budget)
        member = self.member(member_or_spec("neighbours are asked of", member).decisions)
        for address, current in member.decisions.items():
            for answer in self.decisions[address].answers:
                if equal(answer, current):
                    continue
                other = self.completed({**member.decisions, address: answer})
                if bounds.allows(self.cost(other)):
                    yield other

    def completed(self, answers: Mapping[str, Any]) -> Spec:
        """The member with these answers where it asks for them, and defaults elsewhere."""

        answers = answers_of(answers)

        def ask(address: str, hole: Hole) -> Any:
            if address not in answers:
                return self.default_answer(hole)
            return normalise(hole, answers[address], address)

        return self.resolve(ask)

    def enumerate(self) -> Iterator[Spec]:
        """Every member, the last decision turning fastest."""
        for answers, (network, _) in every_record(self.spec.resolve):
            yield Spec(self.spec.document, self.spec.holes, dict(answers), network)

    def cost(self, member: Spec) -> Cost:
        """What a member costs, as exact integers.

        Looked up by its answers, which comes to what counting its network layer by layer does,
        and takes that where it is no member of this space. A layer is measured when a member
        that has it is first asked for. Raises CountError for a component whose cost is not
        known exactly.
        """
        from archdsl.cost import Cost

        member = member_or_spec("a cost is asked of", member)
        if member.document is not self.spec.document or member.is_space:
            return counted(member)
        decisions = dict(member.decisions)
        try:
            found = self._listed().of(decisions)
        except (Unlisted, CountError):  # counting says where, or finds it right
            return counted(member)
        return Cost(
            named(found),
            lambda: counted(Spec(self.spec.document, self.spec.holes, decisions)).by_address,
        )

    def costs(self) -> dict[str, NDArray[np.int64]]:
        """What all members cost: name -> (size,) integers, in the order of `enumerate()`.

        Raises SearchError for a space of more than a million members, and CountError for a
        component whose cost is not known exactly.
        """
        from archdsl.amounts.arrays import by_name
        from archdsl.spaces.every_cost import EveryCost

        if self.size > LISTED:
            raise SearchError(
                f"the space has {integer(self.size)} architectures, and the costs of {LISTED:,} at "
                "most are listed.  draw from it, or fix some of its decisions"
            )
        return by_name(EveryCost(self._listed()).rows())

    @cached_property
    def _parts(self) -> Parts:
        return Parts(self.spec.document, self.spec.holes)

    def _listed(self) -> PriceList:
        if self._list is None or self._list.under != under():
            self.__dict__.pop("_parts", None)  # they hold what was measured
            self._list = PriceList(self._parts)
        return self._list


def counted(member: Spec) -> Cost:
    """What a member costs, measured layer by layer on its network."""
    from archdsl.cost import count

    return count(member.network())
