"""Specs out of the tool: a network as one readable file that imports torch alone."""

from __future__ import annotations

from pathlib import Path

from archdsl.compiler.network import Network
from archdsl.errors import CountError, ExportError

FORMS = ("code",)
"""What a network can be exported to."""


def export(network: Network, to: str = "code", path: Path | None = None) -> str:
    """A network in another form, as text; written to `path` if one is given, whole or not at all.

    Raises ExportError for a form that does not exist, for a component that cannot leave, and
    for a path that cannot be written to.
    """
    if to not in FORMS:
        raise ExportError(f"there is no export to '{to}'.  choose from: {', '.join(FORMS)}")
    from archdsl.cost import Misshapen, count
    from archdsl.exporters.code import code
    from archdsl.exporters.files import write

    try:
        cost = count(network)
    except Misshapen as error:  # what leaves would not run
        raise ExportError(str(error)) from None
    except CountError:  # only the first line of the file would have told
        text = code(network)
    else:
        text = code(network, macs=cost.macs, params=cost.params)
    if path is not None:
        write(path, text)
    return text
