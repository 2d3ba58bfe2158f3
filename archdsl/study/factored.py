"""Counting a large space exactly, stage by stage and block by block.

Costs are sums over layers, and what a layer costs follows from its options and its input shape.
So once the decisions that shape the maps, or that several stages share, are answered, stages are
independent of each other, and within a stage its blocks. The distribution of a sum of independent
parts is the convolution of theirs: a few hundred members are counted in the place of millions.

Nothing of this is taken on trust: the number of members must come out as the size that the space
has in closed form, and random members must cost what the parts say. Where that fails, or where
the parts are too many, there is no count, and an estimate has to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archdsl.combinations import every_record
from archdsl.study.members import Progress, totals
from archdsl.study.seeds import generator

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.spec.holes import Hole
    from archdsl.specification import Spec

ADDITIVE = ("macs", "params")
"""Costs that are sums over layers; activations are the largest of them."""

LIMIT = 4_000
"""Members that are counted at most: some seconds."""

MOST_SUMS = 2_000_000
"""Sums that a convolution may form at most: seconds, and memory that everybody has."""

_CHECKED = 24
"""Random members whose cost is compared with what the parts say."""

Vector: TypeAlias = tuple[int, ...]
Distribution: TypeAlias = "Counter[Vector]"
"""Costs -> how many ways lead to them."""

Key: TypeAlias = tuple[tuple[str, Any], ...]
"""The answers of one part, in the order of their addresses."""


class _Unfit(Exception):
    """The space does not fall apart as it should, or into too many parts."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """What one record of a stage's own decisions adds to the base, and its blocks by name."""

    adds: Vector
    blocks: Mapping[str, Mapping[Key, Vector]]


@dataclass(frozen=True, slots=True)
class _Case:
    """One record of the shared decisions: the cost with defaults elsewhere, and its stages."""

    base: Vector
    stages: Mapping[str, Mapping[Key, _Stage]]


def counted(space: Space, names: Iterable[str], progress: Progress) -> Distribution | None:
    """The costs `names` of all members and how many have them, or None where that fails."""
    wanted = tuple(names)
    if not set(wanted) <= set(ADDITIVE):
        return None
    try:
        parts = _Parts(space, wanted, progress)
        total: Distribution = Counter()
        for case in parts.cases.values():
            total.update(_of_case(case))
        if total.total() != space.size:
            return None
        parts.check()
    except _Unfit:
        return None
    return total


def owner(address: str) -> tuple[str, str]:
    """(stage, block) whose cost a decision changes; both empty where it is shared.

    What shapes the maps of later stages is shared, wherever it is asked.
    """
    parts = address.split(".")
    if parts[0] != "stages" or parts[2] in ("dim", "downsample"):
        return "", ""
    stage = parts[1]
    if "blocks" in parts[2:5:2]:
        end = parts.index("blocks") + 2
        return stage, ".".join(parts[2:end])
    return stage, ""


class _Parts:
    """The parts of a space, each counted with the default everywhere else."""

    def __init__(self, space: Space, names: tuple[str, ...], progress: Progress) -> None:
        self.space = space
        self.names = names
        self._progress = progress
        self._visited = 0
        self.cases: dict[Key, _Case] = {}
        for shared, base in self._vary({}, ("", "")):
            self.cases[_key(shared)] = _Case(self._cost(base), self._stages(shared, base))

    def _stages(self, shared: dict[str, Any], base: Spec) -> dict[str, dict[Key, _Stage]]:
        found: dict[str, dict[Key, _Stage]] = {}
        for stage in sorted({owner(address)[0] for address in base.decisions} - {""}):
            found[stage] = {}
            for own, member in self._vary(shared, (stage, "")):
                adds = _minus(self._cost(member), self._cost(base))
                blocks = self._blocks({**shared, **own}, stage, member)
                found[stage][_key(own)] = _Stage(adds, blocks)
        return found

    def _blocks(
        self, fixed: dict[str, Any], stage: str, member: Spec
    ) -> dict[str, dict[Key, Vector]]:
        own = self._cost(member)
        names = {owner(a)[1] for a in member.decisions if owner(a)[0] == stage} - {""}
        return {
            name: {
                _key(answers): _minus(self._cost(other), own)
                for answers, other in self._vary(fixed, (stage, name))
            }
            for name in sorted(names)
        }

    def _vary(
        self, fixed: Mapping[str, Any], part: tuple[str, str]
    ) -> Iterator[tuple[dict[str, Any], Spec]]:
        """(record, member) for every way to answer one part, all else fixed or default."""

        def run(ask: Callable[[str, Hole], Any]) -> Spec:
            def answer(address: str, hole: Hole) -> Any:
                if address in fixed:
                    return fixed[address]
                if owner(address) == part:
                    return ask(address, hole)
                return self.space.default_answer(hole)

            return self.space.resolve(answer)

        for record, member in every_record(run):
            self._visited += 1
            self._progress(self._visited, 0)
            if self._visited > LIMIT:
                raise _Unfit
            yield dict(record), member

    def _cost(self, member: Spec) -> Vector:
        costs = totals(self.space.cost(member))
        return tuple(costs[name] for name in self.names)

    def check(self) -> None:
        """Compare random members with their parts. Raises _Unfit where one costs otherwise."""
        for member in _drawn(self.space):
            grouped: dict[tuple[str, str], dict[str, Any]] = {}
            for address, answer in member.decisions.items():
                grouped.setdefault(owner(address), {})[address] = answer
            try:
                predicted = self._predicted(grouped)
            except KeyError:
                raise _Unfit from None
            if predicted != self._cost(member):
                raise _Unfit

    def _predicted(self, grouped: Mapping[tuple[str, str], dict[str, Any]]) -> Vector:
        case = self.cases[_key(grouped.get(("", ""), {}))]
        cost = case.base
        for name, records in case.stages.items():
            stage = records[_key(grouped.get((name, ""), {}))]
            cost = _plus(cost, stage.adds)
            for block, answers in stage.blocks.items():
                cost = _plus(cost, answers[_key(grouped.get((name, block), {}))])
        return cost


def _drawn(space: Space) -> list[Spec]:
    draws = generator("factored", space.size)
    return [space.resolve(lambda _, hole: draws.choice(hole.answers)) for _ in range(_CHECKED)]


def _of_case(case: _Case) -> Distribution:
    total: Distribution = Counter({case.base: 1})
    for records in case.stages.values():
        stage: Distribution = Counter()
        for record in records.values():
            own: Distribution = Counter({record.adds: 1})
            for answers in record.blocks.values():
                own = _convolved(own, Counter(answers.values()))
            stage.update(own)
        total = _convolved(total, stage)
    return total


def _convolved(one: Distribution, other: Distribution) -> Distribution:
    """The distribution of a sum of two independent parts. Raises _Unfit where it is too large."""
    if len(one) * len(other) > MOST_SUMS:
        raise _Unfit
    total: Distribution = Counter()
    for left, ways in one.items():
        for right, times in other.items():
            total[_plus(left, right)] += ways * times
    return total


def _key(answers: Mapping[str, Any]) -> Key:
    return tuple(sorted((address, answer) for address, answer in answers.items()))


def _plus(one: Vector, other: Vector) -> Vector:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _minus(one: Vector, other: Vector) -> Vector:
    return tuple(a - b for a, b in zip(one, other, strict=True))
