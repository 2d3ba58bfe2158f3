"""The `search:` section: read, typed, and refused where it asks for what is not built."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from pathlib import Path
from typing import Any, Literal

from archdsl.amounts import bounded
from archdsl.components.component import component
from archdsl.components.options import (
    Bool,
    Bound,
    Duration,
    KindOf,
    Maybe,
    Number,
    OneOf,
    OptionType,
    Text,
)
from archdsl.errors import SpecError
from archdsl.language import (
    engine_section,
    final_section,
    prune_section,
    schedule_section,
    setting,
    settings,
    storage_section,
    typed,
)
from archdsl.language.budget_section import budget, flops, not_built
from archdsl.language.document import Document
from archdsl.language.nodes import Mapping, Node, Scalar, Sequence
from archdsl.language.own_class import own_class
from archdsl.language.positions import POSITIVE, RATE
from archdsl.language.section import mapping
from archdsl.spelling import did_you_mean

_ABOVE_ZERO = Number(False, (Bound("positive number", lambda v: v > 0),))
_NOT_NEGATIVE = Number(False, (Bound("number from 0", lambda v: v >= 0),))

SAMPLERS = ("gp", "tpe", "evolution", "random", "grid")
MEASURES = ("stagewise", "uniform")
KEYS = (
    "maximize", "minimize", "budget", "trials", "sampler", "measure", "random_share", "seed",
    "engine", "shared", "storage", "workers", "per_gpu", "memory", "trial_timeout", "prune", "disk",
    "final", "baselines", "proxy",
)  # fmt: skip
UNSET = ("budget", "measure", "proxy")
"""Those for which `none` says that they are not written, whatever a parent wrote."""
RUNNING: dict[str, OptionType] = {
    "workers": POSITIVE,
    "per_gpu": POSITIVE,
    "memory": Maybe(Number(True, (Bound("amount from 1G on, such as 4G", lambda v: v >= 10**9),))),
    "trial_timeout": Maybe(Duration()),
    "disk": Maybe(Number(True, (Bound("amount from 1M on, such as 20G", lambda v: v >= 10**6),))),
}
PROXY: dict[str, OptionType] = {
    "data": Maybe(KindOf("data")),
    "datamodule": Maybe(Text()),
    "module": Maybe(Text()),
    "folder": Text(),
    "epochs": POSITIVE,
    "steps_per_epoch": Maybe(POSITIVE),
    "validation_steps": Maybe(POSITIVE),
    "validate_every": POSITIVE,
    "batch": POSITIVE,
    "schedule": schedule_section.SCHEDULE["type"],
    "lr": _ABOVE_ZERO,
    "weight_decay": _NOT_NEGATIVE,
    "warmup": _NOT_NEGATIVE,
    "label_smoothing": RATE,
    "size": Maybe(POSITIVE),
    "precision": OneOf(("auto", "32", "bf16", "16")),
    "inherit": Bool(),
}
OWN = ("datamodule", "module")
"""Those that name a class of the user's own."""
WITHOUT = ("weight_decay", "warmup", "label_smoothing")
"""Those of `proxy` that are 0 where there is none of it."""
PROXY_NOT_BUILT = ("optimizer", "seeds")


def check_search(document: Document) -> None:
    """Check the section of a document. Raises SpecError."""
    search_settings(document)


