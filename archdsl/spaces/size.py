"""How many distinct records of answers a space has, in closed form.

A position contributes the holes that it asks. A tied hole is asked once however many positions
lead to it, and a param only if something that was chosen uses it; so counts are kept per *set*
of tied holes that were asked, and each such hole's own count is multiplied in once at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import TypeAlias

from archdsl.compiler.blocks import depth
from archdsl.compiler.combinations import every_record
from archdsl.errors import SearchError
from archdsl.language import typed
from archdsl.language.decisions import Holes, Place
from archdsl.language.document import Document, Scope
from archdsl.language.holes import Answer, Choice, Hole, is_hole
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence
from archdsl.language.resolve import Ask, Resolver

Terms: TypeAlias = "dict[frozenset[str], int]"
"""Set of tied holes that were asked -> number of records of all other answers."""

_ONE: Terms = {frozenset(): 1}
_MAX_CASES = 100_000
"""Cases of params that depths are computed from. A depth that is a sum of fourteen params of two
answers has 16,384, which take 10 s; with a tenth it is refused."""


def size(document: Document, holes: Holes) -> int:
    """The number of distinct records of answers.

    Params that depths are computed from are outer cases, counted one by one. Raises
    SearchError where these are too many.
    """
    total = 0
    for number, fixed in enumerate(_cases(document, holes)):
        if number >= _MAX_CASES:
            raise SearchError(
                f"the depths of this space depend on more than {_MAX_CASES} cases of its params; "
                "give a depth a hole of its own"
            )
        total += _Counter(document, holes, fixed).total()
    return total


def _scopes(document: Document) -> Iterable[Scope]:
    for stage in document.stages:
        yield from stage.runs if stage.runs is not None else (stage,)


def _cases(document: Document, holes: Holes) -> Iterable[dict[str, Answer]]:
    """The answers behind depths that are computed, every combination of them."""
    computed = [scope for scope in _scopes(document) if _uses_params(scope.plain["depth"])]

    def run(ask: Ask) -> None:
        resolver = Resolver(document, holes, ask)
        for scope in computed:
            depth(resolver, scope)

    for record, _ in every_record(run):
        yield dict(record)


def _uses_params(node: Node) -> bool:
    match node:
        case Scalar():
            return typed.expression(node) is not None
        case Mapping():
            return any(_uses_params(value) for value in node.items.values())
        case Sequence():
            return any(_uses_params(item) for item in node.items)


class _Counter:
    def __init__(self, document: Document, holes: Holes, fixed: dict[str, Answer]) -> None:
        self.document = document
        self.holes = holes
        self.fixed = fixed
        self.tied: dict[str, Node] = {}
        """The tied holes and params met so far, by name."""

    def total(self) -> int:
        document = self.document
        terms = self.all((node for _, node in document.top_values()), Place())
        for index, stage in enumerate(document.stages):
            terms = _times(terms, self.stage(index, stage))
        # A computed depth asked its params whatever else is chosen; they are the fixed ones.
        params = list(document.params)
        settled: set[str] = set()
        # What is settled may ask for params that nothing asked for before: those come after it,
        # and a param only asks for earlier ones.
        while left := [name for name in self.tied if name not in settled]:
            name = max(left, key=lambda n: params.index(n[1:]) if n[0] == "$" else len(params))
            terms = self.settle(terms, name)
            settled.add(name)
        return sum(terms.values())

    def settle(self, terms: Terms, name: str) -> Terms:
        """Multiply a tied hole's own count into the terms in which it was asked."""
        own = self.open(self.tied[name], Place(), name)
        result: Terms = {}
        for tied, count in terms.items():
            if name not in tied:
                _add(result, tied, count)
                continue
            for more, times in own.items():
                _add(result, (tied - {name}) | more, count * times)
        return result

    def stage(self, index: int, stage: Scope) -> Terms:
        document, place = self.document, Place(stage=index)
        terms = self.all((node for _, node in document.stage_values(stage)), place)
        runs = list(enumerate(stage.runs)) if stage.runs is not None else [(None, None)]
        by_depths: Terms = {}
        answers = [self.depths(run or stage) for _, run in runs]
        for combination in product(*answers):
            alternatives, here, count = 1, _ONE, 0
            for (number, run), (blocks, times) in zip(runs, combination, strict=True):
                alternatives *= times
                nodes = [node for _, node in document.block_values(stage, run)]
                for k in range(blocks):
                    # a hole per block is asked in this block alone; the others are tied
                    here = _times(here, self.all(nodes, Place(index, count, number, k)))
                    count += 1
            for tied, inner in here.items():
                _add(by_depths, tied, inner * alternatives)
        terms = _times(terms, by_depths)
        prefix = f"stages.{index}."
        for name in [n for n in self.tied if n.startswith(prefix)]:
            terms = self.settle(terms, name)
            del self.tied[name]
        return terms

    def depths(self, scope: Scope) -> list[tuple[int, int]]:
        """(depth, number of answers that lead to it) for a stage or a run."""
        node = scope.plain["depth"]
        found: dict[int, int] = {}
        computed = _uses_params(node)

        def answered(address: str, hole: Hole) -> Answer:
            return self.fixed[address]

        if computed:
            return [(depth(Resolver(self.document, self.holes, answered), scope), 1)]
        for _, blocks in every_record(
            lambda ask: depth(Resolver(self.document, self.holes, ask), scope)
        ):
            found[blocks] = found.get(blocks, 0) + 1
        return list(found.items())

    def all(self, nodes: Iterable[Node], place: Place) -> Terms:
        terms = _ONE
        for node in nodes:
            terms = _times(terms, self.node(node, place, None))
        return terms

    def node(self, node: Node, place: Place, inside: str | None) -> Terms:
        if isinstance(node, Scalar):
            expression = typed.expression(node)
            names = {f"${name}" for name in expression.names} if expression else set()
            for name in names:
                self.tied.setdefault(name, self.document.params[name[1:]])
            return {frozenset(names): 1}
        if is_hole(node):
            hole, home = self.holes.hole(node), self.holes.home(node)
            if inside is not None or home is None:
                return self.open(node, place, inside)
            address = home.address(hole, place)
            if address in self.fixed:
                return _ONE
            if hole.per == "block" or home.level == "params":
                return self.open(node, place, address)  # asked here alone, or once per param
            self.tied[address] = node
            return {frozenset({address}): 1}
        assert isinstance(node, (Mapping, Sequence))
        values = node.items.values() if isinstance(node, Mapping) else node.items
        terms = _ONE
        for value in values:
            terms = _times(terms, self.node(value, place, inside))
        return terms

    def open(self, node: Node, place: Place, name: str | None) -> Terms:
        """The count of a hole itself, or of a param's value."""
        if not is_hole(node) or (name is not None and name.startswith("$")):
            return self.node(node, place, None)
        hole = self.holes.hole(node)
        if not isinstance(hole, Choice):
            return {frozenset(): hole.count}
        terms: Terms = {}
        for option in hole.options:
            for tied, count in self.node(option.node, place, "inside").items():
                _add(terms, tied, count)
        return terms


def _times(one: Terms, other: Terms) -> Terms:
    if one is _ONE:
        return other
    if other is _ONE:
        return one
    result: Terms = {}
    for tied, count in one.items():
        for more, times in other.items():
            _add(result, tied | more, count * times)
    return result


def _add(terms: Terms, tied: frozenset[str], count: int) -> None:
    terms[tied] = terms.get(tied, 0) + count
