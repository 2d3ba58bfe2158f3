"""A document as one tree: `extends` followed, patches that wait kept as dotted keys."""

from __future__ import annotations

from archdsl.language import positions
from archdsl.language.decisions import Holes
from archdsl.language.document import Document, Scope
from archdsl.language.holes import Choice, is_hole
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence


def flat(document: Document, holes: Holes) -> Mapping:
    """The whole document, holes in place and their defaults written where they are not first."""
    items: dict[str, Node] = {
        key: _with_defaults(node, holes) for key, node in document.top.items()
    }
    if document.params:
        items["params"] = Mapping(
            {name: _with_defaults(node, holes) for name, node in document.params.items()}
        )
    if document.block.plain:
        items["block"] = _scope(document.block, holes)
    items["stages"] = Sequence(tuple(_scope(stage, holes) for stage in document.stages))
    return ordered(items)


def ordered(items: dict[str, Node]) -> Mapping:
    """Top-level items in the order of the language, `archdsl: 1` first."""
    items = {"archdsl": Scalar(1, "1"), **items}
    order = list(positions.at("top"))
    return Mapping(dict(sorted(items.items(), key=lambda item: order.index(item[0]))))


def _scope(scope: Scope, holes: Holes) -> Mapping:
    items: dict[str, Node] = {}
    for key in positions.at(scope.level):
        if key in scope.plain:
            items[key] = _with_defaults(scope.plain[key], holes)
        if key == "runs" and scope.runs is not None:
            items["runs"] = Sequence(tuple(_scope(run, holes) for run in scope.runs))
    for path, patch in scope.patches.items():
        items[".".join(path)] = _with_defaults(patch.value, holes)
    return Mapping(items)


def _with_defaults(node: Node, holes: Holes) -> Node:
    if isinstance(node, Sequence):
        return Sequence(tuple(_with_defaults(item, holes) for item in node.items))
    if not isinstance(node, Mapping):
        return node
    filled = Mapping({key: _with_defaults(value, holes) for key, value in node.items.items()})
    if not is_hole(node) or "default" in node or id(node) not in holes.by_node:
        return filled
    hole, answer = holes.hole(node), holes.default(node)
    if answer == hole.answers[0]:
        return filled
    if isinstance(hole, Choice):
        option = hole.option(answer)
        assert option is not None
        value = answer if not isinstance(answer, str) else option.label
        return filled.replaced("default", Scalar(value, option.label))
    assert not isinstance(answer, str)
    return filled.replaced("default", Scalar(answer, str(answer)))