def search_settings(document: Document) -> settings.SearchSettings:
    """The section as settings, defaults filled in. Raises SpecError."""
    node = document.top.get("search")
    section = mapping(node, "search", KEYS, ()) if node is not None else {}
    given: dict[str, Any] = {}
    objectives = _objectives(section)
    section = {k: v for k, v in section.items() if not (k in UNSET and typed.is_none(v))}
    if objectives:
        given["objectives"] = objectives
    if "budget" in section:
        given["budget"] = budget(section["budget"])
    if "trials" in section:
        given["trials"] = setting.scalar(section["trials"], POSITIVE, "search.trials")
    if "sampler" in section:
        given["sampler"], given["sampler_options"] = _sampler(section["sampler"])
    if "measure" in section:
        given["measure"] = setting.scalar(section["measure"], OneOf(MEASURES), "search.measure")
        if given.get("sampler", "").startswith(settings.OPTUNA):
            raise SpecError(
                "Optuna's samplers have no measure",
                address="search.measure",
                mark=section["measure"].mark,
                cure="drop it; it says how the samplers inside the budget draw",
            )
    if "random_share" in section:
        share = setting.maybe(section["random_share"], Maybe(RATE), "search.random_share")
        given["random_share"] = share or 0.0
    if "seed" in section:
        seed = Number(True, (Bound("int that is not negative", lambda v: v >= 0),))
        given["seed"] = setting.scalar(section["seed"], seed, "search.seed")
    for key, type_ in RUNNING.items():
        if key in section:
            given[key] = setting.maybe(section[key], type_, f"search.{key}")
    if "shared" in section and not typed.is_none(section["shared"]):
        given["shared"] = engine_section.shared(section["shared"])
    if "engine" in section:
        given["engine"] = engine_section.engine(section["engine"], given.get("shared"))
    if "final" in section:
        given["final"] = final_section.final(section["final"])
    if "baselines" in section:
        given["baselines"] = final_section.baselines(section["baselines"])
    if "storage" in section:
        given["storage"] = storage_section.storage(section["storage"])
    for key in ("shared", "storage"):
        if given.get(key) is not None:  # what a stranger may not have written to
            document.reach.python(f"search.{key}", f"search.{key}", section[key].mark)
    given["proxy"] = _proxy(section.get("proxy"), document)
    if "prune" in section and not typed.is_none(section["prune"]):
        given["proxy"] = schedule_section.of_a_pruned(given["proxy"], section.get("proxy"))
        sampler = given.get("sampler", settings.SearchSettings().sampler)
        given["prune"] = prune_section.prune(section["prune"], given["proxy"], sampler)
    return settings.SearchSettings(**given)


def _sampler(node: Node) -> tuple[str, dict[str, Any]]:
    """Its name and its options; which of these Optuna knows is found out when it is made."""
    address = "search.sampler"
    named, options = node, dict[str, Node]()
    if isinstance(node, Mapping):
        if "type" not in node.items:
            raise SpecError(
                "a sampler needs a type",
                address=address,
                mark=node.mark,
                cure="write  {type: optuna:TPESampler, multivariate: true}",
            )
        named = node.items["type"]
        options = {key: value for key, value in node.items.items() if key != "type"}
    name = named.value if isinstance(named, Scalar) else None
    if not isinstance(name, str) or not name.startswith(settings.OPTUNA):
        name = str(setting.scalar(named, OneOf(SAMPLERS), address))
        for key, value in options.items():
            raise SpecError(
                f"{name} has no options",
                address=f"{address}.{key}",
                mark=value.mark,
                cure="drop it; options are for Optuna's samplers, as  optuna:TPESampler",
            )
    elif name.removeprefix(settings.OPTUNA) not in settings.OPTUNA_SAMPLERS:
        known = [settings.OPTUNA + one for one in settings.OPTUNA_SAMPLERS]
        hint = did_you_mean(name, known, after="  ")
        raise SpecError(
            f"no sampler is called '{name}'",
            address=address,
            mark=named.mark,
            cure=f"{hint}Optuna's are: {', '.join(known)}",
        )
    return name, {key: _plain(value, f"{address}.{key}") for key, value in options.items()}


def _plain(node: Node, address: str) -> Any:
    """One value of whatever type."""
    try:
        if isinstance(node, Scalar) and typed.expression(node) is None:
            return node.value
        raise SpecError(
            "an option of a sampler is one plain value",
            mark=node.mark,
            cure="write a number, true, false, none or a word",
        )
    except SpecError as error:
        raise error.at(address) from None


DIRECTIONS: tuple[Literal["maximize", "minimize"], ...] = ("maximize", "minimize")


