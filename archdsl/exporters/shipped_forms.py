"""The forms that come with archdsl. What makes them needs torch, and is imported when it runs."""

from __future__ import annotations

from archdsl.compiler.network import Network
from archdsl.data.preprocessing import Preprocessing
from archdsl.errors import CountError, ExportError
from archdsl.exporters.registry import Files, form


@form("code")
def _code(network: Network, preprocessing: Preprocessing | None = None) -> Files:
    """one Python file that imports torch alone"""
    from archdsl.cost import Misshapen, count
    from archdsl.exporters.code import code

    try:
        cost = count(network)
    except Misshapen as error:  # what leaves would not run
        raise ExportError(str(error)) from None
    except CountError:  # only the first line of the file would have told
        text = code(network, preprocessing)
    else:
        text = code(network, preprocessing, macs=cost.macs, params=cost.params)
    return {f"{network.name}.py": text}
