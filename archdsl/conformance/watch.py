"""What goes into a user's component, wherever it stands in a layer, and what comes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from archdsl.components.component import Component
from archdsl.components.registry import Definition
from archdsl.components.statics import size_after
from archdsl.conformance.owed import Fault, Sides, inner_misshapen


class Failed(Exception):
    """A component does what its kind does not."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.problem)
        self.fault = fault


@dataclass
class ComponentWatch:
    """The components of a user's in one module, and which of them is at work.

    dim: the width of the block
    """

    components: Sequence[Component]
    dim: int
    active: list[Definition] = field(default_factory=list)

    @contextmanager
    def over(self, module: nn.Module) -> Iterator[None]:
        """Watch what a module's user components are given and give. Raises Failed."""
        self.active.clear()
        handles: list[Any] = []
        for inner in module.modules():
            for component in self.components:
                if type(inner) is component.definition.cls:
                    handles += self._hooks(inner, component, inner is module)
                    break
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _hooks(self, module: nn.Module, component: Component, whole: bool) -> list[Any]:
        def enter(module: nn.Module, inputs: Any) -> None:
            self.active.append(component.definition)

        def leave(module: nn.Module, inputs: Any, output: Any) -> None:
            self._compare(component, module, inputs, output, whole)
            self.active.pop()

        return [
            module.register_forward_pre_hook(enter),
            module.register_forward_hook(leave),
        ]

    def _compare(
        self, component: Component, module: nn.Module, inputs: Any, output: Any, whole: bool
    ) -> None:
        definition = component.definition
        if not isinstance(output, Tensor):
            raise Failed(no_tensor(definition, output))
        if not inputs or not isinstance(inputs[0], Tensor):
            return
        x = inputs[0]
        if output.dtype != x.dtype:
            raise Failed(another_type(definition, x, output))
        if whole and definition.kind in ("layer", "head"):
            return  # held to what the network expects of the layer
        before, after = tuple(x.shape), tuple(output.shape)
        wanted = (*before[:1], *self._wanted(component, module, before[1:]))
        if after[1:] == wanted[1:] or before[:1] == after[:1]:
            before, after, wanted = before[1:], after[1:], wanted[1:]
        if after != wanted:
            raise Failed(inner_misshapen(definition, before, after, wanted))

    def _wanted(self, component: Component, module: nn.Module, before: Sides) -> Sides:
        """The shape that a part owes, without its batch axis."""
        match component.kind:
            case "layer":
                width = getattr(module, "out_channels", before[0])
                return (width, *size_after(component, (before[1], before[2])))
            case "key":
                return (getattr(module, "out_channels", before[0]), *before[1:])
            case "value" | "out":
                return (getattr(module, "out_channels", self.dim), *before[1:])
        return before


def no_tensor(definition: Definition, output: object) -> Fault:
    """Something else than one tensor."""
    return Fault(
        definition,
        f"gives a {type(output).__name__}, and a component gives one tensor",
        "return the map alone",
    )


def another_type(definition: Definition, x: Tensor, output: Tensor) -> Fault:
    """Numbers of another type than came in."""
    return Fault(
        definition,
        f"turns {_dtype(x)} into {_dtype(output)}",
        "keep the type of its input: end with  .to(x.dtype)",
    )


def _dtype(x: Tensor) -> str:
    return str(x.dtype).removeprefix("torch.")
