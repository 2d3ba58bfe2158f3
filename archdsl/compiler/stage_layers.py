"""What stands beside the blocks: a stage's own layers, and the head after the last."""

from __future__ import annotations

from archdsl.compiler.checks import Site
from archdsl.compiler.geometry import Geometry
from archdsl.compiler.layer_maker import LayerMaker
from archdsl.compiler.network import Layer
from archdsl.components.component import Component, component
from archdsl.language import positions
from archdsl.language.decisions import Place
from archdsl.language.nodes import Scalar
from archdsl.language.resolve import Resolver


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
        node = resolver.document.stage_value(scope, key)
        if node is None:
            return None
        address = f"{scope.address}.{key}"
        shape, width = self._geometry.shape(index), self._geometry.width(index)
        with resolver.noting() as noted:
            filled = resolver.fill(node, Place(stage=index))
            made = resolver.value(filled, positions.type_of("stage", key), address)
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
                node = resolver.fill(node)
                made = resolver.value(node, positions.type_of("top", "head"), "head")
            if made is None:
                return None
            return self._make(made, "head", shape, out, Site("head", node, width, noted))
