"""`search.final` and `search.baselines`: what is trained anew at the end, and beside what."""

from __future__ import annotations

from typing import Any

from archdsl.components.options import Bound, Maybe, Number, OptionType
from archdsl.errors import SpecError
from archdsl.language import setting, typed
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence
from archdsl.language.positions import POSITIVE
from archdsl.language.section import mapping
from archdsl.language.settings import FinalSettings

FINAL: dict[str, OptionType] = {
    "keep": POSITIVE,
    "seeds": Number(True, (Bound("int of at least 2", lambda v: v >= 2),)),
    "epochs": Maybe(POSITIVE),
}

_FINAL, _BASELINES = "search.final", "search.baselines"


def final(node: Node) -> FinalSettings | None:
    """The final round as it is written; None where there is to be none. Raises SpecError."""
    if typed.is_none(node):
        return None
    if not isinstance(node, Mapping):
        raise SpecError(
            "a mapping belongs here",
            address=_FINAL,
            mark=node.mark,
            cure=f"write  {{keep: 5, seeds: 3}}  or  none; {_FINAL} takes: {', '.join(FINAL)}",
        )
    given: dict[str, Any] = {"asked": True}
    for key, value in mapping(node, _FINAL, tuple(FINAL), ()).items():
        given[key] = setting.maybe(value, FINAL[key], f"{_FINAL}.{key}")
    return FinalSettings(**given)


def baselines(node: Node) -> tuple[str, ...]:
    """The baselines as they are written: names of shipped specs, and paths. Raises SpecError."""
    if typed.is_none(node):
        return ()
    items = node.items if isinstance(node, Sequence) else [node]
    found: list[str] = []
    for index, item in enumerate(items):
        address = f"{_BASELINES}.{index}" if isinstance(node, Sequence) else _BASELINES
        if not isinstance(item, Scalar) or not isinstance(item.value, str) or not item.value:
            raise SpecError(
                "a baseline is a spec: a shipped one's name, or a path",
                address=address,
                mark=item.mark,
                cure="write  baselines: [poolformer_s12, ./mine.yaml]",
            )
        if item.value in found:
            raise SpecError(
                f"{item.value} is a baseline twice",
                address=address,
                mark=item.mark,
                cure="keep one of them",
            )
        found.append(item.value)
    return tuple(found)
