"""Setting one address of a document: plain keys replace, dotted keys patch, nothing merges."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.errors import SpecError
from archdsl.language import positions
from archdsl.language.document import Document, Patch, Scope
from archdsl.language.holes import is_hole
from archdsl.language.nodes import Mapping, Mark, Node, Scalar, Sequence
from archdsl.language.patch import patched
from archdsl.language.positions import Level
from archdsl.language.typed import is_none
from archdsl.spelling import did_you_mean

MAX_STAGES = 64


@dataclass(frozen=True, slots=True)
class Assignment:
    """One address of a document that is set to a node.

    path: the address in its parts
    origin: a number per file; what an earlier origin wrote below the address is discarded
    """

    document: Document
    address: str
    path: tuple[str, ...]
    node: Node
    mark: Mark | None
    origin: int


def assign(document: Document, address: str, node: Node, mark: Mark | None, origin: int) -> None:
    """Set `address` of `document` to `node`, as a key of a spec does.

    origin: a number per file; what an earlier origin wrote below the address is discarded.
    Raises SpecError for an address that the language does not have.
    """
    path = tuple(address.split("."))
    head = path[0]
    if not all(path):
        raise SpecError(
            "an address has no empty part",
            address=address,
            mark=mark,
            cure="write  stages.2.depth",
        )
    known = positions.at("top")
    if head not in known:
        raise _unknown(head, tuple(known), "a spec", address, mark)
    if not known[head].patched and len(path) > 1:
        raise SpecError(
            f"{head} cannot be patched", address=address, mark=mark, cure=f"write  {head}: ..."
        )
    one = Assignment(document, address, path, node, mark, origin)
    if head == "params":
        _assign_param(one)
    elif head == "block":
        _assign_block(one)
    elif head == "stages":
        _assign_stage(one)
    else:
        _assign_top(one)


def _assign_top(one: Assignment) -> None:
    head = one.path[0]
    if len(one.path) == 1 and positions.at("top")[head].unset and is_none(one.node):
        one.document.top.pop(head, None)
        return
    if len(one.path) == 1:
        _remember(one.document, one.node, one.document.top.get(head))
        one.document.top[head] = one.node
        one.document.marks[head] = one.mark
        if head in positions.at("stage"):
            for stage in one.document.stages:
                _discard(one.document, stage, (head,), one.origin, one.address)
        return
    position = positions.at("top")[head]
    settings = position.role == "settings"
    target = one.document.top.get(head)
    if target is None and isinstance(position.default, str):  # the name of a component
        target = Scalar(position.default, position.default)
    if target is None:
        if not settings:
            raise SpecError(f"there is no {head} to patch", address=one.address, mark=one.mark)
        target = Mapping({}, {}, None)
    _remember(one.document, one.node, _below(target, one.path[1:]))
    one.document.top[head] = patched(
        target, one.path[1:], one.node, address=one.address, mark=one.mark, settings=settings
    )


def _assign_params(one: Assignment) -> None:
    """All params at once: those of a parent are gone, and whoever uses one is told of it."""
    node = Mapping({}) if is_none(one.node) else one.node
    if not isinstance(node, Mapping):
        raise SpecError(
            "a mapping of names belongs here",
            address="params",
            mark=node.mark,
            cure="write  name: value",
        )
    document = one.document
    document.marks["params"] = one.mark
    document.lost_params |= {name: (old, one.mark) for name, old in document.params.items()}
    document.params.clear()
    document.own_params.clear()
    for name, value in node.items.items():
        mark = node.marks.get(name)
        _assign_param(
            Assignment(document, f"params.{name}", ("params", name), value, mark, one.origin)
        )


def _assign_param(one: Assignment) -> None:
    if len(one.path) == 1:
        _assign_params(one)
        return
    name = one.path[1]
    if not name.isidentifier():
        raise SpecError(
            f"'{name}' is no name for a param",
            address=one.address,
            mark=one.mark,
            cure="use letters, digits and _",
        )
    if len(one.path) == 2:
        _remember(one.document, one.node, one.document.params.get(name))
        one.document.params[name] = one.node
        one.document.param_marks[name] = one.mark
        one.document.own_params[name] = one.mark
        return
    if name not in one.document.params:
        if name in one.document.lost_params:
            raise SpecError(
                f"there is no {name} to patch; the whole params: leaves it out",
                address=one.address,
                mark=one.mark,
                cure=f"write the param whole:  params.{name}: ...",
            )
        raise _unknown(name, tuple(one.document.params), "params", one.address, one.mark)
    _remember(one.document, one.node, _below(one.document.params[name], one.path[2:]))
    one.document.params[name] = patched(
        one.document.params[name], one.path[2:], one.node, address=one.address, mark=one.mark
    )


def _assign_block(one: Assignment) -> None:
    if len(one.path) == 1:
        one.document.marks["block"] = one.mark
        old = one.document.block
        one.document.block = read_scope("block", "block", one.node, one.origin)
        for key in positions.at("block", "block"):
            if key in one.document.block.plain:
                _remember(one.document, one.document.block.plain[key], old.plain.get(key))
            for stage in one.document.stages:
                _discard(one.document, stage, (key,), one.origin, one.address)
        return
    _assign_scope(one, one.document.block, one.path[1:])
    if len(one.path) == 2:
        for stage in one.document.stages:
            _discard(one.document, stage, one.path[1:], one.origin, one.address)


def _assign_stage(one: Assignment) -> None:
    if len(one.path) == 1:
        if not isinstance(one.node, Sequence) or not one.node.items:
            raise SpecError(
                "a list of stages belongs here",
                address=one.address,
                mark=one.node.mark,
                cure="write  - {dim: 64, depth: 2}",
            )
        if len(one.node.items) > MAX_STAGES:
            raise SpecError(
                f"a spec has at most {MAX_STAGES} stages, and these are {len(one.node.items)}",
                address=one.address,
                mark=one.mark,
                cure="blocks of one width belong into one stage:  depth: ...",
            )
        for stage in one.document.stages:
            for key, position in positions.at("stage").items():
                if len(position.where) > 1:
                    _discard(one.document, stage, (key,), one.origin, one.address)
        one.document.stages = [
            read_scope(f"stages.{index}", "stage", item, one.origin)
            for index, item in enumerate(one.node.items)
        ]
        one.document.marks["stages"] = one.mark
        return
    stage = _element(one.document.stages, one.path[1], "stage", one.address, one.mark)
    if len(one.path) == 2:
        index = int(one.path[1])
        one.document.stages[index] = read_scope(f"stages.{index}", "stage", one.node, one.origin)
        return
    if one.path[2] == "runs" and len(one.path) > 3:
        if stage.runs is None:
            raise SpecError(f"{stage.address} has no runs", address=one.address, mark=one.mark)
        run = _element(stage.runs, one.path[3], "run", one.address, one.mark)
        if len(one.path) == 4:
            stage.runs[int(one.path[3])] = read_scope(run.address, "run", one.node, one.origin)
        else:
            _assign_scope(one, run, one.path[4:])
        return
    _assign_scope(one, stage, one.path[2:])


def _assign_scope(one: Assignment, scope: Scope, path: tuple[str, ...]) -> None:
    key, known = path[0], positions.at(scope.level)
    if key not in known:
        raise _unknown(key, tuple(known), f"a {scope.level}", one.address, one.mark)
    if len(path) > 1:
        if not known[key].patched:
            raise SpecError(f"{key} has no options to patch", address=one.address, mark=one.mark)
        if key in scope.plain:
            _remember(one.document, one.node, _below(scope.plain[key], path[1:]))
            scope.plain[key] = patched(
                scope.plain[key], path[1:], one.node, address=one.address, mark=one.mark
            )
            return
        if scope.level == "block":
            raise SpecError(
                f"there is no {key} to patch",
                address=one.address,
                mark=one.mark,
                cure=f"write the component whole:  block.{key}: {{type: ..., ...}}",
            )
        older = scope.patches.get(path)
        _remember(one.document, one.node, older.value if older else None)
        _discard(one.document, scope, path, one.origin, one.address)
        scope.patches[path] = Patch(one.node, one.mark, one.origin)
        return
    if known[key].unset and is_none(one.node):
        scope.unset(key)
        return
    _exclude(one.document, scope, key, one.mark, one.address, one.origin)
    if key == "runs":
        scope.runs = _read_runs(scope.address, one.node, one.origin)
        scope.marks["runs"] = one.mark
        scope.origins["runs"] = one.origin
        return
    old = scope.plain.get(key)
    if old is None and scope.level == "stage":
        old = one.document.stage_value(scope, key)
    _remember(one.document, one.node, old)
    scope.plain[key] = one.node
    scope.marks[key] = one.mark
    scope.origins[key] = one.origin
    _discard(one.document, scope, path, one.origin, one.address)


def _exclude(
    document: Document, scope: Scope, key: str, mark: Mark | None, address: str, origin: int
) -> None:
    """A stage has depth or runs; the later file's word holds."""
    other = {"depth": "runs", "runs": "depth"}.get(key)
    if scope.level != "stage" or other is None:
        return
    if (scope.runs if other == "runs" else scope.plain.get("depth")) is None:
        return
    if scope.origins.get(other) == origin:
        raise _depth_or_runs(scope.address, mark)
    document.discarded.append(f"{scope.address}.{other} (replaced by {address})")
    if other == "runs":
        scope.runs = None
    else:
        del scope.plain["depth"]


