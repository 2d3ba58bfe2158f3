"""`search.prune`: which trainings are put aside, and when."""

from __future__ import annotations

from typing import Any

from archdsl.components.options import Bound, Number, OneOf, OptionType
from archdsl.errors import SpecError
from archdsl.language import setting, typed
from archdsl.language.nodes import Node, Sequence
from archdsl.language.positions import POSITIVE
from archdsl.language.section import word_or_mapping
from archdsl.language.settings import OPTUNA, ProxySettings, PruneSettings

PRUNERS = ("asha", "hyperband")
PRUNE: dict[str, OptionType] = {
    "type": OneOf(PRUNERS),
    "rungs": POSITIVE,
    "reduction": Number(True, (Bound("int of at least 2", lambda v: v >= 2),)),
    "score": POSITIVE,
}

_PRUNE = "search.prune"


def prune(node: Node, proxy: ProxySettings, sampler: str) -> PruneSettings | None:
    """What is put aside, or None where nothing is. Raises SpecError.

    proxy: the training that the rungs are parts of
    """
    if typed.is_none(node):
        return None
    if sampler.startswith(OPTUNA):
        raise SpecError(
            "Optuna's samplers are told of a trial once, when it is whole",
            address=_PRUNE,
            mark=node.mark,
            cure="drop it, or choose a sampler of archdsl's:  gp tpe evolution random grid",
        )
    example = "{type: asha, reduction: 3}"
    section, at_type = word_or_mapping(node, _PRUNE, tuple(PRUNE), example)
    given: dict[str, Any] = {"type": setting.scalar(section["type"], PRUNE["type"], at_type)}
    for key in ("reduction", "score"):
        if key in section:
            given[key] = setting.scalar(section[key], PRUNE[key], f"{_PRUNE}.{key}")
    if proxy.schedule == "wsd":
        given.setdefault("score", 1)  # what a branch ends with; before, it is still cooling down
    if "rungs" in section:
        given["rungs"] = _rungs(section["rungs"], proxy)
    else:
        made = PruneSettings(rungs=(), **given)
        given["rungs"] = _usual(proxy, made, node)
    return PruneSettings(**given)


def _usual(proxy: ProxySettings, made: PruneSettings, node: Node) -> tuple[int, ...]:
    """The whole training, a third of it (or what the reduction is), a third of that, and so on.

    As long as there are as many validations as the score is the mean of, and epochs to tell by.
    """
    every, least = proxy.validate_every, made.score * proxy.validate_every
    why = f"a score is the mean of {made.score} validations"
    if proxy.schedule == "wsd" and least < _LEAST:
        least, why = _LEAST, f"none is after fewer than {_LEAST} unless it is written"
    found, part = [proxy.epochs], proxy.epochs / made.reduction
    while (rung := round(part / every) * every) >= least and rung < found[0]:
        found.insert(0, rung)
        part /= made.reduction
    if len(found) == 1:
        short = max(every, rung)
        own = f"write  rungs: [{short}]  or others, or " if short < proxy.epochs else ""
        raise SpecError(
            f"{proxy.epochs} epochs leave no rung: {why}, and one in {made.reduction} of these "
            "epochs has fewer",
            address=_PRUNE,
            mark=node.mark,
            cure=f"{own}train for {made.reduction * least} epochs",
        )
    return tuple(found)


def _rungs(node: Node, proxy: ProxySettings) -> tuple[int, ...]:
    """The rungs as they are written, and the whole training after them."""
    address = f"{_PRUNE}.rungs"
    items = node.items if isinstance(node, Sequence) else (node,)
    found = list[int]()
    for index, item in enumerate(items):
        at = f"{address}.{index}" if isinstance(node, Sequence) else address
        rung = int(setting.scalar(item, PRUNE["rungs"], at))
        if found and rung <= found[-1]:
            raise SpecError(
                f"{rung} comes after {found[-1]}", address=at, mark=item.mark, cure=_ASCENDING
            )
        if rung > proxy.epochs:
            raise SpecError(
                f"a training has {proxy.epochs} epochs, and a rung is to be after {rung}",
                address=at,
                mark=item.mark,
                cure=f"write at most {proxy.epochs}, or set search.proxy.epochs",
            )
        if rung % proxy.validate_every and rung != proxy.epochs:
            raise SpecError(
                f"after {rung} epochs there is no validation",
                address=at,
                mark=item.mark,
                cure=f"write a multiple of search.proxy.validate_every, {proxy.validate_every}",
            )
        found.append(rung)
    if not found or found == [proxy.epochs]:
        raise SpecError(
            "there is no rung before the end of a training",
            address=address,
            mark=node.mark,
            cure=f"{_ASCENDING}; without rungs they are made from search.proxy.epochs",
        )
    return tuple(found) if found[-1] == proxy.epochs else (*found, proxy.epochs)


_LEAST = 3
"""Epochs of the first rung where branches are compared: after fewer they order next to nothing."""

_ASCENDING = "write epochs in ascending order, as  rungs: [3, 10, 30]"
