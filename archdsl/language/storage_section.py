"""`search.storage`: the database that holds the record, for drivers on several machines."""

from __future__ import annotations

import re
from typing import Any

from archdsl.components.options import Duration, OptionType, Text
from archdsl.errors import SpecError
from archdsl.language import setting, typed
from archdsl.language.nodes import Mapping, Node
from archdsl.language.passwords import as_shown, is_postgresql
from archdsl.language.section import mapping
from archdsl.language.settings import StorageSettings

STORAGE: dict[str, OptionType] = {"url": Text(), "study": Text(), "lease": Duration()}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")

_STORAGE = "search.storage"


def storage(node: Node) -> StorageSettings | None:
    """Where the record is kept, or None for the run directory. Raises SpecError."""
    if typed.is_none(node):
        return None
    if not isinstance(node, Mapping):
        return StorageSettings(_url(node, _STORAGE))
    section = mapping(node, _STORAGE, tuple(STORAGE), ())
    if "url" not in section:
        raise SpecError(
            "it needs a url",
            address=_STORAGE,
            mark=node.mark,
            cure="write  {url: postgresql://USER@HOST/DATABASE},  or name it by  --storage",
        )
    given: dict[str, Any] = {"url": _url(section["url"], f"{_STORAGE}.url")}
    for key in ("study", "lease"):
        if key in section:
            given[key] = setting.scalar(section[key], STORAGE[key], f"{_STORAGE}.{key}")
    if "study" in given and not _NAME.fullmatch(given["study"]):
        raise SpecError(
            f"'{given['study']}' is no name of a study",
            address=f"{_STORAGE}.study",
            mark=section["study"].mark,
            cure="write letters, digits, _ - and . alone, a hundred at most",
        )
    return StorageSettings(**given)


def _url(node: Node, address: str) -> str:
    url = str(setting.scalar(node, STORAGE["url"], address))
    if not is_postgresql(url):
        shown = as_shown(url)
        raise SpecError(
            f"{shown} is no address of a PostgreSQL database",
            address=address,
            mark=node.mark if url in shown else None,  # which quotes the line
            cure="write  postgresql://USER@HOST/DATABASE,  or drop it for a record in the run "
            "directory",
        )
    return url