def read_scope(address: str, level: Level, node: Node, origin: int) -> Scope:
    """A mapping of block, stage or run keys as a Scope. Raises SpecError."""
    known = positions.at(level)
    if level == "block" and is_none(node):
        return Scope(address, level, node.mark)
    if not isinstance(node, Mapping):
        raise SpecError(
            f"a {level} is a mapping of its keys",
            address=address,
            mark=node.mark,
            cure=f"a {level} takes: {', '.join(known)}",
        )
    scope = Scope(address, level, node.mark)
    for key, value in sorted(node.items.items(), key=lambda item: item[0].count(".")):
        path = tuple(key.split("."))
        mark = node.marks.get(key)
        here = f"{address}.{key}"
        if path[0] not in known or not all(path):
            raise _unknown(path[0], tuple(known), f"a {level}", here, mark)
        if len(path) > 1:
            if not known[path[0]].patched:
                raise SpecError(f"{path[0]} has no options to patch", address=here, mark=mark)
            if path[0] in scope.plain:
                scope.plain[path[0]] = patched(
                    scope.plain[path[0]], path[1:], value, address=here, mark=mark
                )
            elif level == "block":
                raise SpecError(f"there is no {path[0]} to patch", address=here, mark=mark)
            else:
                scope.patches[path] = Patch(value, mark, origin)
        elif known[key].unset and is_none(value):
            continue
        elif key == "runs":
            scope.runs = _read_runs(address, value, origin)
            scope.marks[key] = mark
        else:
            scope.plain[key] = value
            scope.marks[key] = mark
        scope.origins[key] = origin
    if level == "stage" and scope.runs is not None and "depth" in scope.plain:
        raise _depth_or_runs(address, node.marks.get("runs"))
    return scope


