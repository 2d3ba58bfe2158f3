"""`search.proxy.schedule`: how the rate of a training falls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archdsl.components.options import Bound, Number, OneOf, OptionType
from archdsl.errors import SpecError
from archdsl.language import setting
from archdsl.language.nodes import Mapping, Node
from archdsl.language.section import word_or_mapping
from archdsl.language.settings import ProxySettings

SCHEDULES = ("cosine", "wsd")
SCHEDULE: dict[str, OptionType] = {
    "type": OneOf(SCHEDULES),
    "cooldown": Number(False, (Bound("number above 0 and below 1", lambda v: 0 < v < 1),)),
}

_SCHEDULE = "search.proxy.schedule"
_EXAMPLE = "{type: wsd, cooldown: 0.2}"


def schedule(node: Node) -> dict[str, Any]:
    """The settings of the proxy that it says. Raises SpecError."""
    section, at_type = word_or_mapping(node, _SCHEDULE, tuple(SCHEDULE), _EXAMPLE)
    given = {"schedule": setting.scalar(section["type"], SCHEDULE["type"], at_type)}
    if "cooldown" in section:
        given["cooldown"] = setting.scalar(
            section["cooldown"], SCHEDULE["cooldown"], f"{_SCHEDULE}.cooldown"
        )
        if given["schedule"] != "wsd":
            raise SpecError(
                "a cosine falls from the first step after the warm-up on, and has no cooldown",
                address=f"{_SCHEDULE}.cooldown",
                mark=section["cooldown"].mark,
                cure=f"drop it, or write  {_EXAMPLE}",
            )
    return given


def of_a_pruned(proxy: ProxySettings, section: Node | None) -> ProxySettings:
    """The proxy of a search that prunes: with `wsd`, unless the section says another schedule.

    A cosine that is cut short orders networks worse. The rate of a module is its own.
    """
    said = isinstance(section, Mapping) and "schedule" in section.items
    return proxy if said or proxy.module is not None else replace(proxy, schedule="wsd")


def refuse_beside_a_module(node: Node) -> SpecError:
    """What is said where a module of the user's own has the rate to itself."""
    return SpecError(
        "the rate is the module's own",
        address=_SCHEDULE,
        mark=node.mark,
        cure="drop it, and say the schedule in the module's configure_optimizers",
    )
