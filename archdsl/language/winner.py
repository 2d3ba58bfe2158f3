"""A space with its holes filled, written as its author would: `$width` stays, params stay
where they are used, and answers per block become run-length `runs:`.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from itertools import groupby

from archdsl.language import positions, typed
from archdsl.language.decisions import Holes, Place
from archdsl.language.document import Document, Scope
from archdsl.language.flatten import ordered
from archdsl.language.holes import Answer, Hole
from archdsl.language.nodes import Mapping, Node, Plain, Scalar, Sequence, plain
from archdsl.language.resolve import Resolver


@dataclass(frozen=True, slots=True)
class _Blocks:
    """What the blocks of one stage have for each block key, block by block."""

    values: dict[str, list[Node | None]]
    depth: int

    def uniform(self, key: str) -> bool:
        return len({_text(node) for node in self.values[key]}) == 1


def filled(document: Document, holes: Holes, answers: MappingOf[str, Answer]) -> Mapping:
    """The document as a tree without holes, fixed by recorded answers."""

    def recorded(address: str, hole: Hole) -> Answer:
        return answers[address]

    resolver = Resolver(document, holes, recorded)
    items: dict[str, Node] = {
        key: resolver.fill(document.top[key]) for key in document.top if _used(document, key)
    }
    stages = [_blocks(resolver, index) for index in range(len(document.stages))]
    shared = {key: _shared(document, stages, key) for key in positions.at("block", "block")}
    skeleton = positions.at("block", "skeleton")
    block = {key: node for key, node in document.block.plain.items() if key in skeleton}
    block |= {key: node for key, node in shared.items() if node is not None}
    if block:
        items["block"] = Mapping(block)
    items["stages"] = Sequence(
        tuple(
            _stage(resolver, document, index, blocks, shared) for index, blocks in enumerate(stages)
        )
    )
    params = _used_params(resolver, items.values())
    if params:
        items["params"] = Mapping(params)
    return ordered(items)


def _used(document: Document, key: str) -> bool:
    """Whether a top-level key says something of some stage; holes in the others are not asked."""
    if positions.at("top")[key].role == "settings":
        return False
    if key not in positions.at("stage"):
        return True
    own = document.top[key]
    return any(document.stage_value(stage, key) is own for stage in document.stages)


def _blocks(resolver: Resolver, index: int) -> _Blocks:
    document = resolver.document
    stage = document.stages[index]
    values: dict[str, list[Node | None]] = {key: [] for key in positions.at("stage", "block")}
    count = 0
    for number, run in enumerate(stage.runs) if stage.runs is not None else [(None, None)]:
        for k in range(_depth(resolver, run or stage)):
            place = Place(index, count, number, k)
            for key, listed in values.items():
                node = document.block_value(stage, run, key)
                listed.append(None if node is None else resolver.fill(node, place))
            count += 1
    return _Blocks(values, count)


def _depth(resolver: Resolver, scope: Scope) -> int:
    node = resolver.fill(scope.plain["depth"])
    depth: int = resolver.value(node, positions.RUN_DEPTH, f"{scope.address}.depth")
    return depth


def _shared(document: Document, stages: list[_Blocks], key: str) -> Node | None:
    """The value that belongs under `block:`: the one that all have, or the author's own."""
    values = [node for stage in stages for node in stage.values[key]]
    if len({_text(node) for node in values}) == 1:
        return values[0]
    own = document.block.plain.get(key)
    if own is None:
        return None
    for stage, blocks in zip(document.stages, stages, strict=True):
        untouched = document.stage_value(stage, key) is own and stage.runs is None
        if untouched and blocks.uniform(key) and _text(blocks.values[key][0]) == _text(own):
            return own
    return None


def _stage(
    resolver: Resolver,
    document: Document,
    index: int,
    blocks: _Blocks,
    shared: MappingOf[str, Node | None],
) -> Mapping:
    stage = document.stages[index]
    items: dict[str, Node] = {
        position.name: resolver.fill(node, Place(stage=index))
        for position, node in document.stage_values(stage)
        if node is not document.inherited_by_stages(position.name)
    }
    differing = [key for key in blocks.values if not blocks.uniform(key)]
    if differing:
        items["runs"] = _runs(blocks, differing)
    elif stage.runs is None:
        items["depth"] = resolver.fill(stage.plain["depth"])
    else:
        items["depth"] = Scalar(blocks.depth, str(blocks.depth))
    for key, values in blocks.values.items():
        value = values[0]
        if key not in differing and value is not None and _text(value) != _text(shared[key]):
            items[key] = value
    return Mapping({key: items[key] for key in positions.at("stage") if key in items})


def _runs(blocks: _Blocks, keys: list[str]) -> Sequence:
    rows = [tuple(blocks.values[key][k] for key in keys) for k in range(blocks.depth)]
    runs: list[Node] = []
    for _, group in groupby(rows, key=lambda row: tuple(_text(node) for node in row)):
        members = list(group)
        run: dict[str, Node] = {"depth": Scalar(len(members), str(len(members)))}
        run |= {k: node for k, node in zip(keys, members[0], strict=True) if node is not None}
        runs.append(Mapping(run))
    return Sequence(tuple(runs))


def _used_params(resolver: Resolver, nodes: Iterable[Node]) -> dict[str, Node]:
    """The params that the tree still uses, filled, in their order."""
    reached: set[str] = set()
    waiting = [name for node in nodes for name in _names(node)]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _names(resolver.param(name))
    return {name: resolver.param(name) for name in resolver.document.params if name in reached}


def _names(node: Node) -> list[str]:
    match node:
        case Scalar():
            found = typed.expression(node)
            return list(found.names) if found else []
        case Sequence():
            return [name for item in node.items for name in _names(item)]
        case Mapping():
            return [name for value in node.items.values() for name in _names(value)]


def _text(node: Node | None) -> str:
    """A text that is equal for equal values: 1, 1.0 and true differ."""

    def strict(value: Plain) -> object:
        if isinstance(value, dict):
            return {key: strict(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [strict(inner) for inner in value]
        return (type(value).__name__, value)

    return "absent" if node is None else repr(strict(plain(node)))
