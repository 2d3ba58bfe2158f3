"""One option of a value changed: the dotted keys of a spec.

A patch turns a bare name into a mapping and never goes through a choice or a `$`.
"""

from __future__ import annotations

from archdsl.errors import SpecError
from archdsl.language.holes import is_hole
from archdsl.language.nodes import Mapping, Mark, Node, Scalar, Sequence


def patched(
    node: Node,
    path: tuple[str, ...],
    value: Node,
    *,
    address: str,
    mark: Mark | None,
    settings: bool = False,
) -> Node:
    """`node` with the value at `path` replaced; everything beside the path is the same object.

    address, mark: where the patch is written, for errors
    settings: a key on the way that is missing or none is created, as in `search.proxy.epochs`
    """

    def refuse(problem: str, cure: str = "") -> SpecError:
        return SpecError(problem, address=address, mark=mark, cure=cure)

    key, rest = path[0], path[1:]
    if is_hole(node):
        raise refuse(
            "cannot patch an option through a choice; "
            f"write the choice out with its {_plural(path[-1])}"
        )
    if isinstance(node, Scalar) and isinstance(node.value, str):
        if node.value.startswith("$"):
            raise refuse(
                f"cannot patch an option through {node.value}; "
                f"change the param, or write the component out with its {path[-1]}"
            )
        node = Mapping({"type": node}, {}, node.mark)
    if isinstance(node, Sequence):
        if not key.isdecimal() or int(key) >= len(node.items):
            raise refuse(f"there is no element {key}; the list has {len(node.items)}")
        items = list(node.items)
        index = int(key)
        items[index] = _inner(items[index], rest, value, address, mark, settings)
        return Sequence(tuple(items), node.mark)
    if key == "0" and rest and isinstance(node, Mapping) and key not in node:
        # a single layer stands for a list of one, and has that address everywhere else
        return patched(node, rest, value, address=address, mark=mark, settings=settings)
    if not isinstance(node, Mapping):
        what = node.text if isinstance(node, Scalar) else "that"
        raise refuse(f"{what} has no options to patch", "write the component whole")
    if not rest and key == "type" and not settings:
        component = address.removesuffix(".type")
        raise refuse(
            "the type of a component is not an option of it",
            f"write the component whole:  {component}: {{type: ..., ...}}",
        )
    inner = node.get(key)
    if settings and isinstance(inner, Scalar) and inner.value is None:
        inner = None
    if inner is None and rest:
        if not settings:
            raise refuse(f"there is no '{key}' written there to patch", f"write {key} out whole")
        inner = Mapping({}, {}, None)
    new = value if not rest else _inner(inner, rest, value, address, mark, settings)
    return node.replaced(key, new, mark)


def _inner(
    node: Node | None,
    rest: tuple[str, ...],
    value: Node,
    address: str,
    mark: Mark | None,
    settings: bool,
) -> Node:
    if not rest:
        return value
    assert node is not None
    return patched(node, rest, value, address=address, mark=mark, settings=settings)


def _plural(word: str) -> str:
    return word if word.endswith("s") else f"{word}s"
