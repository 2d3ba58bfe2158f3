"""How a search is done again: what is typed in its run directory, in a shell that knows POSIX."""

from __future__ import annotations

import itertools
import shlex
from operator import itemgetter
from typing import Any

from archdsl.errors import SpecError
from archdsl.language.nodes import plain
from archdsl.language.settings import SearchSettings
from archdsl.language.write import inline
from archdsl.language.yaml import read
from archdsl.study.report.read import Record
from archdsl.units import counted

AGAIN = "again"
"""The run directory of the second search, inside that of the first."""

SPACE = "space.yaml"


def commands(record: Record) -> str:
    """The same search once more, from the space as it lies in the run directory.

    Paths of data start from the folder of the spec that was named, and code of the user's own may
    have read others from the working directory.
    """
    if record.own_evaluate:
        given = "".join(f", {name}={value}" for name, value in _counts(record).items())
        return f'import archdsl\n\narchdsl.search("./{SPACE}", evaluate, out="{AGAIN}"{given})'
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


def workers(record: Record) -> str:
    """How many workers there were, where that changed: then other trials may be proposed."""
    proposed = dict(record.starts)  # the last of those that begin with one
    what = "trial" if record.spent is None else "job"
    changes = [next(its) for _, its in itertools.groupby(proposed.items(), key=itemgetter(1))]
    if len(changes) < 2:
        return ""
    return ", ".join(f"{counted(many, 'worker')} from {what} {first} on" for first, many in changes)


def _changed(record: Record) -> dict[str, Any]:
    """What may change between two starts of a search and did, since the space was written."""
    search = _search_section(record)
    if search is None:
        return {}
    found = _counts(record)
    data = record.settings["proxy"].get("data") or {}
    written = search.get("proxy", {}).get("data")
    if isinstance(written, dict) and "path" in data and data["path"] != written.get("path"):
        found["proxy.data.path"] = data["path"]
    return found


def _counts(record: Record) -> dict[str, Any]:
    """How many trials and workers there were last, where the space says otherwise."""
    search = _search_section(record)
    if search is None:
        return {}
    usual = {"trials": SearchSettings().trials, "workers": SearchSettings().workers}
    was = {name: search.get(name, number) for name, number in usual.items()}
    now = {name: record.settings.get(name, number) for name, number in usual.items()}
    return {name: number for name, number in now.items() if number != was[name]}


def _search_section(record: Record) -> dict[str, Any] | None:
    """That of the space as it was written; None for the file of a former run, if it was edited."""
    try:
        tree: Any = plain(read(record.space, SPACE))
    except SpecError:
        return None
    found: dict[str, Any] = tree.get("search", {})
    return found
