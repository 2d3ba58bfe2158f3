"""Parts of a network in the words of a spec."""

from __future__ import annotations

from archdsl.compiler.network import Branch, Shape
from archdsl.components.component import Component
from archdsl.components.options import OptionValue, without_point
from archdsl.language.write import inline


def component_text(component: Component) -> str:
    """The component as a spec would write it: `pooling`, `{type: conv, kernel: 7}`."""
    written = as_plain(component)
    return written if isinstance(written, str) else inline(written)


def as_plain(value: OptionValue) -> OptionValue:
    """A value with its components as a spec's plain mappings; defaults are left out."""
    if isinstance(value, tuple):
        return [as_plain(item) for item in value]
    if not isinstance(value, Component):
        return without_point(value)
    changed = value.changed()
    if not changed:
        return value.type
    return {"type": value.type, **{name: as_plain(item) for name, item in changed.items()}}


def branch_text(branch: Branch) -> str:
    """A residual branch, in the order of its forward pass: `group_norm → pooling`."""
    parts = [] if branch.norm is None else [component_text(branch.norm.component)]
    return " → ".join([*parts, *(component_text(mixer.component) for mixer in branch.mixers)])


def shape_text(shape: Shape) -> str:
    """A shape as C×H×W."""
    return "×".join(map(str, shape))
