"""One component as a Layer of its own, with the context that the compiler would give it."""

from __future__ import annotations

from typing import Any

import archdsl.nn  # noqa: F401  (fills the registry)
from archdsl.compiler.network import Layer, Shape
from archdsl.components.component import Component, component

ADDRESS = "stages.2.blocks.4.part"


def single(
    made: Component,
    shape: Shape,
    *,
    dim_out: int | None = None,
    classes: int = 10,
    depth_index: int = 0,
    out_shape: Shape | None = None,
) -> Layer:
    """A layer at ADDRESS that takes (C, H, W) and keeps it, unless it says otherwise."""
    dim, *size = shape
    options = dict(made.options)
    known = {
        "dim": dim,
        "dim_in": dim,
        "dim_out": dim_out or dim,
        "size": tuple(size),
        "reduction": 4,
        "input_size": tuple(4 * side for side in size),
        "total_reduction": 4,
        "depth_index": depth_index,
        "classes": classes,
    }
    cls = made.definition.cls
    check = getattr(cls, "check", None)
    if check is not None:
        assert asked(check, {**known, **options}) is None
    if out_shape is None:
        after = tuple(size)
        if made.kind == "layer" and hasattr(cls, "out_size"):
            after = asked(cls.out_size, {**known, **options})
        out_shape = (dim_out or dim, *after)
        if made.kind == "head":
            out_shape = (classes or dim, 1, 1)
    context = tuple((name, known[name]) for name in made.definition.context)
    return Layer(ADDRESS, made, context, shape, out_shape)


def asked(function: Any, known: dict[str, Any]) -> Any:
    """Call with the names that the function takes."""
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    return function(**{name: known[name] for name in names})


def of(kind: str, type_: str, shape: Shape, *, dim_out: int | None = None, **options: Any) -> Layer:
    """`single` for a component by name."""
    return single(component(kind, type_, **options), shape, dim_out=dim_out)
