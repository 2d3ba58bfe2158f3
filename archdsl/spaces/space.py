"""A search space: the members of a spec with holes."""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from archdsl.combinations import every_record
from archdsl.errors import SpecError
from archdsl.spaces.size import size
from archdsl.spaces.walk import questions
from archdsl.spec.holes import Answer, Hole, normalise
from archdsl.spec.resolve import Ask
from archdsl.specification import Spec

if TYPE_CHECKING:
    from archdsl.cost import Cost


class Space:
    """The architectures that a spec stands for. A spec without holes is a space of one."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

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
        network, answers = self.spec.resolve(ask)
        return Spec(self.spec.document, self.spec.holes, answers, network)

    def member(self, decisions: Mapping[str, object]) -> Spec:
        """The member with these answers, by address.

        Raises SpecError for a decision that is missing, unknown, or not taken by this member.
        """

        def given(address: str, hole: Hole) -> Answer:
            if address not in decisions:
                raise SpecError("this decision is missing", address=address, mark=hole.mark)
            return normalise(hole, decisions[address], address)

        member = self.resolve(given)
        for address in decisions:
            if address in member.decisions:
                continue
            if address in self.decisions:
                raise SpecError(
                    "this member does not take the decision", address=address,
                    cure="it hangs on an answer that was given otherwise; leave it out",
                )  # fmt: skip
            close = difflib.get_close_matches(address, self.decisions, n=1)
            raise SpecError(
                "the space has no such decision",
                address=address,
                cure=f"did you mean {close[0]}?" if close else "",
            )
        return member

    def draw(self, generator: random.Random) -> Spec:
        """A random member: every decision uniform in its turn, stage by stage."""
        return self.resolve(lambda address, hole: generator.choice(hole.answers))

    def sample(self, n: int, seed: int = 0) -> list[Spec]:
        """`n` random members, drawn independently. The same seed gives the same members."""
        generator = random.Random(seed)
        return [self.draw(generator) for _ in range(n)]

    def enumerate(self) -> Iterator[Spec]:
        """Every member, the last decision turning fastest."""
        for answers, (network, _) in every_record(self.spec.resolve):
            yield Spec(self.spec.document, self.spec.holes, dict(answers), network)

    def cost(self, member: Spec) -> Cost:
        """What a member costs, as exact integers."""
        from archdsl.cost import count

        return count(member.network())