def _objectives(section: MappingOf[str, Node]) -> tuple[settings.Objective, ...]:
    found: list[settings.Objective] = []
    for direction in DIRECTIONS:
        node = section.get(direction)
        if node is None or typed.is_none(node):
            continue
        address = f"search.{direction}"
        items = node.items if isinstance(node, Sequence) else (node,)
        if not items:
            raise SpecError(
                "a list of no objectives",
                address=address,
                mark=node.mark,
                cure=f"name one, or drop {direction}",
            )
        for item in items:
            name = setting.scalar(item, Text(), address)
            if name in ("flops", "flop"):
                raise flops(address, "", item)
            if name in not_built():
                raise SpecError(
                    f"{name} is not implemented",
                    address=address,
                    mark=item.mark,
                    cure=f"costs are: {', '.join(bounded())}",
                )
            if name in (objective.name for objective in found):
                raise SpecError(
                    f"{name} is an objective twice",
                    address=address,
                    mark=item.mark,
                    cure="keep one of them",
                )
            found.append(settings.Objective(name, direction))
    if not found and "maximize" in section:
        raise SpecError(
            "a search has one objective, or two, and these are none",
            address="search.maximize",
            mark=section["maximize"].mark,
            cure="name one, or drop maximize, which is accuracy then",
        )
    if found and all(o.name in bounded() for o in found) and "maximize" not in section:
        # a cost beside what the proxy measures: the usual trade-off
        found.insert(0, settings.Objective("accuracy", "maximize"))
    if len(found) > 2:
        node = section.get("minimize") or section["maximize"]
        raise SpecError(
            "a search has one objective, or two",
            address="search",
            mark=node.mark,
            cure=f"these are {len(found)}: {', '.join(o.name for o in found)}.  keep two, with  "
            f"{found[-1].direction}: none  where a parent set it",
        )
    return tuple(found)


def _proxy(node: Node | None, document: Document) -> settings.ProxySettings:
    if node is None:
        return settings.ProxySettings(data=component("data", "digits"), folder=document.folder)
    section = mapping(node, "search.proxy", tuple(PROXY), PROXY_NOT_BUILT)
    given: dict[str, Any] = {"folder": _folder(section.get("folder"), document)}
    for key, value in section.items():
        address = f"search.proxy.{key}"
        type_ = PROXY[key]
        if key == "folder":
            continue
        if key in OWN:
            if not typed.is_none(value):
                given[key], given[f"{key}_options"] = own_class(value, key, address)
                document.reach.python(f"the {key} {given[key]}", address, value.mark)
        elif key == "data":
            given[key] = (
                None if typed.is_none(value) else _data(value, address, given["folder"], document)
            )
        elif key == "precision" and isinstance(value, Scalar) and isinstance(value.value, int):
            given[key] = setting.scalar(
                Scalar(value.text, value.text, mark=value.mark), type_, address
            )
        elif key == "schedule":
            given |= schedule_section.schedule(value)
        elif key in WITHOUT and typed.is_none(value):
            given[key] = 0.0
        else:
            given[key] = setting.maybe(value, type_, address)
    if given.get("module") is not None and given.get("schedule") == "wsd":
        raise schedule_section.refuse_beside_a_module(section["schedule"])
    named = [key for key in ("data", "datamodule") if given.get(key) is not None]
    if len(named) == 2:
        raise SpecError(
            "data and datamodule both say where the images come from",
            address="search.proxy",
            mark=node.mark,
            cure="keep one, and write  none  for the other where a parent set it",
        )
    if not named and "data" in section:
        raise SpecError(
            "there are no images: data is none, and there is no datamodule",
            address="search.proxy.data",
            mark=section["data"].mark,
            cure="name one of the two, or write  data: digits",
        )
    if not named:
        given["data"] = component("data", "digits")
    return settings.ProxySettings(**given)


def _folder(node: Node | None, document: Document) -> Path:
    """What the paths of the data start from, and where classes of the user's own lie."""
    if node is None:
        return document.folder
    return document.folder / str(setting.scalar(node, Text(), "search.proxy.folder"))


def _data(node: Node, address: str, folder: Path, document: Document) -> Any:
    from archdsl.components.component import of_definition
    from archdsl.components.own import own

    try:
        read = typed.component(node, "data")
    except SpecError as error:
        raise error.at(address) from None
    options: dict[str, Any] = {}
    for name, value in read.options.items():
        here = f"{address}.{name}"
        type_ = read.definition.options[name].type
        if isinstance(type_, Maybe):
            if typed.is_none(value):
                options[name] = None
                continue
            type_ = type_.inner
        options[name] = setting.scalar(value, type_, here)
        if name == "path":
            document.reach.tree(folder / options[name], here, value.mark)
    if own(read.definition):
        document.reach.python(f"the data source {read.definition.name}", address, node.mark)
    return of_definition(read.definition, options)
