"""Which tensors two networks have in common: at one address, of one component, of one shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from archdsl.compiler.builder import shapes, trained_names
from archdsl.compiler.network import Network
from archdsl.components.component import Component

Role: TypeAlias = "tuple[Component | None, tuple[int, ...]]"
"""What a tensor belongs to, None for what no component has (a scale, a class token); its shape."""


@dataclass(frozen=True, slots=True)
class Tensors:
    """The tensors of a network.

    roles: name -> role; sizes: name -> how many parameters, for those that are trained
    """

    roles: Mapping[str, Role]
    sizes: Mapping[str, int]

    def alike(self, other: Tensors) -> list[str]:
        """The names of the tensors that another network has, too."""
        return [name for name, role in self.roles.items() if other.roles.get(name) == role]

    def parameters_in(self, other: Tensors) -> int:
        """How many parameters the other has in common with it."""
        roles = other.roles
        return sum(size for name, size in self.sizes.items() if roles.get(name) == self.roles[name])

    @property
    def parameters(self) -> int:
        """How many there are."""
        return sum(self.sizes.values())


def tensors_of(network: Network) -> Tensors:
    """Those of a network, without memory for them. Raises BuildError."""
    components = {layer.address: layer.component for layer in network.layers()}
    found = shapes(network)
    trained = trained_names(network)
    return Tensors(
        {name: (_owner(name, components), shape) for name, shape in found.items()},
        {name: prod(shape) for name, shape in found.items() if name in trained},
    )


def _owner(name: str, components: Mapping[str, Component]) -> Component | None:
    """The component of the layer that a tensor is in."""
    while "." in name:
        name = name.rpartition(".")[0]
        if name in components:
            return components[name]
    return None
