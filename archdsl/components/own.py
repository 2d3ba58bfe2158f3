"""Which components are not archdsl's own."""

from __future__ import annotations

from archdsl.components.component import Component
from archdsl.components.registry import Definition

_ELEMENTWISE = "torch.nn.modules.activation."


def own(definition: Definition) -> bool:
    """Whether a component was registered by a user: neither archdsl's nor a plain torch act."""
    name = f"{definition.cls.__module__}.{definition.cls.__qualname__}"
    if name.startswith(_ELEMENTWISE):
        return name in (f"{_ELEMENTWISE}GLU", f"{_ELEMENTWISE}MultiheadAttention")
    return not name.startswith("archdsl.") and name != "torch.nn.modules.linear.Identity"


def own_parts(component: Component) -> tuple[Component, ...]:
    """A component and those among its options, as far as they are a user's; of each the first."""
    every = {(one.kind, one.type): one for one in reversed((component, *component.nested()))}
    return tuple(one for one in reversed(every.values()) if own(one.definition))
