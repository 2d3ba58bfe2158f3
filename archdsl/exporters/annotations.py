"""Annotations in plain types: `Odd` is an int to Python, `Act` something that makes modules."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from types import NoneType, UnionType

from archdsl.components.options import KindOf
from archdsl.exporters.targets import External

Plain: typing.TypeAlias = tuple[str | External, ...]
"""Text, with names of torch or the standard library between."""

TORCH_NN = External("torch.nn")
MODULE: Plain = (TORCH_NN, ".Module")
ANY: Plain = (External("typing", "Any"),)


def holds_option_type(annotation: object) -> bool:
    """Whether an annotation is, or is made of, one of archdsl's option types."""
    if typing.get_origin(annotation) is typing.Annotated:
        return True
    return any(map(holds_option_type, typing.get_args(annotation)))


def plain(annotation: object) -> Plain:
    """An annotation with its option types replaced by what Python sees of them."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        if any(isinstance(note, KindOf) for note in inner[1:]):
            return (External("collections.abc", "Callable"), "[..., ", *MODULE, "]")
        return plain(inner[0])
    if origin in (typing.Union, UnionType):
        return _joined(inner, " | ")
    if origin is typing.Literal:
        return (External("typing", "Literal"), f"[{', '.join(map(repr, inner))}]")
    if origin in (list, tuple):
        return (origin.__name__, "[", *_joined(inner, ", "), "]")
    if annotation in (None, NoneType, ...):
        return ("..." if annotation is ... else "None",)
    if annotation in (bool, int, float, str):
        return (getattr(annotation, "__name__", ""),)
    return ANY


def _joined(annotations: Sequence[object], between: str) -> Plain:
    parts: list[str | External] = []
    for annotation in annotations:
        parts += [between, *plain(annotation)] if parts else plain(annotation)
    return tuple(parts)
