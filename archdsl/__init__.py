"""archdsl: architecture search for vision backbones, with exact budgets.

A spec is a tree of plain values. A search space is the same tree with holes. A winner is the
same tree with the holes filled. Everything public is a verb on that tree.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from archdsl.version import VERSION as __version__

_HOME = {
    "load": "archdsl.api",
    "loads": "archdsl.api",
    "dump": "archdsl.api",
    "build": "archdsl.api",
    "count": "archdsl.api",
    "fuse": "archdsl.api",
    "space": "archdsl.api",
    "search": "archdsl.api",
    "export": "archdsl.api",
    "Spec": "archdsl.specification",
    "Space": "archdsl.spaces",
    "Candidate": "archdsl.study",
    "macs": "archdsl.cost",
    **dict.fromkeys(
        ("token_mixer", "channel_mixer", "norm", "act", "layer", "query", "key", "value", "out",
         "pos_embed", "head", "data"),
        "archdsl.registry",
    ),
    **dict.fromkeys(
        ("Odd", "Positive", "PositiveNumber", "Fraction", "Act", "Norm", "Layer", "Query", "Key",
         "Value", "Out"),
        "archdsl.options",
    ),
}  # fmt: skip

__all__ = ["__version__", *_HOME]


class _Package(ModuleType):
    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HOME and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'archdsl' has no attribute '{name}'")
    found = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = found
    return found
