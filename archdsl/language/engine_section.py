"""`search.engine` and `search.shared`: what runs the jobs, and the folder of all its machines."""

from __future__ import annotations

from typing import Any

from archdsl.components.options import Bound, Maybe, Number, OneOf, OptionType, Text
from archdsl.errors import SpecError
from archdsl.language import setting
from archdsl.language.nodes import Node
from archdsl.language.positions import POSITIVE
from archdsl.language.section import word_or_mapping
from archdsl.language.settings import SHARED_SCHEMES, EngineSettings

ENGINES = ("local", "ray")
ENGINE: dict[str, OptionType] = {
    "type": OneOf(ENGINES),
    "num_cpus": POSITIVE,
    "num_gpus": Maybe(Number(False, (Bound("number from 0", lambda v: v >= 0),))),
    "address": Maybe(Text()),
}

_ENGINE, _SHARED = "search.engine", "search.shared"


def engine(node: Node, shared: str | None) -> EngineSettings:
    """What runs the jobs. shared: the folder of all machines, if any. Raises SpecError."""
    section, at_type = word_or_mapping(node, _ENGINE, tuple(ENGINE), "{type: ray, num_cpus: 2}")
    given: dict[str, Any] = {"type": setting.scalar(section["type"], ENGINE["type"], at_type)}
    for key, value in section.items():
        if key == "type":
            continue
        address = f"{_ENGINE}.{key}"
        if given["type"] == "local":
            raise SpecError(
                "the engine of this machine has no options",
                address=address,
                mark=value.mark,
                cure="drop it, or write  type: ray; search.workers says how many it runs at once",
            )
        given[key] = setting.maybe(value, ENGINE[key], address)
    if given.get("address") == "":
        raise SpecError(
            "an address of nothing",
            address=f"{_ENGINE}.address",
            mark=section["address"].mark,
            cure="write  HOST:PORT,  or  auto  for the cluster of this machine, or drop it",
        )
    share = given.get("num_gpus")
    if share is not None and share > 1 and share != int(share):
        raise SpecError(
            f"a job takes whole GPUs or a part of one, and this is {share:g}",
            address=f"{_ENGINE}.num_gpus",
            mark=section["num_gpus"].mark,
            cure="write a whole number, or one below 1",
        )
    if given["type"] == "ray" and shared is None:
        raise SpecError(
            "jobs on other machines leave their checkpoints in a folder that all of them reach",
            address=_ENGINE,
            mark=node.mark,
            cure="name it, as in  search.shared: file:///mnt/shared/digits  or  s3://bucket/digits",
        )
    return EngineSettings(**given)


def shared(node: Node) -> str:
    """The URL of the folder of all machines. Raises SpecError."""
    url = str(setting.scalar(node, Text(), _SHARED))
    scheme, found, rest = url.partition("://")
    known = " ".join(f"{one}://" for one in SHARED_SCHEMES)
    if not found:
        there = url if url.startswith("/") else f"/path/to/{url.lstrip('./~')}"
        raise SpecError(
            f"'{url}' is no URL, and may be another folder on another machine",
            address=_SHARED,
            mark=node.mark,
            cure=f"write  file://{there}  for a folder that every machine has under that path",
        )
    if scheme not in SHARED_SCHEMES:
        raise SpecError(
            f"{scheme}:// is not known to keep a file whole or not at all",
            address=_SHARED,
            mark=node.mark,
            cure=f"write one of  {known}",
        )
    if not rest.strip("/") or (scheme == "file" and not rest.startswith("/")):
        raise SpecError(
            f"'{url}' names no folder",
            address=_SHARED,
            mark=node.mark,
            cure="write  file:///mnt/shared/digits  or  s3://bucket/digits",
        )
    return url.rstrip("/")
