"""A file of code as it runs where there is no archdsl."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from archdsl.compiler.network import Network
from archdsl.exporters.registry import Files, Run


def run_code(files: Files, network: Network, state: Mapping[str, Tensor]) -> Run:
    """The model of the file's factory, with the weights. Raises ImportError where it needs archdsl.

    The factory is the last function of the file that is named after the network.
    """
    from archdsl.exporters.factory import function_name
    from archdsl.exporters.preprocess import CLASSES, PREPROCESS

    ((name, text),) = files.items()
    names: dict[str, Any] = {"__name__": "exported", "__builtins__": _BUILTINS}
    exec(compile(text, name, "exec"), names)
    candidates = (function_name(network.name, taken) for taken in ((), (CLASSES, PREPROCESS)))
    factory = next(names[one] for one in candidates if one in names)
    model: nn.Module = factory().eval()
    model.load_state_dict(state)
    return model


def _import(name: str, *args: Any, **kwargs: Any) -> Any:
    if name.partition(".")[0] == "archdsl":
        raise ImportError(f"the exported file imports {name}")
    return builtins.__import__(name, *args, **kwargs)


_BUILTINS = {**vars(builtins), "__import__": _import}