def _read_runs(address: str, node: Node, origin: int) -> list[Scope]:
    if not isinstance(node, Sequence) or not node.items:
        raise SpecError(
            "a list of runs belongs here",
            address=f"{address}.runs",
            mark=node.mark,
            cure="write  - {depth: 2, token_mixer: ...}",
        )
    return [
        read_scope(f"{address}.runs.{index}", "run", item, origin)
        for index, item in enumerate(node.items)
    ]


def _depth_or_runs(address: str, mark: Mark | None) -> SpecError:
    return SpecError(
        "a stage has depth or runs, not both",
        address=address,
        mark=mark,
        cure="the depth of a stage with runs is the sum of theirs",
    )


def _discard(document: Document, scope: Scope, path: tuple[str, ...], origin: int, by: str) -> None:
    """Drop the patches of earlier origins at and below `path`, in the scope and in its runs."""
    for inner in (scope, *(scope.runs or ())):
        for old in [p for p in inner.patches if p[: len(path)] == path]:
            if inner.patches[old].origin < origin:
                del inner.patches[old]
                gone = f"{inner.address}.{'.'.join(old)}"
                if gone != by:
                    document.discarded.append(f"{gone} (replaced by {by})")


def _element(scopes: list[Scope], index: str, word: str, address: str, mark: Mark | None) -> Scope:
    if index.isdecimal() and int(index) < len(scopes):
        return scopes[int(index)]
    last = len(scopes) - 1
    raise SpecError(
        f"there is no {word} {index}",
        address=address,
        mark=mark,
        cure=f"the {word}s are 0 to {last}" if last >= 0 else "",
    )


def _remember(document: Document, new: Node, old: Node | None) -> None:
    """Note for every hole in `new` what stood in its place, for its default."""
    if old is None:
        return
    if is_hole(new):
        if not is_hole(old):
            document.inherited[id(new)] = (new, old)
    elif isinstance(new, Mapping) and isinstance(old, Mapping):
        for key, value in new.items.items():
            _remember(document, value, old.get(key))
    elif isinstance(new, Sequence) and isinstance(old, Sequence):
        for one, other in zip(new.items, old.items, strict=False):
            _remember(document, one, other)


def _below(node: Node, path: tuple[str, ...]) -> Node | None:
    for key in path:
        if isinstance(node, Mapping) and key in node:
            node = node.items[key]
        elif isinstance(node, Sequence) and key.isdecimal() and int(key) < len(node.items):
            node = node.items[int(key)]
        else:
            return None
    return node


def _unknown(
    key: str, known: tuple[str, ...], what: str, address: str, mark: Mark | None
) -> SpecError:
    hint = did_you_mean(key, known, after="  ")
    if key in ("choice", "range"):
        hint = f"a hole stands for one value, as in  {known[0]}: {{{key}: [...]}};  "
    return SpecError(
        f"{what} has no key '{key}'",
        address=address if "." in address else "",
        mark=mark,
        cure=f"{hint}{what} takes: {', '.join(known)}",
    )
