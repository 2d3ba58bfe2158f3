"""How a search is done again: what is typed in its run directory, in a shell that knows POSIX."""

from __future__ import annotations

import shlex
from typing import Any

from archdsl.errors import SpecError
from archdsl.language.nodes import plain
from archdsl.language.settings import SearchSettings
from archdsl.language.write import inline
from archdsl.language.yaml import read
from archdsl.study.report.read import Record

AGAIN = "again"
"""The run directory of the second search, inside that of the first."""

SPACE = "space.yaml"

_OWN_EVALUATE = f"""\
import archdsl

archdsl.search("./{SPACE}", evaluate, out="{AGAIN}")"""


def commands(record: Record) -> str:
    """The same search once more, from the space as it lies in the run directory.

    Paths of data start from the folder of the spec that was named, and code of the user's own may
    have read others from the working directory.
    """
    if record.own_evaluate:
        return _OWN_EVALUATE
    proxy = record.settings["proxy"]
    patches = {f"search.{name}": value for name, value in _changed(record).items()}
    own = proxy.get("datamodule") is not None or proxy.get("module") is not None
    if own or (proxy.get("data") is not None and proxy["data"]["type"] != "digits"):
        patches["search.proxy.folder"] = proxy["folder"]
    started = record.sessions[-1]["machine"].get("folder") if record.sessions else None
    here = '"$OLDPWD"/' if own and started else ""
    words = ["archdsl search", f"{here}{SPACE}", "--out", f"{here}{AGAIN}"]
    for address, value in patches.items():
        words += ["--set", shlex.quote(f"{address}={inline(value)}")]
    line = " ".join(words)
    return f"(cd {shlex.quote(started)} && {line})" if started and here else line


def _changed(record: Record) -> dict[str, Any]:
    """What may change between two starts of a search and did, since the space was written."""
    try:
        tree: Any = plain(read(record.space, SPACE))
    except SpecError:  # the file of a former run, which anybody may have edited
        return {}
    search = tree.get("search", {})
    found = {}
    if record.settings["trials"] != search.get("trials", SearchSettings().trials):
        found["trials"] = record.settings["trials"]
    data = record.settings["proxy"].get("data") or {}
    written = search.get("proxy", {}).get("data")
    if isinstance(written, dict) and "path" in data and data["path"] != written.get("path"):
        found["proxy.data.path"] = data["path"]
    return found
