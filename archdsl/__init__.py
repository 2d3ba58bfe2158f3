"""archdsl: architecture search for vision backbones, with exact budgets.

A spec is a tree of plain values. A search space is the same tree with holes. A winner is the
same tree with the holes filled. Everything public is a verb on that tree, or a decorator that
registers a component of one's own.

The names load what they need when they are first asked for, so that importing this is nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from archdsl.version import VERSION as __version__

if TYPE_CHECKING:
    from archdsl.api import build as build
    from archdsl.api import count as count
    from archdsl.api import dump as dump
    from archdsl.api import export as export
    from archdsl.api import fuse as fuse
    from archdsl.api import load as load
    from archdsl.api import load_model as load_model
    from archdsl.api import loads as loads
    from archdsl.api import proxy_check as proxy_check
    from archdsl.api import save as save
    from archdsl.api import search as search
    from archdsl.api import space as space
    from archdsl.benchmarking import Benchmark as Benchmark
    from archdsl.changes import Changes as Changes
    from archdsl.changes import diff as diff
    from archdsl.components.options import Act as Act
    from archdsl.components.options import Bound as Bound
    from archdsl.components.options import Fraction as Fraction
    from archdsl.components.options import Key as Key
    from archdsl.components.options import Layer as Layer
    from archdsl.components.options import NonNegative as NonNegative
    from archdsl.components.options import NonNegativeNumber as NonNegativeNumber
    from archdsl.components.options import Norm as Norm
    from archdsl.components.options import Odd as Odd
    from archdsl.components.options import Out as Out
    from archdsl.components.options import Positive as Positive
    from archdsl.components.options import PositiveNumber as PositiveNumber
    from archdsl.components.options import Query as Query
    from archdsl.components.options import Value as Value
    from archdsl.components.registry import act as act
    from archdsl.components.registry import channel_mixer as channel_mixer
    from archdsl.components.registry import data_source as data_source
    from archdsl.components.registry import head as head
    from archdsl.components.registry import key as key
    from archdsl.components.registry import layer as layer
    from archdsl.components.registry import norm as norm
    from archdsl.components.registry import out as out
    from archdsl.components.registry import pos_embed as pos_embed
    from archdsl.components.registry import query as query
    from archdsl.components.registry import token_mixer as token_mixer
    from archdsl.components.registry import value as value
    from archdsl.cost import Cost as Cost
    from archdsl.cost import macs as macs
    from archdsl.drawing.drawing import Drawing as Drawing
    from archdsl.evaluation import Evaluation as Evaluation
    from archdsl.evaluation import evaluate as evaluate
    from archdsl.in_full import train as train
    from archdsl.spaces import Space as Space
    from archdsl.specification import Spec as Spec
    from archdsl.study import BudgetSampler as BudgetSampler
    from archdsl.study import Candidate as Candidate
    from archdsl.study import ProxyCheck as ProxyCheck
    from archdsl.study import Result as Result
    from archdsl.study import Trial as Trial
    from archdsl.study import suggest as suggest
    from archdsl.timing import bench as bench

_HOMES = {
    "archdsl.api": (
        "build count dump export fuse load load_model loads proxy_check save search space"
    ),
    "archdsl.benchmarking": "Benchmark",
    "archdsl.changes": "Changes diff",
    "archdsl.evaluation": "Evaluation evaluate",
    "archdsl.cost": "Cost macs",
    "archdsl.in_full": "train",
    "archdsl.components.options": (
        "Act Bound Fraction Key Layer NonNegative NonNegativeNumber Norm Odd Out Positive "
        "PositiveNumber Query Value"
    ),
    "archdsl.components.registry": (
        "act channel_mixer data_source head key layer norm out pos_embed query token_mixer value"
    ),
    "archdsl.spaces": "Space",
    "archdsl.drawing.drawing": "Drawing",
    "archdsl.specification": "Spec",
    "archdsl.study": "BudgetSampler Candidate ProxyCheck Result Trial suggest",
    "archdsl.timing": "bench",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = ["__version__", *_HOME]


_MODULES = ("data", "errors", "hub", "testing", "timm")
"""What is spoken of as `archdsl.data.ImageFolder`, and need not be imported by itself."""


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"archdsl.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'archdsl' has no attribute '{name}'")
    found = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_MODULES})
