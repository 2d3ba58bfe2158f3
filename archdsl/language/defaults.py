"""The default of a hole: as written, else what the parent had there, else its first answer."""

from __future__ import annotations

from archdsl.components.defaults import REQUIRED, Part, same
from archdsl.components.options import KindOf, ListOf, Maybe, OneOf, OptionType, OptionValue
from archdsl.components.registry import find, other_name
from archdsl.errors import SpecError
from archdsl.language import typed
from archdsl.language.decisions import Holes
from archdsl.language.document import Document
from archdsl.language.holes import Answer, Choice, Hole, is_hole, normalise, read_hole
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence


def settle(
    document: Document,
    holes: Holes,
    node: Mapping,
    type_: OptionType,
    outer: Node | None,
) -> None:
    """Note the default answer of a hole, and of the holes inside the option it picks.

    outer: the value of the enclosing scope; what a parent file had there goes before it.
    Raises SpecError for a `default:` that is no member.
    """
    hole = holes.hole(node)
    if hole.default_node is not None:
        answer = _given(hole, hole.default_node, type_)
        if answer is None:
            raise SpecError(
                "the default is not among the answers",
                mark=hole.default_node.mark,
                cure="choose from " + " ".join(_labels(hole)),
            )
        _set(holes, node, answer, hole.default_node, type_)
        return
    for old in (document.inherited.get(id(node), (None, None))[1], outer):
        if old is None or is_hole(old) or id(node) in holes.defaults:
            continue
        answer = _member(hole, old, type_)
        if answer is not None:
            _set(holes, node, answer, old, type_)


def _labels(hole: Hole) -> list[str]:
    if isinstance(hole, Choice):
        return [option.label for option in hole.options]
    return [f"{hole.low} to {hole.high} in steps of {hole.step}"]


def _given(hole: Hole, node: Node, type_: OptionType) -> Answer | None:
    if isinstance(node, Scalar):
        try:
            return normalise(hole, node.text if node.value is None else node.value, "")
        except SpecError:
            pass
    return _member(hole, node, type_)


def _member(hole: Hole, value: Node, type_: OptionType) -> Answer | None:
    """The answer under which `value` is a member of the hole, or None."""
    if isinstance(hole, Choice):
        for option in hole.options:
            if fits(option.node, value, type_):
                return option.answer
        return None
    if isinstance(value, Scalar):
        for number in hole.answers:
            if number == value.value and not isinstance(value.value, bool):
                return number
    return None


def _set(holes: Holes, node: Node, answer: Answer, value: Node, type_: OptionType) -> None:
    """Record the default, and those of the holes inside the chosen option that `value` fixes."""
    holes.defaults[id(node)] = answer
    hole = holes.hole(node)
    if isinstance(hole, Choice):
        option = hole.option(answer)
        assert option is not None
        _fix(holes, option.node, value, type_)


def _fix(holes: Holes, node: Node, value: Node, type_: OptionType) -> None:
    if isinstance(type_, ListOf) and isinstance(node, Sequence):
        items = value.items if isinstance(value, Sequence) else (value,)
        for one, other in zip(node.items, items, strict=False):
            _fix(holes, one, other, type_.inner)
        return
    if isinstance(type_, (Maybe, ListOf)):
        _fix(holes, node, value, type_.inner)
        return
    if isinstance(node, Mapping) and is_hole(node):
        hole = holes.hole(node)
        answer = _member(hole, value, type_)
        if answer is not None and hole.default_node is None:
            _set(holes, node, answer, value, type_)
        return
    if isinstance(node, Mapping) and isinstance(value, Mapping) and isinstance(type_, KindOf):
        options = typed.component(node, type_.kind).definition.options
        for key, inner in node.items.items():
            if key in value and key in options:
                _fix(holes, inner, value.items[key], options[key].type)


def fits(node: Node, value: Node | OptionValue, type_: OptionType) -> bool:
    """Whether `value` (a node, or a signature's default) is what `node` can stand for."""
    if isinstance(type_, Maybe):
        if isinstance(node, Scalar) and node.value is None:
            return value is None or (isinstance(value, Scalar) and value.value is None)
        return value is not None and fits(node, value, type_.inner)
    if is_hole(node):
        assert isinstance(node, Mapping)
        hole = read_hole(node)
        if isinstance(hole, Choice):
            return any(fits(option.node, value, type_) for option in hole.options)
        plain = value.value if isinstance(value, Scalar) else value
        return not isinstance(plain, bool) and plain in hole.answers
    if isinstance(value, (Scalar, Mapping, Sequence)) and is_hole(value):
        return False
    if isinstance(type_, KindOf):
        return _same_component(node, value, type_.kind)
    if isinstance(type_, ListOf):
        return _same_list(node, value, type_)
    if not isinstance(node, Scalar):
        return False
    one, other = node.value, value.value if isinstance(value, Scalar) else value
    if isinstance(type_, OneOf):
        one, other = type_.word(one), type_.word(other)
    return same(one, other)


def _same_list(node: Node, value: Node | OptionValue, type_: ListOf) -> bool:
    mine = node.items if isinstance(node, Sequence) else (node,)
    theirs = _items(value)
    if len(mine) != len(theirs):
        return False
    return all(fits(one, other, type_.inner) for one, other in zip(mine, theirs, strict=True))


def _items(value: Node | OptionValue) -> tuple[Node | OptionValue, ...]:
    if isinstance(value, Sequence):
        return value.items
    return value if isinstance(value, tuple) else (value,)


def _same_component(node: Node, value: Node | OptionValue, kind: str) -> bool:
    one = _parts(node, kind)
    other = _parts(value, kind)
    if one is None or other is None or one[0] != other[0]:
        return False
    definition = find(kind, one[0])
    if definition is None:
        return False
    for name, option in definition.options.items():
        mine, theirs = one[1].get(name, option.default), other[1].get(name, option.default)
        if mine is theirs or (mine is REQUIRED and theirs is REQUIRED):
            continue
        if isinstance(mine, (Scalar, Mapping, Sequence)):
            if not fits(mine, theirs, option.type):
                return False
        elif isinstance(theirs, (Scalar, Mapping, Sequence)):
            if not fits(theirs, mine, option.type):
                return False
        elif mine != theirs:
            return False
    return True


def _parts(
    value: Node | OptionValue, kind: str
) -> tuple[str, dict[str, Node | OptionValue]] | None:
    """A component as its name and the options that it sets."""
    match value:
        case Scalar():
            return _named(kind, value.value, {})
        case Mapping():
            name = value.get("type")
            options = {k: v for k, v in value.items.items() if k not in ("type", "label")}
            return _named(kind, name.value, options) if isinstance(name, Scalar) else None
        case Part():
            return value.type, dict(value.options)
    return None


def _named(
    kind: str, name: OptionValue, options: dict[str, Node | OptionValue]
) -> tuple[str, dict[str, Node | OptionValue]] | None:
    if not isinstance(name, str):
        return None
    other = other_name(kind, name)
    return (name, options) if other is None else (other.type, {**dict(other.options), **options})
