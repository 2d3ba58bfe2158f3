"""A section of the `search:` part of a spec: a mapping whose keys are known."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf

from archdsl.errors import SpecError
from archdsl.language.nodes import Mapping, Node
from archdsl.spelling import did_you_mean


def mapping(
    node: Node, address: str, known: tuple[str, ...], not_built: tuple[str, ...]
) -> MappingOf[str, Node]:
    """What stands under the keys of a section. Raises SpecError for a key that it does not have.

    known: its keys; not_built: those that many expect, and are refused by name
    """
    if not isinstance(node, Mapping):
        raise SpecError(
            "a mapping belongs here",
            address=address,
            mark=node.mark,
            cure=f"{address} takes: {', '.join(known)}",
        )
    for key in node:
        if key in not_built:
            raise SpecError(
                f"{key} is not implemented",
                address=f"{address}.{key}",
                mark=node.marks.get(key),
                cure=f"drop it; {address} takes: {', '.join(known)}",
            )
        if key not in known:
            hint = did_you_mean(key, known, after="  ")
            raise SpecError(
                f"{address} has no key '{key}'",
                address=f"{address}.{key}",
                mark=node.marks.get(key),
                cure=f"{hint}{address} takes: {', '.join(known)}",
            )
    return node.items


def word_or_mapping(
    node: Node, address: str, known: tuple[str, ...], example: str
) -> tuple[MappingOf[str, Node], str]:
    """A section that is a word, its type, or a mapping with that among other keys.

    example: such a mapping, for who leaves the type out
    Returns what stands under its keys, and the address of its type. Raises SpecError.
    """
    if not isinstance(node, Mapping):
        return {"type": node}, address
    section = mapping(node, address, known, ())
    if "type" not in section:
        raise SpecError(
            "it needs a type", address=address, mark=node.mark, cure=f"write  {example}"
        )
    return section, f"{address}.type"
