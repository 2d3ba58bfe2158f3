"""Answers that are given, and the members that have them: what a draw is conditioned on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from archdsl.compiler.combinations import every_record
from archdsl.components.options import written
from archdsl.errors import SpecError
from archdsl.language.holes import Choice, equal
from archdsl.spaces.arguments import budget_of
from archdsl.spaces.drawing import Drawn
from archdsl.spaces.rejecting import Rejecting
from archdsl.study.propose.members import Member, Members, member_of

if TYPE_CHECKING:
    import numpy as np

    from archdsl.language.holes import Answer, Hole
    from archdsl.spaces import Space
    from archdsl.spaces.arguments import Measure, Weights
    from archdsl.spaces.drawing import Draws
    from archdsl.specification import Spec

LIMIT = 10_000
"""Draws in a row without all the answers after which no more are made."""

FEW = 2_000
"""Members with the answers that are visited one by one, where the space has too many."""


class Fixed:
    """The members of a space that are asked certain questions and answer them as given.

    answers: address -> answer, as the space records it
    allowed: address -> the answers that lead to these, where not all do
    """

    def __init__(self, space: Space, answers: Mapping[str, Answer] | None = None) -> None:
        self.space = space
        self.answers = dict(answers or {})
        self.allowed: dict[str, tuple[Answer, ...]] = {}
        self._drawings: dict[Any, _Conditioned] = {}
        self._few: list[Member] | None = None
        self._visited = False
        for address, answer in self.answers.items():
            self._narrow(address, (answer,))
            self._lead_to(address)

    def has(self, decisions: Mapping[str, Any]) -> bool:
        """Whether a member has all the answers."""
        return all(
            address in decisions and equal(decisions[address], answer)
            for address, answer in self.answers.items()
        )

    def drawing(
        self,
        budget: Mapping[str, Any] | None,
        measure: Measure = "uniform",
        weights: Weights | None = None,
        cells: int = 1 << 11,
    ) -> Draws | Rejecting | _Conditioned:
        """As `Space.drawing`, among these members: each as often as it weighs among them."""
        if not self.answers:
            return self.space.drawing(budget, measure, weights, cells)
        key = (budget_of(budget), measure, cells)
        if weights is None and key in self._drawings:
            return self._drawings[key]
        own = self.space.drawing(budget, measure, self._weights(weights or {}), cells)
        if isinstance(own, Rejecting) and measure == "uniform" and weights is None:
            self.space.drawing(budget, measure)  # refuses: it draws answers alike, not members
        made = _Conditioned(self, own)
        if weights is None:
            self._drawings[key] = made
        return made

    @property
    def possible(self) -> bool:
        """Whether the answers agree with each other as far as their addresses tell."""
        return all(self.allowed.values())

    def whole(self) -> Spec | None:
        """The member, where the answers are all of its answers."""
        try:
            return self.space.member(self.answers) if self.answers else None
        except SpecError:
            return None

    def nearest_to_default(self) -> Spec:
        """The default but for the answers, and for what leads to them."""
        given = {}
        for address, allowed in self.allowed.items():
            own = self.space.default_answer(self.space.decisions[address])
            given[address] = own if own in allowed else allowed[0]
        return self.space.completed(given)

    def enumerate(self) -> Iterator[Spec]:
        """The members, the last decision that is open turning fastest."""
        if not self.answers:
            yield from self.space.enumerate()
            return
        if not self.possible:
            return

        def run(ask: Any) -> Spec:
            def given(address: str, hole: Hole) -> Any:
                return self.answers[address] if address in self.answers else ask(address, hole)

            return self.space.resolve(given)

        for _, spec in every_record(run):
            if self.has(spec.decisions):
                yield spec

    def members(self, known: Members) -> list[Member] | None:
        """The members with what they cost, or None where they are too many."""
        everyone = known.all()
        if everyone is not None:
            return [member for member in everyone if self.has(member.decisions)]
        if self.answers and not self._visited:
            self._visited = True
            found = list(islice(self.enumerate(), FEW + 1))
            if len(found) <= FEW:
                self._few = [member_of(self.space, spec) for spec in found]
        return self._few

    def words(self) -> str:
        """`params.width = 16 and stages.0.depth = 2`."""
        return " and ".join(f"{a} = {written(answer)}" for a, answer in self.answers.items())

    def _narrow(self, address: str, answers: tuple[Answer, ...]) -> None:
        before = self.allowed.get(address, answers)
        self.allowed[address] = tuple(one for one in before if any(equal(one, a) for a in answers))

    def _lead_to(self, address: str) -> None:
        """What the address itself tells of other answers: the options and the depth around it.

        The rest shows when a member is drawn; this only spares draws in vain.
        """
        for around, hole in self.space.decisions.items():
            if isinstance(hole, Choice) and address.startswith(f"{around}."):
                inside = [o for o in hole.options if address.startswith(f"{around}.{o.label}.")]
                if inside:
                    self._narrow(around, tuple(option.answer for option in inside))
        scope, _, block = address.partition(".blocks.")
        number, depth = block.partition(".")[0], self.space.decisions.get(f"{scope}.depth")
        if depth is not None and number.isdecimal():
            self._narrow(
                f"{scope}.depth",
                tuple(a for a in depth.answers if isinstance(a, str) or a > int(number)),
            )

    def _weights(self, given: Weights) -> dict[str, Mapping[Any, float]]:
        weights = dict(given)
        for address, allowed in self.allowed.items():
            its = weights.get(address)
            weights[address] = {a: 1.0 if its is None else its.get(a, 0.0) for a in allowed}
        return weights


class _Conditioned:
    """What another drawing gives, less the members without the answers."""

    def __init__(self, fixed: Fixed, drawing: Any) -> None:
        self._fixed = fixed
        self._drawing = drawing

    def members(self, count: int, draws: np.random.Generator) -> Iterator[Drawn]:
        """`count` members, or fewer where `LIMIT` draws in a row had not all the answers."""
        left, futile = count if self._fixed.possible else 0, 0
        while left and futile < LIMIT:
            found = list(self._drawing.members(max(8, left), draws))
            kept = [drawn for drawn in found if self._fixed.has(drawn.decisions)]
            if not found:
                return
            yield from kept[:left]
            left -= min(left, len(kept))
            futile = 0 if kept else futile + len(found)
