"""What stands beside the blocks: a stage's own layers, and the head after the last."""

from __future__ import annotations

from typing import Any

from archdsl.compiler.checks import Site
from archdsl.compiler.geometry import Geometry
from archdsl.compiler.layer_maker import LayerMaker
from archdsl.compiler.network import Layer
from archdsl.components.component import Component, component
from archdsl.components.options import OptionType
from archdsl.language import positions
from archdsl.language.decisions import Place
from archdsl.language.nodes import Node, Scalar
from archdsl.language.resolve import TOP, Resolver


class StageLayers:
    """Makes the layers beside the blocks of a document."""

    def __init__(
        self, resolver: Resolver, geometry: Geometry, make: LayerMaker, classes: int
    ) -> None:
        self._resolver, self._geometry, self._make = resolver, geometry, make
        self._classes = classes

    def of(self, index: int, key: str) -> Layer | None:
        """What stands once in a stage, such as its out_norm; None where that is no layer.

        Raises SpecError.
        """
        resolver, scope = self._resolver, self._geometry.stages[index]
        address = f"{scope.address}.{key}"
        node = resolver.remembered(
            ("written", address), lambda: resolver.document.stage_value(scope, key)
        )
        if node is None:
            return None
        shape, width = self._geometry.shape(index), self._geometry.width(index)
        with resolver.noting() as noted:
            type_, place = positions.type_of("stage", key), Place(stage=index)
            filled, made = self._value(node, type_, address, place)
            if not isinstance(made, Component):
                return None
            return self._make(made, address, shape, shape, Site(address, filled, width, noted))

    def head(self) -> Layer | None:
        """The head; `linear` where the spec names none. Raises SpecError."""
        resolver, geometry = self._resolver, self._geometry
        node = resolver.document.top.get("head")
        last = len(geometry.stages) - 1
        shape, width = geometry.shape(last), geometry.width(last)
        out = (self._classes or shape[0], 1, 1)
        with resolver.noting() as noted:
            if node is None:
                made: Component | None = component("head", "linear")
                node = Scalar("linear", "linear")
            else:
                node, made = self._value(node, positions.type_of("top", "head"), "head", TOP)
            if made is None:
                return None
            return self._make(made, "head", shape, out, Site("head", node, width, noted))

    def _value(self, node: Node, type_: OptionType, address: str, place: Place) -> tuple[Node, Any]:
        """A node with its holes answered, and its value."""
        resolver = self._resolver

        def make() -> tuple[Node, Any]:
            filled = resolver.fill(node, place)
            return filled, resolver.value(filled, type_, address)

        return resolver.remembered(address, make)
