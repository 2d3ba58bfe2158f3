"""A component and its place to a layer: what it is told of the place, and whether it fits."""

from __future__ import annotations

from archdsl.compiler.checks import Check, Known, Site
from archdsl.compiler.geometry import Geometry
from archdsl.compiler.network import Layer, Shape
from archdsl.components.component import Component


class LayerMaker:
    """Makes layers on the maps of a geometry; `check` refuses what does not fit."""

    def __init__(self, geometry: Geometry, classes: int, check: Check) -> None:
        self._geometry, self._classes, self._check = geometry, classes, check

    def __call__(
        self,
        made: Component,
        address: str,
        shape: Shape,
        after: Shape,
        site: Site,
        depth_index: int = 0,
    ) -> Layer:
        """The layer `address` from a map of `shape` to one of `after`. Raises SpecError.

        depth_index: the number of the block that it is in
        """
        known: Known = {
            "dim": shape[0],
            "dim_in": shape[0],
            "dim_out": after[0],
            "size": (shape[1], shape[2]),
            "reduction": self._geometry.reduction(site.width.stage),
            "depth_index": depth_index,
            "classes": self._classes,
        }
        self._check(made, known, site)
        context = tuple((name, known[name]) for name in made.definition.context)
        return Layer(address, made, context, shape, after)
