"""A document as one tree: `extends` followed, patches that wait kept as dotted keys."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf

from archdsl.language import positions
from archdsl.language.decisions import Holes
from archdsl.language.document import Document, Scope
from archdsl.language.holes import Choice, is_hole
from archdsl.language.nodes import Mapping, Mark, Node, Scalar, Sequence


def flat(document: Document, holes: Holes) -> Mapping:
    """The whole document, holes in place and their defaults written where they are not first."""
    items: dict[str, Node] = {
        key: _with_defaults(node, holes) for key, node in document.top.items()
    }
    if document.params:
        items["params"] = Mapping(
            {name: _with_defaults(node, holes) for name, node in document.params.items()},
            _known(document.param_marks),
        )
    if document.block.plain:
        items["block"] = _scope(document.block, holes)
    items["stages"] = Sequence(tuple(_scope(stage, holes) for stage in document.stages))
    return ordered(items, _known(document.marks))


def ordered(items: dict[str, Node], marks: dict[str, Mark] | None = None) -> Mapping:
    """Top-level items in the order of the language, `archdsl: 1` first."""
    items = {"archdsl": Scalar(1, "1"), **items}
    order = list(positions.at("top"))
    in_order = dict(sorted(items.items(), key=lambda item: order.index(item[0])))
    return Mapping(in_order, marks or {})


def _known(marks: MappingOf[str, Mark | None]) -> dict[str, Mark]:
    """The marks of the keys that stand in a text."""
    return {key: mark for key, mark in marks.items() if mark is not None}


def _scope(scope: Scope, holes: Holes) -> Mapping:
    items: dict[str, Node] = {}
    marks = dict(scope.marks)
    for key in positions.at(scope.level):
        if key in scope.plain:
            items[key] = _with_defaults(scope.plain[key], holes)
        if key == "runs" and scope.runs is not None:
            items["runs"] = Sequence(tuple(_scope(run, holes) for run in scope.runs))
    for path, patch in scope.patches.items():
        items[".".join(path)] = _with_defaults(patch.value, holes)
        marks[".".join(path)] = patch.mark
    return Mapping(items, _known(marks), scope.mark)


def _with_defaults(node: Node, holes: Holes) -> Node:
    if isinstance(node, Sequence):
        return Sequence(tuple(_with_defaults(item, holes) for item in node.items), node.mark)
    if not isinstance(node, Mapping):
        return node
    filled = Mapping(
        {key: _with_defaults(value, holes) for key, value in node.items.items()},
        node.marks,
        node.mark,
    )
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
