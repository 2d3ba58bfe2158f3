"""From a space's table to its alternatives, and to its circuit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

from archdsl.amounts import Amounts, combine, nothing, times, total
from archdsl.compiler.geometry import MapState
from archdsl.language.holes import Answer
from archdsl.spaces.circuit.alternatives import (
    MAX_CASES,
    Both,
    Case,
    Edge,
    EdgeChoice,
    InBlock,
    Node,
    StageBlocks,
    TooManyCases,
)  # fmt: skip
from archdsl.spaces.circuit.circuit import Circuit
from archdsl.spaces.circuit.split import split
from archdsl.spaces.parts import BlockParts
from archdsl.spaces.reach import Record
from archdsl.spaces.rows import PartRows, Row
from archdsl.spaces.table import Table

Shared: TypeAlias = "Mapping[str, Answer]"


def compiled(table: Table) -> Circuit:
    """The circuit of a space. Raises TooManyCases."""
    return split(cases(table))


def cases(table: Table) -> list[Case]:
    """Every combination of shared answers with the alternatives that are left."""
    return list(_Builder(table).cases())


class _Builder:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.stages = table.document.stages
        everything = table.parts()
        # answers of one stage are settled there; what is left is shared by the whole model
        wide = [a for part in everything for a in part.addresses if not a.startswith("stages.")]
        self.roots = _roots(wide)
        self.bits = {root: 1 << n for n, root in enumerate(sorted(self.roots - self._certain()))}
        self.combinations = {root: _combinations(everything, root) for root in sorted(self.roots)}
        self._known: dict[tuple[Any, ...], Node] = {}
        self._below = [self._addresses(index) for index in range(len(self.stages) + 1)]

    def _certain(self) -> set[str]:
        """The shared answers that every member asks for."""
        table = self.table
        always: list[list[PartRows[Any]]] = [[table.stem], [table.rate], list(table.heads.values())]
        for index in range(len(self.stages)):
            always.append([part for (i, _), part in table.entries.items() if i == index])
            runs = len(self.stages[index].runs or [None])
            always.extend([table.depths[index, number]] for number in range(runs))
            for number in range(runs):
                if min(row.value for row in table.depths[index, number].rows) < 1:
                    continue
                blocks = [b for (i, n, _), b in table.blocks.items() if (i, n) == (index, number)]
                always.extend(map(list, zip(*(b.mixers for b in blocks), strict=True)))
                always.extend(map(list, zip(*(b.frame for b in blocks), strict=True)))
            sides = [parts for (i, _), parts in table.sides.items() if i == index]
            always.extend(map(list, zip(*sides, strict=True)))
        found: set[str] = set()
        for parts in always:
            rows = [{a for a, _ in row.shared} for part in parts for row in part.rows]
            if rows:
                found |= set.intersection(*rows)
        return found & self.roots

    def cases(self) -> Iterator[Case]:
        """Every combination of the shared answers, with what is left to decide."""
        options = [self._options(root) for root in self.combinations]
        count = 1
        for alternatives in options:
            count *= len(alternatives)
        if count > MAX_CASES:
            raise TooManyCases(count)
        for combination in product(*options):
            record = tuple(item for one in combination for item in one)
            shared = dict(record)
            needed = sum(bit for root, bit in self.bits.items() if root in shared)
            node = self._model(shared)
            if node is not None:
                yield Case(record, needed, node)

    def _options(self, root: str) -> list[Record]:
        alternatives = list(self.combinations[root])
        return [*alternatives, ()] if root in self.bits else alternatives

    def _addresses(self, index: int) -> tuple[str, ...]:
        """The shared answers that anything from a stage on depends on."""
        table = self.table
        later: list[PartRows[Any]] = list(table.heads.values())
        later.extend(part for (i, _), part in table.entries.items() if i >= index)
        later.extend(part for (i, _), part in table.depths.items() if i >= index)
        for (i, _, _), block in table.blocks.items():
            later.extend(_of_block(block) if i >= index else ())
        for (i, _), sides in table.sides.items():
            later.extend(sides if i >= index else ())
        found = {address for part in later for address in part.addresses}
        return tuple(sorted(found))

    def _remembered(
        self, what: str, key: tuple[Any, ...], index: int, shared: Shared, make: Callable[[], Node]
    ) -> Node:
        answers = tuple((type(shared.get(a)), shared.get(a)) for a in self._below[index])
        whole = (what, *key, answers)
        if whole not in self._known:
            self._known[whole] = make()
        return self._known[whole]

    def _edges(
        self,
        rows: Iterable[Row[Any]],
        amounts: Callable[[Any], Amounts],
        then: Callable[[Any], Node | None],
    ) -> tuple[Edge, ...]:
        return tuple(
            Edge(row.own, amounts(row.value), self._mask(row), then(row.value)) for row in rows
        )

    def _mask(self, row: Row[Any]) -> int:
        mask = 0
        if self.bits:
            for address, _ in row.shared:
                mask |= self.bits.get(address, 0)
        return mask

    def _leaf(self, part: PartRows[Amounts], shared: Shared, inside: bool = False) -> EdgeChoice:
        edges = self._edges(part.pick(shared), lambda amounts: amounts, lambda _: None)
        return EdgeChoice(edges, inside)

    def _model(self, shared: Shared) -> Node | None:
        rows = self.table.stem.pick(shared)
        if not rows:
            return None
        rate = EdgeChoice(
            self._edges(self.table.rate.pick(shared), lambda _: nothing(), lambda _: None)
        )
        stem = EdgeChoice(
            self._edges(rows, lambda to: to.amounts, lambda to: self._from(0, to.state, shared))
        )
        return _both([rate, stem])

    def _from(self, index: int, state: MapState, shared: Shared) -> Node:
        """The blocks of a stage and all that comes after them."""

        def make() -> Node:
            parts: list[Node] = [self._leaf(p, shared) for p in self.table.sides[index, state]]
            parts.append(StageBlocks(self._blocks(index, state, shared)))
            if index + 1 == len(self.stages):
                parts.append(self._leaf(self.table.heads[state], shared))
            else:
                rows = self.table.entries[index + 1, state].pick(shared)
                parts.append(
                    EdgeChoice(
                        self._edges(
                            rows,
                            lambda to: to.amounts,
                            lambda to: self._from(index + 1, to.state, shared),
                        )
                    )
                )
            return _both(parts)

        return self._remembered("from", (index, state), index, shared, make)

    def _blocks(self, index: int, state: MapState, shared: Shared) -> Node:
        stage = self.stages[index]
        if stage.runs is None:
            return self._run(index, 0, state, shared, 0, None)
        return _Runs(self, index, state, shared).node()

    def _run(
        self,
        index: int,
        number: int,
        state: MapState,
        shared: Shared,
        offset: int,
        depths: Sequence[Row[int]] | None,
    ) -> Node:
        """The blocks of a run, at any of its depths from 1."""
        rows = self.table.depths[index, number].pick(shared) if depths is None else depths
        blocks = self.table.blocks[index, number, state]
        run = _Run(self, index, number, blocks, shared, offset)
        return EdgeChoice(
            self._edges(rows, lambda _: nothing(), lambda depth: run.at_depth(depth)), inside=True
        )


class _Runs:
    """A stage in runs, one after another: the address of a block follows from those before it."""

    def __init__(self, builder: _Builder, index: int, state: MapState, shared: Shared) -> None:
        self.builder = builder
        self.index = index
        self.state = state
        self.shared = shared
        stage = builder.stages[index]
        assert stage.runs is not None
        self.count = len(stage.runs)
        self.depths = [
            builder.table.depths[index, number].pick(shared) for number in range(self.count)
        ]

    def node(self) -> Node:
        """Which runs have blocks at all, what they share, and then each in its turn."""
        edges = []
        for used in product(*(self._possible(number) for number in range(self.count))):
            if not any(used):
                continue
            parts = [
                part
                for number in range(self.count) if used[number]
                for part in _of_block(self.builder.table.blocks[self.index, number, self.state])
            ]  # fmt: skip
            mine = [
                a for part in parts for row in part.pick_any(self.shared) for a, _ in row.shared
                if a.startswith(f"stages.{self.index}.") and ".runs." not in a
            ]  # fmt: skip
            alternatives = [
                _combinations(parts, root, self.shared) for root in sorted(_roots(mine))
            ]
            for combination in product(*alternatives):
                own = tuple(item for one in combination for item in one)
                shared = {**self.shared, **dict(own)}
                edges.append(Edge(own, nothing(), 0, self._from(0, used, 0, shared)))
        return EdgeChoice(tuple(edges), inside=True)

    def _possible(self, number: int) -> list[bool]:
        return sorted({row.value > 0 for row in self.depths[number]})

    def _from(self, number: int, used: tuple[bool, ...], offset: int, shared: Shared) -> Node:
        rows = [row for row in self.depths[number] if (row.value > 0) == used[number]]
        edges = []
        for row in rows:
            parts: list[Node] = []
            if row.value:
                parts.append(
                    self.builder._run(self.index, number, self.state, shared, offset, [row])
                )
            else:
                parts.append(
                    EdgeChoice(
                        self.builder._edges([row], lambda _: nothing(), lambda _: None), True
                    )
                )
            if number + 1 < self.count:
                parts.append(self._from(number + 1, used, offset + row.value, shared))
            edges.append(Edge((), nothing(), 0, _both(parts)))
        return EdgeChoice(tuple(edges), inside=True)


class _Run:
    """Blocks that all look alike, as many as are asked for."""

    def __init__(
        self,
        builder: _Builder,
        index: int,
        number: int,
        parts: BlockParts[Amounts | None, Amounts],
        shared: Shared,
        offset: int,
    ) -> None:
        self.builder = builder
        self.parts = parts
        self.offset = offset
        stage = builder.stages[index]
        self.stage = f"stages.{index}."
        self.run = None if stage.runs is None else f"{stage.runs[number].address}."
        self.shared = shared
        self._chains: dict[int, list[Node]] = {}
        self._leaves: dict[tuple[Any, ...], EdgeChoice] = {}

    def at_depth(self, depth: int) -> Node:
        """`depth` blocks, with what they share among each other settled."""
        edges = []
        for own, shared in self._settled(self.parts.frame):
            frames = list(product(*(part.pick(shared) for part in self.parts.frame)))
            if all(not row.own for frame in frames for row in frame):
                for frame in frames:
                    keys = [self._power(part, frame, shared, depth) for part in self.parts.mixers]
                    edges.append(Edge(own, nothing(), self._mask(frame), _both(keys)))
            else:
                for more, inner in self._settled(self.parts.mixers, shared):
                    chain = self._chain(self._block(frames, inner), depth)
                    edges.append(Edge((*own, *more), nothing(), 0, chain))
        return EdgeChoice(tuple(edges), inside=True)

    def _settled(
        self, parts: Sequence[PartRows[Any]], shared: Shared | None = None
    ) -> Iterator[tuple[Record, Shared]]:
        """The answers that the blocks share in some keys, every combination of them."""
        known = self.shared if shared is None else shared
        mine = {
            a for part in parts for row in part.pick_any(known) for a, _ in row.shared
            if a.startswith(self.stage) and a not in known
        }  # fmt: skip
        alternatives = [_combinations(parts, root, known) for root in sorted(_roots(mine))]
        for combination in product(*alternatives):
            own = tuple(item for one in combination for item in one)
            yield own, {**known, **dict(own)}

    def _power(
        self,
        part: PartRows[Amounts | None],
        frame: Sequence[Row[Amounts]],
        shared: Shared,
        depth: int,
    ) -> Node:
        """One key of `depth` blocks."""
        extra = total(row.value for row in frame)
        edges = []
        for own, known in self._settled([part], shared):
            rows = part.pick(known)
            if len(rows) == 1 and not rows[0].own:
                amounts = times(_branch(rows[0].value, extra), depth)
                edges.append(Edge(own, amounts, self.builder._mask(rows[0])))
            elif rows:
                edges.append(Edge(own, nothing(), 0, self._chain(self._rows(rows, extra), depth)))
        return EdgeChoice(tuple(edges), inside=True)

    def _rows(self, rows: Sequence[Row[Amounts | None]], extra: Amounts) -> EdgeChoice:
        key = (tuple(map(id, rows)), extra)
        if key not in self._leaves:
            edges = self.builder._edges(rows, lambda value: _branch(value, extra), lambda _: None)
            self._leaves[key] = EdgeChoice(edges, inside=True)
        return self._leaves[key]

    def _block(self, frames: Sequence[Sequence[Row[Amounts]]], shared: Shared) -> EdgeChoice:
        """One block whose norm or scales are asked in every block."""
        edges = []
        for frame in frames:
            extra = total(row.value for row in frame)
            own = tuple(item for row in frame for item in row.own)
            keys = [self._rows(part.pick(shared), extra) for part in self.parts.mixers]
            edges.append(Edge(own, nothing(), self._mask(frame), _both(keys)))
        return EdgeChoice(tuple(edges), inside=True)

    def _mask(self, rows: Iterable[Row[Any]]) -> int:
        mask = 0
        for row in rows:
            mask |= self.builder._mask(row)
        return mask

    def _chain(self, block: EdgeChoice, depth: int) -> Node:
        """A part of the first block in each of `depth` blocks."""
        chain = self._chains.setdefault(id(block), [])
        while len(chain) < depth:
            k = len(chain)
            here = InBlock(block, self._moves(k))
            chain.append(Both(here, chain[-1]) if chain else here)
        return chain[depth - 1]

    def _moves(self, k: int) -> tuple[tuple[str, str], ...]:
        own = f"{self.stage}blocks."
        moves = [(f"{own}0.", f"{own}{self.offset + k}.")]
        if self.run is not None:
            moves.append((f"{self.run}blocks.0.", f"{self.run}blocks.{k}."))
        return tuple(moves)


def _both(nodes: Sequence[Node]) -> Node:
    """All of some parts; what costs nothing and asks nothing is left out."""
    last = nodes[-1]
    for node in reversed(nodes[:-1]):
        if not _is_nothing(node):
            last = Both(node, last)
    return last


def _is_nothing(node: Node) -> bool:
    return (
        isinstance(node, EdgeChoice)
        and len(node.edges) == 1
        and node.edges[0].then is None
        and not node.edges[0].own
        and not node.edges[0].mask
        and node.edges[0].amounts == nothing()
    )


def _branch(mixer: Amounts | None, extra: Amounts) -> Amounts:
    """A branch: none without a mixer."""
    return nothing() if mixer is None else combine(mixer, extra)


def _of_block(block: BlockParts[Amounts | None, Amounts]) -> list[PartRows[Any]]:
    return [*block.mixers, *block.frame]


def _roots(addresses: Iterable[str]) -> set[str]:
    """The addresses that are no question inside the answer to another."""
    every = set(addresses)
    return {a for a in every if not any(_inside(a, other) for other in every)}


def _inside(address: str, root: str) -> bool:
    return address.startswith(root + ".")


def _combinations(
    parts: Iterable[PartRows[Any]], root: str, shared: Shared | None = None
) -> list[Record]:
    """Every combination of answers to a shared question, those that its answers raise included."""
    found: dict[tuple[Any, ...], Record] = {}
    for part in parts:
        for row in part.rows if shared is None else part.pick_any(shared):
            one = tuple(item for item in row.shared if item[0] == root or _inside(item[0], root))
            if one:
                found.setdefault(tuple((a, type(v), v) for a, v in one), one)
    return list(found.values())
